"""A disk that fills up ends a run with one line, loses nothing, and the run goes on later."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ImhiCommand

ROOT = Path(__file__).resolve().parents[3]
QUICK = "--labeler strict --metric accuracy --resamples 100"
WORDS = [*QUICK.split(), "-d", "DR", "-d", "SAD", "-d", "MultiWD"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mount a file system of so many KiB (needs the right to; mounting again makes it larger)."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = False

    def mount(kibibytes: int) -> Path:
        nonlocal mounted
        more = "remount," if mounted else ""
        command = ["mount", "-t", "tmpfs", "-o", f"{more}size={kibibytes}k", "tmpfs", str(place)]
        if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("a small file system cannot be mounted here (needs root)")
        mounted = True
        return place

    yield mount
    if mounted:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def answered(out: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in out.glob("*/responses/*.jsonl")}


@pytest.mark.slow
def test_a_full_disk_ends_the_run_in_one_line_and_more_space_lets_it_go_on(
    small_disk: Callable[[int], Path], run_imhi: ImhiCommand, asked_plugin: Path, tmp_path: Path
) -> None:
    out = small_disk(150) / "runs"
    words = ["--plugin", str(asked_plugin), "run", *WORDS, "--out", str(out)]
    words += ["-m", f"asked:{tmp_path / 'log'}"]
    full = run_imhi(*words)
    assert full.returncode == 2, full.stderr
    (line,) = [line for line in full.stderr.splitlines() if line.startswith("imhi:")]
    assert "no space left on the disk; what was written before is safe" in line
    assert "Traceback" not in full.stderr
    before = answered(out)
    whole = {name: data[: data.rfind(b"\n") + 1] for name, data in before.items()}
    assert any(whole.values()), "the disk was to fill up while answers were written"

    small_disk(5_000)
    more = run_imhi(*words)
    assert more.returncode == 0, more.stderr
    after = answered(out)
    assert all(after[name].startswith(data) for name, data in whole.items())


def test_a_limit_on_file_size_is_one_line_too(tmp_path: Path, asked_plugin: Path) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))

    words = ["--plugin", str(asked_plugin), "run", *WORDS, "-m", f"asked:{tmp_path / 'log'}"]
    done = subprocess.run(
        [sys.executable, "-B", "-m", "imhi", *words],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        preexec_fn=limited,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("imhi: ") and "no space left" in line


def test_a_place_that_is_a_file_is_refused(run_imhi: ImhiCommand, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    done = run_imhi("run", "-m", "baseline:majority", "--out", "taken")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("imhi: taken: cannot write")

"""Writing a build: what is written of it, and that it is there whole or not at all."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from imhi._core.errors import DataError, HarnessError
from imhi._core.installing import how_to_install
from imhi._core.plugin_manager import load_plugins
from imhi._core.registry import Registry
from imhi.build.folder import BuildFolder
from imhi.build.records import BuiltRow
from imhi.build.stage_records import LeftOut
from imhi.build.writing.formats import FORMATS as BUILT_IN
from imhi.build.writing.pipeline import write
from tests.imhi_build.writing.built import POST, a_build, a_report, a_row, contents, some_rows

ROOT = Path(__file__).resolve().parents[3]
FORMATS = [one.name for one in BUILT_IN]
OUT = {"DR": {"train-3": ["length: 3 words"], "test-0": ["leak: it names the label"]}}


@pytest.fixture
def build(tmp_path: Path) -> BuildFolder:
    return a_build(tmp_path / "build", some_rows(), quarantine=OUT)


def beside(to: Path) -> list[str]:
    return sorted(path.name for path in to.parent.iterdir())


# --- what is written -----------------------------------------------------------------------------


def test_every_format_is_written_from_the_rows_that_are_kept(
    build: BuildFolder, registry: Registry, tmp_path: Path
) -> None:
    done = write(build, registry, FORMATS, tmp_path / "to")
    assert sorted(p.name for p in (tmp_path / "to").iterdir()) == sorted([*FORMATS, "written.json"])
    assert done.rows == {"DR": {"train": 8, "val": 2}, "IRF": {"test": 4}}
    assert done.total == 14
    assert done.left_out["DR"] == LeftOut(quarantined=2, unexplained=0)
    assert {name: one.files for name, one in done.formats.items()} == {
        "official": 6, "parquet": 3, "dataset": 4, "statistics": 2,
    }  # fmt: skip
    assert build.record().write.rows == done.rows


def test_a_row_in_quarantine_or_without_an_explanation_is_in_no_file(
    registry: Registry, tmp_path: Path
) -> None:
    rows = [a_row(0), a_row(1, explanation="", explained_by=""), a_row(2)]
    folder = a_build(tmp_path / "build", rows, quarantine={"DR": {"train-2": ["length: short"]}})
    done = write(folder, registry, ["official"], tmp_path / "to")
    assert done.left_out["DR"] == LeftOut(quarantined=1, unexplained=1)
    for content in contents(tmp_path / "to" / "official").values():
        assert b"day 0" in content and b"day 1" not in content and b"day 2" not in content


def test_what_was_written_is_listed_with_rows_and_sizes(
    build: BuildFolder, registry: Registry, tmp_path: Path
) -> None:
    write(build, registry, ["parquet"], tmp_path / "to")
    listed = json.loads((tmp_path / "to" / "written.json").read_text(encoding="utf-8"))
    files = listed["formats"]["parquet"]["files"]
    assert {name: file["rows"] for name, file in files.items()} == {
        "test.parquet": 4, "train.parquet": 8, "val.parquet": 2,
    }  # fmt: skip
    for name, file in files.items():
        assert (tmp_path / "to" / "parquet" / name).stat().st_size == file["bytes"]


def test_only_the_owner_can_read_what_is_written(
    build: BuildFolder, registry: Registry, tmp_path: Path
) -> None:
    write(build, registry, ["official", "dataset"], tmp_path / "to")
    for path in [tmp_path / "to", *(tmp_path / "to").glob("*/**/*")]:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_a_build_that_no_check_has_seen_is_written_with_a_note(
    build: BuildFolder, registry: Registry, tmp_path: Path
) -> None:
    done = write(build, registry, ["official"], tmp_path / "to")
    assert "no check was run on these rows (imhi build check)" in done.notes


def test_checks_that_were_made_on_other_rows_are_named_in_a_note(
    build: BuildFolder, registry: Registry, tmp_path: Path
) -> None:
    a_report(build, "checks/length.json", {"made_on": "other rows"})
    a_report(build, "checks/leak.json", {"made_on": build.rows_checksum()})
    done = write(build, registry, ["official"], tmp_path / "to")
    assert "made on other rows than these: length (imhi build check)" in done.notes


def test_a_dataset_of_which_nothing_is_kept_is_named(registry: Registry, tmp_path: Path) -> None:
    rows = [a_row(0), a_row(0, dataset="CLP", explained_by="")]
    done = write(a_build(tmp_path / "b", rows), registry, FORMATS, tmp_path / "to")
    assert done.rows == {"DR": {"train": 1}, "CLP": {}}
    assert "CLP: no row was written" in done.notes


# --- again ---------------------------------------------------------------------------------------


def test_written_again_the_format_is_replaced_and_the_others_stay(
    registry: Registry, tmp_path: Path
) -> None:
    to = tmp_path / "to"
    folder = a_build(tmp_path / "build", [a_row(0), a_row(1, split="val")])
    write(folder, registry, ["official", "parquet"], to)
    before = contents(to / "parquet")
    folder.write("rows", "DR", [a_row(5)])
    folder.record_stage("explain", {"rounds": 2})
    done = write(folder, registry, ["official"], to)
    assert list(contents(to / "official")) == [
        "train_data/complete_data/DR/train.csv",
        "train_data/instruction_data/DR/train.csv",
    ]
    assert contents(to / "parquet") == before
    (note,) = [note for note in done.notes if "earlier state" in note]
    assert note.startswith(f"{to / 'parquet'} is of an earlier state of the build")


def test_written_again_from_the_same_build_no_format_is_called_outdated(
    build: BuildFolder, registry: Registry, tmp_path: Path
) -> None:
    write(build, registry, ["parquet"], tmp_path / "to")
    done = write(build, registry, ["official"], tmp_path / "to")
    assert not [note for note in done.notes if "earlier state" in note]


class Failing(BuildFolder):
    """A build whose rows end in an error, or in the death of the process."""

    death = False

    def kept(self, dataset: str) -> Iterator[BuiltRow]:
        for number in range(2_500):
            yield a_row(number)
        if self.death:
            os.kill(os.getpid(), signal.SIGKILL)
        yield a_row(0, label="perhaps")


@pytest.mark.parametrize("there", [False, True])
def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    build: BuildFolder, registry: Registry, tmp_path: Path, there: bool
) -> None:
    to = tmp_path / "to"
    if there:
        write(build, registry, FORMATS, to)
    before = contents(to), beside(to)
    with pytest.raises(DataError, match="found the label 'perhaps'"):
        write(Failing(build.path), registry, FORMATS, to)
    assert (contents(to), beside(to)) == before


def die_writing(build: Path, to: Path) -> None:
    """Write to a folder and be killed when half of the rows are written; for a process of its own."""
    folder = Failing(build)
    folder.death = True
    write(folder, load_plugins().registry, ["official", "parquet"], to)


@pytest.mark.parametrize("there", [False, True])
def test_a_write_that_is_killed_leaves_what_was_there_and_the_next_one_clears_up(
    build: BuildFolder, registry: Registry, tmp_path: Path, there: bool
) -> None:
    to = tmp_path / "to"
    if there:
        write(build, registry, ["official", "parquet"], to)
    before, names = contents(to), beside(to)
    code = (
        "from pathlib import Path; "
        "from tests.imhi_build.writing.test_writing_pipeline import die_writing; "
        f"die_writing(Path({str(build.path)!r}), Path({str(to)!r}))"
    )
    died = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert contents(to) == before
    assert beside(to) == sorted([*names, ".to.writing"])
    write(build, registry, ["official"], to)
    assert ".to.writing" not in beside(to)
    assert len(contents(to / "official")) == 6


def test_a_second_process_that_writes_to_the_same_place_is_refused(
    build: BuildFolder, registry: Registry, tmp_path: Path
) -> None:
    from imhi.build.writing.staging import staged

    with (
        staged(tmp_path / "to"),
        pytest.raises(HarnessError, match="another process is writing to it"),
    ):
        write(build, registry, ["official"], tmp_path / "to")


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["file", "folder", "other list"])
def test_a_target_that_holds_something_else_is_refused_and_left_alone(
    build: BuildFolder, registry: Registry, tmp_path: Path, kind: str
) -> None:
    to = tmp_path / "to"
    if kind == "file":
        to.write_text("mine", encoding="utf-8")
    else:
        to.mkdir()
        name = "written.json" if kind == "other list" else "mine.txt"
        (to / name).write_text('{"formats": []}', encoding="utf-8")
    before = contents(tmp_path)
    with pytest.raises(HarnessError, match=r"found a (file|folder that imhi build write did not)"):
        write(build, registry, ["official"], to)
    assert contents(tmp_path) == before


def test_an_empty_folder_is_a_new_one(
    build: BuildFolder, registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "to").mkdir()
    write(build, registry, ["official"], tmp_path / "to")
    assert len(contents(tmp_path / "to" / "official")) == 6


def test_a_build_without_a_row_to_write_says_what_to_run(
    registry: Registry, tmp_path: Path
) -> None:
    folder = a_build(tmp_path / "build", [a_row(0, explanation="", explained_by="")])
    with pytest.raises(HarnessError, match=r"found no row to write.*imhi build explain"):
        write(folder, registry, FORMATS, tmp_path / "to")
    assert beside(tmp_path / "to") == ["build"]


@pytest.mark.parametrize("formats", [[], ["official", "pickle"]])
def test_an_unknown_format_is_refused(
    build: BuildFolder, registry: Registry, tmp_path: Path, formats: list[str]
) -> None:
    with pytest.raises(HarnessError, match="expected one or more of official, parquet, dataset"):
        write(build, registry, formats, tmp_path / "to")


@pytest.mark.parametrize(
    ("format", "package"),
    [("parquet", "pyarrow"), ("dataset", "jinja2"), ("statistics", "matplotlib")],
)
def test_a_package_that_is_missing_is_named_before_anything_is_read(
    build: BuildFolder,
    registry: Registry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    format: str,
    package: str,
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(HarnessError) as error:
        write(build, registry, [format], tmp_path / "to")
    assert str(error.value) == (
        f"the format {format} needs {package}, which is not installed: {how_to_install('build')}"
    )
    assert beside(tmp_path / "to") == ["build"]


def fill_the_disk(build: Path, to: Path) -> None:
    """Write where no file may be larger than 50,000 bytes; for a process of its own."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    try:
        write(BuildFolder(build), load_plugins().registry, ["official", "parquet"], to)
    except HarnessError as error:
        print(error)


def test_a_full_disk_is_one_line_and_leaves_nothing(registry: Registry, tmp_path: Path) -> None:
    rows = [a_row(n, post=f"{POST} {os.urandom(60).hex()}") for n in range(2_100)]
    folder = a_build(tmp_path / "build", rows)
    code = (
        "from pathlib import Path; "
        "from tests.imhi_build.writing.test_writing_pipeline import fill_the_disk; "
        f"fill_the_disk(Path({str(folder.path)!r}), Path({str(tmp_path / 'to')!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, timeout=60, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "no space left" in done.stdout and len(done.stdout.splitlines()) == 1
    assert beside(tmp_path / "to") == ["build"]

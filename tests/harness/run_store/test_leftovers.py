"""What killed writers leave in a run is cleared away by whoever holds its lock, and by nobody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from imhi._core.errors import HarnessError
from imhi._core.run_store import RunFolder
from imhi._core.run_store.jsonl import write_rows

WRITER = """
import sys, time
from pathlib import Path
from imhi._core.run_store import RunFolder
from imhi._core.run_store.jsonl import row_writer

run = RunFolder(Path(sys.argv[1]))
with run.lock(), row_writer(run.predictions_file("hybrid", "DR")) as write:
    write({"id": "1"})
    print("writing", flush=True)
    time.sleep(60)
"""


def temporary(run: RunFolder) -> list[str]:
    return [path.name for path in run.path.rglob("*.tmp")]


def writer(run: RunFolder) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", WRITER, str(run.path)]
    started = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None and started.stdout.readline() == "writing\n"
    return started


def test_a_living_writer_keeps_its_file_and_a_killed_one_s_is_gone_at_the_next_lock(
    tmp_path: Path,
) -> None:
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    with writer(run) as process:
        with pytest.raises(HarnessError, match="another process"), run.lock():
            pass
        assert len(temporary(run)) == 1
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert len(temporary(run)) == 1
    with run.lock():
        assert temporary(run) == []
        write_rows(run.predictions_file("hybrid", "DR"), [{"id": "1"}])
    assert [path.name for path in run.path.rglob("*.jsonl")] == ["DR.jsonl"]


def test_only_what_is_written_under_the_lock_is_cleared(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    kept = [".report.html.12.tmp", "notes.12.tmp", "scores/.hybrid.json.swp", "mine/.a.b.12.tmp"]
    gone = [
        ".manifest.json.12.tmp",
        ".standing.json.12.tmp",
        "responses/.DR.jsonl.12.tmp",
        "scores/hybrid/accuracy/.DR.jsonl.7.tmp",
        "scores/.h.json.1.tmp",
    ]
    for name in (*kept, *gone):
        path = run.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with run.lock():
        pass
    assert [name for name in (*kept, *gone) if (run.path / name).exists()] == kept

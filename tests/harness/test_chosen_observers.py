"""Observers that are chosen by name are told of the command, and closed with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Imhi

OBSERVER = """
from imhi import Observer, hookimpl

class File:
    def __init__(self, path):
        self.path = path

    def _write(self, line):
        with open(self.path, "a") as stream:
            stream.write(line + "\\n")

    def observe(self, event):
        self._write(type(event).__name__ + " " + getattr(event, "folder", ""))
        if self.path.startswith("fails"):
            raise OSError("the tracker is gone")

    def close(self, failed):
        self._write(f"closed failed={failed}")

@hookimpl
def imhi_observers():
    yield Observer("file", "Writes names of events", create=File, value="PATH")
"""
WORDS = "--plugin file.py -m baseline:majority -d DR --limit 3 --metric accuracy --labeler strict"
QUICK = WORDS.split()


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text(OBSERVER, encoding="utf-8")


def test_it_is_told_of_the_run_with_its_folder_and_closed(imhi_here: Imhi) -> None:
    said = imhi_here("run", *QUICK, "--observer", "file:told.txt")
    assert said.code == 0, said.err
    lines = Path("told.txt").read_text().splitlines()
    (folder,) = Path("runs").iterdir()
    assert lines[0] == f"RunStarted {folder}"
    assert lines[-2:] == [f"RunFinished {folder}", "closed failed=False"]


def test_a_run_file_may_name_several(imhi_here: Imhi) -> None:
    Path("run.yaml").write_text("observer: [file:one.txt, file:two.txt]\n")
    assert imhi_here("run", "run.yaml", *QUICK).code == 0
    assert Path("one.txt").read_text() == Path("two.txt").read_text() != ""


def test_one_that_fails_is_told_nothing_more_and_the_run_is_whole(imhi_here: Imhi) -> None:
    said = imhi_here("run", *QUICK, "--observer", "file:fails.txt", "--json")
    assert said.code == 0 and said.json["complete"]
    assert len(Path("fails.txt").read_text().splitlines()) == 1
    (line,) = [line for line in said.err.splitlines() if "observer failed" in line]
    assert "file" in line and "the tracker is gone" in line


def test_it_is_closed_where_the_command_ends_early(imhi_here: Imhi) -> None:
    said = imhi_here("run", *QUICK, "--observer", "file:told.txt", "--model", "hf:/nowhere")
    assert said.code == 2
    assert Path("told.txt").read_text().splitlines()[-1] == "closed failed=True"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("fle:x", "unknown observer 'fle'"),
        ("file", "--observer file: expected file:PATH (Writes names of events)"),
        ("file:http://me:secret@host/x", "found a password in its address, expected none"),
    ],
)
def test_one_that_cannot_be_is_refused_in_one_line(
    written: str, told: str, imhi_here: Imhi
) -> None:
    said = imhi_here("run", *QUICK, "--observer", written)
    assert said.code == 2 and told in said.complaint
    assert "secret" not in said.complaint
    assert not Path("runs").exists()

"""The command ``imhi report``: what it writes, where, and what it refuses."""

from __future__ import annotations

import csv
import io
import stat
import sys
from pathlib import Path

import pytest

from tests.conftest import Imhi


@pytest.fixture
def run(imhi_here: Imhi) -> Path:
    said = imhi_here("run", "--dataset", "DR", "--model", "baseline:majority", "--json")
    assert said.code == 0, said.err
    return Path(said.json["run"])


def test_a_page_is_written_where_it_is_asked_for(imhi_here: Imhi, run: Path) -> None:
    assert imhi_here("report", "last").code == 0
    assert Path("report.html").read_text().startswith("<!DOCTYPE html>")
    said = imhi_here("report", run.name, "--to", "pages/one.html")
    assert said.code == 0
    assert said.out == ""
    assert "pages/one.html" in said.err
    assert Path("pages/one.html").read_bytes() == Path("report.html").read_bytes()


def test_a_page_with_posts_is_for_its_owner_only_and_says_so(imhi_here: Imhi, run: Path) -> None:
    said = imhi_here("report", "last", "--with-posts")
    assert stat.S_IMODE(Path("report.html").stat().st_mode) == 0o600
    assert "keep it private" in " ".join(said.err.split())


def test_an_earlier_report_is_replaced_and_anything_else_is_not(imhi_here: Imhi, run: Path) -> None:
    assert imhi_here("report", "last").code == 0
    assert imhi_here("report", "last").code == 0
    notes = Path("notes.html")
    notes.write_text("mine")
    said = imhi_here("report", "last", "--to", str(notes))
    assert said.code == 2
    assert "notes.html: found a file that is no report" in said.complaint
    assert notes.read_text() == "mine"
    said = imhi_here("report", "last", "--to", ".")
    assert "found a folder, expected the name of a file" in said.complaint


@pytest.mark.parametrize("form", ["markdown", "latex", "csv"])
def test_other_formats_go_to_standard_output_or_to_a_file(
    imhi_here: Imhi, run: Path, form: str
) -> None:
    said = imhi_here("report", "last", "--format", form)
    assert said.code == 0
    assert "baseline:majority" in said.out
    assert imhi_here("report", "last", "--format", form, "--to", "table").code == 0
    assert Path("table").read_text() == said.out
    if form == "csv":
        assert list(csv.DictReader(io.StringIO(said.out)))


def test_an_unknown_format_and_posts_in_a_table_are_refused(imhi_here: Imhi, run: Path) -> None:
    said = imhi_here("report", "last", "--format", "htm")
    assert said.code == 2
    assert "did you mean 'html'?" in said.complaint
    said = imhi_here("report", "last", "--format", "csv", "--with-posts")
    assert said.code == 2
    assert "figures only" in said.complaint


def test_runs_that_differ_in_more_than_their_models_are_refused_unless_allowed(
    imhi_here: Imhi, run: Path
) -> None:
    other = imhi_here(
        "run", "--dataset", "DR", "--model", "baseline:majority", "--prompt", "zero-shot", "--json"
    ).json["run"]
    said = imhi_here("report", str(run), other)
    assert said.code == 2
    assert "--allow prompt" in said.complaint
    assert imhi_here("report", str(run), other, "--allow", "prompt").code == 0
    text = Path("report.html").read_text()
    assert "were asked with other prompts" in text
    assert "allowed to differ: prompt" in text


def test_a_missing_library_is_named_with_the_extra_that_brings_it(
    imhi_here: Imhi, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    said = imhi_here("report", "last")
    assert said.code == 2
    assert "needs matplotlib" in said.complaint
    assert "[report]" in said.complaint
    assert imhi_here("report", "last", "--format", "markdown").code == 0


def test_the_name_of_the_file_says_which_format_is_meant(imhi_here: Imhi, run: Path) -> None:
    for name, begins in (("t.md", "#"), ("t.tex", "%"), ("t.csv", "kind,")):
        assert imhi_here("report", "last", "--to", name).code == 0
        assert Path(name).read_text().startswith(begins)

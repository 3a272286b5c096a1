"""A flag of the audit is a plugin's as much as ours: it stands in verdicts, and views leave it out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Imhi, Said
from tests.imhi_build.audit.audit_moods import POSTS, mood_rows, write_task

PLUGIN = """
from imhi import AuditFlag, hookimpl


@hookimpl
def imhi_audit_flags():
    def create(corpus):
        words = {name: sum(len(row.post.split()) for row in corpus.rows(name)) for name in corpus.datasets}
        assert words["mood"] > 0 and corpus.dataset("mood").label_names == ("happy", "sad")
        return lambda rows: FOUND

    yield AuditFlag("tulips", "its post speaks of tulips", create)
"""
TULIPS = '[row.id for row in rows if "tulips" in row.post]'


def plugin(folder: Path, found: str) -> str:
    (folder / "tulips.py").write_text(PLUGIN.replace("FOUND", found), encoding="utf-8")
    return "tulips.py"


def audit(imhi_here: Imhi, folder: Path, found: str) -> Said:
    write_task(folder, mood_rows())
    named = ("--plugin", "mood.yaml", "--plugin", plugin(folder, found))
    return imhi_here("audit", "own", "--split", "test", "--all", *named)


def test_a_plugins_flag_stands_in_verdicts_and_is_explained(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    said = audit(imhi_here, tmp_path, TULIPS)
    assert said.code == 0, said.err
    assert "2 of 9 rows are flagged tulips: its post speaks of tulips" in " ".join(said.out.split())
    lines = (tmp_path / "audit/verdicts/mood.test.jsonl").read_text(encoding="utf-8").splitlines()
    flags = {row["id"]: row["flags"] for row in map(json.loads, lines)}
    assert list(flags) == list(POSTS)
    assert flags["test-first"] == ["tulips"]
    assert flags["test-again"] == ["duplicate", "tulips"], "ours first, then those of plugins"
    assert sum("tulips" in given for given in flags.values()) == 2
    meanings = json.loads((tmp_path / "audit/flags.json").read_text(encoding="utf-8"))
    assert list(meanings)[-1] == "tulips" and meanings["tulips"] == "its post speaks of tulips"
    report = json.loads((tmp_path / "audit/audit.json").read_text(encoding="utf-8"))
    assert report["splits"][0]["flagged"]["tulips"] == 2
    assert "its post speaks of tulips" in (tmp_path / "audit/report.html").read_text("utf-8")


def test_a_view_leaves_out_what_a_plugin_has_flagged(imhi_here: Imhi, tmp_path: Path) -> None:
    assert audit(imhi_here, tmp_path, TULIPS).code == 0
    words = "run --plugin mood.yaml --source own -m baseline:majority --metric accuracy --json"
    run = imhi_here(*words.split(), "--labeler", "strict", "--exclude", "tulips")
    assert run.code == 0, run.err
    assert {row["n"] for row in run.json["scores"]} == {len(POSTS), len(POSTS) - 2}, (
        "both are shown"
    )


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero; correct the plugin, or leave it out"),
        ("['other']", "found the id 'other', expected ids of the rows it was given"),
    ],
)
def test_a_flag_that_fails_is_one_line_that_names_its_plugin(
    found: str, complaint: str, imhi_here: Imhi, tmp_path: Path
) -> None:
    said = audit(imhi_here, tmp_path, found)
    assert said.code == 2
    assert said.complaint.startswith("imhi: flag 'tulips' (plugin 'tulips")
    assert complaint in said.complaint

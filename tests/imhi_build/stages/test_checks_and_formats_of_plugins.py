"""Checks and formats of a plugin file are made, set, kept and written as the built-in ones are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi.build.explanations.joining import join
from imhi.build.folder import BuildFolder
from imhi.build.stages.explain import copy_all_given
from tests.conftest import Imhi
from tests.imhi_build.stages.test_check_stage import change, report

PLUGIN = ("--plugin", str(Path(__file__).with_name("checks_of_others.py")))


@pytest.fixture
def explained(dr_build, registry: Registry) -> BuildFolder:
    """The demo rows of DR with their own explanations; one is of two words, two begin alike."""
    folder, config = dr_build(given="demo")
    copy_all_given(folder, config, registry)
    join(folder, config, registry)
    change(
        folder,
        train_0={"explanation": "Two words."},
        train_1={"explanation": "The poster counts the days, and cannot say to what."},
        train_2={"explanation": "The poster counts the tiles, which are many and cold."},
    )
    return folder


def test_they_are_listed_with_their_settings(imhi_here: Imhi) -> None:
    listed = imhi_here("build", "checks", *PLUGIN, "--json").json
    assert listed["short"] == {"action": "quarantine", "words": 5}
    assert listed["worn"] == {"action": "quarantine"}
    assert next(iter(listed)) == "empty" and len(listed) == 14
    assert "short" not in imhi_here("build", "checks", "--json").json


@pytest.mark.parametrize("executor", ["local", "processes:2"])
def test_they_keep_rows_out_as_others_do(
    explained: BuildFolder, imhi_here: Imhi, executor: str
) -> None:
    words = ("build", "check", explained.path, *PLUGIN, "--executor", executor)
    told = imhi_here(*words, "--check", "short", "--check", "worn")
    assert told.code == 0, told.err
    assert explained.quarantined("DR") == {
        "train-0": ["short: 2 words"],
        "train-1": ["worn: it begins as another one does"],
        "train-2": ["worn: it begins as another one does"],
    }
    assert report(explained, "worn")["details"]["DR"]["openings"] > 1


def test_build_yaml_sets_them_and_its_mistakes_are_named(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    words = ("build", "check", explained.path, "--check", "short", *PLUGIN)
    assert imhi_here(*words, "--set", "checks.short={words: 2, action: report}").code == 0
    assert report(explained, "short")["settings"] == {"action": "report", "words": 2}
    assert report(explained, "short")["findings"] == 0 and explained.quarantined("DR") == {}
    for override, message in (
        ("checks.short.words=0", "checks.short: words: found 0, expected at least 1"),
        ("checks.short.word=2", "unknown field 'word': did you mean 'words'?"),
        ("checks.short=perhaps", "checks.short: found 'perhaps', expected quarantine, report"),
        ("checks.shirt=off", "unknown check 'shirt': did you mean 'short'?"),
    ):
        told = imhi_here(*words, "--set", override)
        assert told.code == 2 and message in told.complaint
    text = explained.config_file.read_text(encoding="utf-8")
    explained.config_file.write_text(text.replace("checks: {}", "checks: {short: report}"))
    assert "unknown check 'short'" in imhi_here("build", "status", explained.path).complaint
    assert imhi_here("build", "status", explained.path, *PLUGIN).code == 0


def test_a_check_that_names_no_row_of_the_build_is_told_of(
    explained: BuildFolder, imhi_here: Imhi, tmp_path: Path
) -> None:
    (tmp_path / "wrong.py").write_text(
        "from imhi import BuildCheck, Finding, hookimpl\n"
        "@hookimpl\n"
        "def imhi_build_checks():\n"
        "    find = lambda rows, settings: [Finding('wrong', 'DR', 'the first', 'so it is')]\n"
        "    yield BuildCheck('wrong', 'No row is meant', find)\n",
        encoding="utf-8",
    )
    words = ("build", "check", explained.path, "--check", "wrong", "--plugin", "wrong.py")
    told = imhi_here(*words)
    assert told.code == 2
    assert "check 'wrong': found a finding on DR/the first, expected the id of a row" in (
        told.complaint
    )


def test_a_format_is_written_and_listed_beside_the_others(
    explained: BuildFolder, imhi_here: Imhi
) -> None:
    words = ("build", "write", explained.path, "--format", "official")
    told = imhi_here(*words, "--format", "jsonl", *PLUGIN, "--json")
    assert told.code == 0, told.err
    rows = sum(1 for _ in explained.kept("DR"))
    assert told.json["formats"]["jsonl"]["files"] == 1
    assert f"jsonl: {rows} rows, gold: human" in told.json["notes"]
    lines = (explained.path / "written" / "jsonl" / "DR.jsonl").read_text(encoding="utf-8")
    assert len(lines.splitlines()) == rows
    assert set(json.loads(lines.splitlines()[0])) == {"query", "answer"}
    listed = json.loads((explained.path / "written" / "written.json").read_text(encoding="utf-8"))
    assert listed["formats"]["jsonl"]["files"]["DR.jsonl"]["rows"] == rows
    told = imhi_here("build", "write", explained.path, "--format", "jsonl")
    assert told.code == 2 and "found jsonl, expected one or more of official" in told.complaint
    told = imhi_here("build", "write", explained.path, "--set", "write.formats=[jsonl]")
    assert "unknown format 'jsonl'" in told.complaint

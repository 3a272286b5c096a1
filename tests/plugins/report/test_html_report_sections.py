"""Sections that plugins add to the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import HarnessError, UnknownName
from imhi._core.plugin_manager import load_plugins
from imhi.plugins.report.html.material import gather
from imhi.plugins.report.html.page import page

SECTIONS = """
from markupsafe import escape

from imhi import ReportSection, hookimpl


@hookimpl
def imhi_report_sections():
    def names(report):
        runs = "".join(f"<li>{escape(run.name)}: {len(run.columns)}</li>" for run in report.runs)
        return f"<ul class='mine'>{runs}</ul>"

    def fails(report):
        raise ValueError("no such thing")

    for name, after in (("first", ""), ("second", "errors"), ("third", "errors")):
        yield ReportSection(name, f"The <b>{name}</b>", names, after)
    yield ReportSection("silent", "Nothing to say", lambda report: "")
    MORE
"""


def page_with(demo_runs: Any, folder: Path, more: str = "") -> str:
    path = folder / "my_sections.py"
    path.write_text(SECTIONS.replace("MORE", more))
    manager = load_plugins([Path(__file__).with_name("troubled_model.py"), path])
    return page(gather(demo_runs.folders, manager, resamples=200, datasets=["DR"])).decode()


def test_a_plugins_sections_stand_where_they_ask_to(demo_runs: Any, tmp_path: Path) -> None:
    text = page_with(demo_runs, tmp_path)
    ids = re.findall(r'<section aria-labelledby="(\w+)">', text)
    assert ids == [
        "results", "intervals", "differences", "classes", "confusion", "calibration", "slices",
        "losses", "errors", "second", "third", "examples", "scores", "costs", "settings", "first",
        "ethics",
    ]  # fmt: skip
    assert re.findall(r'<li><a href="#(\w+)">', text) == ids
    assert text.count("<ul class='mine'><li>baseline:tfidf: 1</li>") == 3


def test_its_title_is_escaped_and_one_with_nothing_to_say_is_left_out(
    demo_runs: Any, tmp_path: Path
) -> None:
    text = page_with(demo_runs, tmp_path)
    assert '<h2 id="first">The &lt;b&gt;first&lt;/b&gt;</h2>' in text
    assert "Nothing to say" not in text


@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        (
            'yield ReportSection("broken", "Broken", fails)',
            HarnessError,
            r"section broken of the report \(plugin '.*my_sections.*'\) failed: ValueError: no such",
        ),
        (
            'yield ReportSection("number", "Number", lambda report: 3)',
            HarnessError,
            r"section number of the report \(plugin '.*'\) gave a int, expected HTML as a text",
        ),
        (
            'yield ReportSection("lost", "Lost", names, after="resluts")',
            UnknownName,
            r"unknown section of the report 'resluts'.*results.*section lost of plugin '.*my_sections",
        ),
    ],
)
def test_a_section_that_cannot_be_made_is_named(
    demo_runs: Any, tmp_path: Path, more: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        page_with(demo_runs, tmp_path, more)

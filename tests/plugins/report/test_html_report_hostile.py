"""Names and texts of strangers in a report: shown as text, and without effect."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from imhi.plugins.report.html.harmless import json_for_page, shown
from imhi.plugins.report.html.material import Material
from imhi.plugins.report.html.page import page
from tests.browser import OpenPage

NAME = "<script>alert(1)</script>\x1b[31m \u202egpj.exe $x_1$ ]]>--></style>"


@pytest.fixture(scope="module")
def hostile_page(demo_runs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Demo runs, one of which has a hostile name in every place."""
    material: Material = demo_runs.material(datasets=["DR", "SAD"], with_posts=True)
    old = material.runs[0].name
    comparison = dataclasses.replace(
        material.comparison,
        names=[NAME if name == old else name for name in material.comparison.names],
        values=[
            dataclasses.replace(value, name=NAME if value.name == old else value.name)
            for value in material.comparison.values
        ],
        pairs=[
            dataclasses.replace(
                pair, a=NAME if pair.a == old else pair.a, b=NAME if pair.b == old else pair.b
            )
            for pair in material.comparison.pairs
        ],
        notes=[NAME],
        left_out=[NAME],
    )
    first = dataclasses.replace(
        material.runs[0],
        name=NAME,
        manifest=dataclasses.replace(material.runs[0].manifest, model=NAME, notes=(NAME,)),
    )
    hostile = dataclasses.replace(material, comparison=comparison, runs=[first, *material.runs[1:]])
    path = tmp_path_factory.mktemp("hostile") / "report.html"
    path.write_bytes(page(hostile))
    return path


def test_a_hostile_name_runs_nothing_and_steers_nothing(
    hostile_page: Path, open_page: OpenPage
) -> None:
    opened = open_page(hostile_page)
    opened.page.on("dialog", lambda dialog: opened.complaints.append(dialog.message))
    opened.page.locator("#browse-table td button").first.click()
    assert opened.complaints == []
    assert opened.page.locator("body script").count() == 2
    names = opened.page.locator("section[aria-labelledby=results] tbody th").all_inner_texts()
    assert any(name.startswith("<script>alert(1)</script>") for name in names)
    answers = opened.page.locator(".sheet p").all_inner_texts()
    assert len(answers) >= 4


def test_no_control_character_and_no_turn_of_direction_is_in_the_file(hostile_page: Path) -> None:
    text = hostile_page.read_text(encoding="utf-8")
    assert "\x1b" not in text
    # Jinja and DataTables have none of these either.
    assert not any(chr(code) in text for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def test_json_can_neither_end_nor_begin_a_script() -> None:
    text = json_for_page({"a": "</script><!--<script>&"})
    assert not set("<>&") & set(text)


def test_markup_made_here_is_left_as_it_is_and_text_is_not() -> None:
    from markupsafe import Markup

    assert shown(Markup("<b>\n</b>")) == "<b>\n</b>"
    assert shown("a\n\x1bb") == "a \N{REPLACEMENT CHARACTER}b"
    assert shown(3) == 3

"""The page, in a real browser: it loads nothing, fits a phone, and can be read by everybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi.build.audit.page import html_table
from imhi.io import Table
from tests.browser import DESKTOP, PHONE, OpenPage
from tests.imhi_build.audit.audit_moods import Audited, audit_rows, mood_rows

NASTY = "<img src=x onerror=\"document.title='taken'\"> {{ 7*7 }} </script><script>1</script> again"


@pytest.fixture(scope="module")
def pages(mood: Audited, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    from imhi.build.audit.page import write_page

    plain = tmp_path_factory.mktemp("plain")
    return {"plain": write_page(plain, mood.audit)}


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_the_page_is_sound_on_phones_and_desks_by_day_and_by_night(
    pages: dict[str, Path], open_page: OpenPage, size: tuple[int, int], dark: bool
) -> None:
    opened = open_page(pages["plain"], size, dark=dark, javascript=False)
    assert opened.strangers == []
    assert opened.complaints == []
    width = opened.page.evaluate("document.documentElement.scrollWidth")
    assert width <= size[0]


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_wrong_with_it(
    pages: dict[str, Path], open_page: OpenPage, dark: bool
) -> None:
    opened = open_page(pages["plain"], PHONE, dark=dark)
    assert opened.violations() == []


def test_the_page_names_what_was_found(pages: dict[str, Path]) -> None:
    page = pages["plain"].read_text(encoding="utf-8")
    for text in ("Rows are named by id", "test-again", "explanation speaks of a given label"):
        assert text in page
    assert "http" not in page


def test_posts_are_escaped_where_they_are_asked_for(tmp_path: Path) -> None:
    from imhi._core.plugin_manager import load_plugins
    from imhi._core.sources import open_source
    from imhi.build.audit.corpus import SourceCorpus
    from imhi.build.audit.page import write_page

    rows = mood_rows()
    rows[-2]["post"] = NASTY  # the row that gives its label away
    audited = audit_rows(tmp_path, rows)
    registry = load_plugins([tmp_path / "mood.yaml"]).registry
    _, source = open_source("own", registry)
    corpus = SourceCorpus(source, dict(registry.dataset_map()))
    page = write_page(tmp_path, audited.audit, corpus).read_text(encoding="utf-8")
    assert "&lt;img src=x" in page and "<img" not in page and "<script" not in page
    assert "{{ 7*7 }}" in page


def test_html_has_every_cell_and_takes_no_tags_from_names() -> None:
    hostile = "[bold red]x[/] \x1b[31mred |y| *z* <b>\u202enib"
    text = html_table(
        Table("", [*Table.texts("model<b>"), *Table.numbers("F1")], [[hostile, "1 & 2"]])
    )
    assert "<b>" not in text and "\x1b" not in text
    assert '<th scope="col" class="t">model&lt;b&gt;</th><th scope="col">F1</th>' in text
    assert '<tr><th scope="row" class="t">[bold red]x[/] ' in text
    assert "<td>1 &amp; 2</td></tr>" in text

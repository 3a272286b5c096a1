"""The site in a real browser, from files: sizes, dark mode, keyboard, sorting, comparing."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi.plugins.leaderboard.site.building import build_site
from tests.browser import DESKTOP, PHONE, OpenPage
from tests.plugins.leaderboard.entries import a_board, an_entry, some_entries

PAGES = (
    "index.html", "tasks.html", "tasks/depression-detection.html", "datasets/dr.html",
    "models/MODEL.html", "models/DEMO.html", "compare.html", "history.html", "about.html",
)  # fmt: skip


DARK = {
    "index.html",
    "models/MODEL.html",
    "compare.html",
    "about.html",
}  # others are made of their parts


@pytest.fixture(scope="module")
def ids() -> list[str]:
    return []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, registry: Registry, ids: list[str]) -> Path:
    board = a_board(tmp_path_factory.mktemp("boards") / "board", introduction="About.\n\nMore.")
    ids += some_entries(board)
    name = "A model with a name that goes on & on 'til the end of the line: 𝓯𝓪𝓷𝓬𝔂"
    ids.append(an_entry(board, name, 0.79, number=30, full_size=True, by="Somebody " * 12))
    build_site(board, board / "site", registry)
    return board / "site"


def named(page: str, ids: list[str]) -> str:
    return page.replace("MODEL", ids[4]).replace("DEMO", ids[14])


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_nothing_from_elsewhere_complains_of_nothing_and_is_accessible(
    open_page: OpenPage, site: Path, ids: list[str], page: str
) -> None:
    for size, dark in ((DESKTOP, False), (PHONE, True)):
        opened = open_page(site / named(page, ids), size=size, dark=dark)
        # axe asks for style sheets itself, which the policy forbids: complaints come first.
        assert opened.complaints == [] and opened.strangers == []
        width = opened.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size[0], "the page scrolls sideways"
        if page in DARK or not dark:
            assert opened.violations() == [], (size, dark)
        opened.page.context.close()


def column(page, table: str, number: int) -> list[str]:
    cells = page.locator(f"table:has(#{table}) tbody tr > :nth-child({number})")
    return [text.split()[0] for text in cells.all_inner_texts()]


def test_a_table_is_sorted_by_a_click_and_by_the_keyboard_and_filtered_by_typing(
    open_page: OpenPage, site: Path
) -> None:
    page = open_page(site / "index.html").page
    means = column(page, "overall-caption", 3)
    assert means == sorted(means, key=float, reverse=True)
    sort = page.get_by_role("button", name="Unparsed %").first
    sort.click()
    page.locator("th[aria-sort=ascending]").wait_for()
    shares = [float(text) for text in column(page, "overall-caption", 6)]
    assert shares == sorted(shares) and len(set(shares)) > 3
    sort.press("Enter")
    page.locator("th[aria-sort=descending]").wait_for()
    assert [float(text) for text in column(page, "overall-caption", 6)] == shares[::-1]
    page.get_by_label("Filter").first.fill("linden")
    assert page.locator("table:has(#overall-caption) tbody tr").count() == 2


def test_links_lead_from_the_table_to_a_model_to_a_task_and_back(
    open_page: OpenPage, site: Path
) -> None:
    opened = open_page(site / "index.html")
    page = opened.page
    page.get_by_role("link", name="Tern mini", exact=True).first.click()
    assert page.locator("h1").inner_text() == "Tern mini"
    page.get_by_role("link", name="CLP", exact=True).click()
    assert page.locator("h1").inner_text() == "CLP"
    page.get_by_role("link", name="depression detection").click()
    assert page.locator("h1").inner_text() == "Depression detection"
    page.get_by_role("link", name="Overall").click()
    assert page.locator("h1").inner_text() == "Overall"
    assert opened.complaints == [] and opened.strangers == []


def test_the_first_stop_of_the_keyboard_skips_to_the_content(
    open_page: OpenPage, site: Path
) -> None:
    page = open_page(site / "index.html").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_entries_are_compared_by_keyboard_and_the_address_says_which(
    open_page: OpenPage, site: Path, ids: list[str]
) -> None:
    opened = open_page(site / "compare.html")
    page = opened.page
    page.locator("#choice-b").focus()
    page.keyboard.type("Tern large")
    page.wait_for_function("location.hash.includes('b=')")
    assert f"b={ids[5]}" in page.evaluate("location.hash")
    page.locator("#choice-c").select_option(ids[12])  # Heron 3B, which has five datasets
    head = page.locator("#compare-head th").all_inner_texts()
    assert head[3:] == ["B − A", "C: Heron 3B", "C − A"] and "Tern large" in head[2]
    rows = page.locator("#compare-body tr").all_inner_texts()
    assert len(rows) == 11 and rows[0].startswith("Mean over datasets")
    assert "–\t–" in rows[0]  # no mean of five beside means of ten
    assert opened.complaints == []


def test_an_address_opens_the_comparison_it_names(
    open_page: OpenPage, site: Path, ids: list[str]
) -> None:
    opened = open_page(site / "compare.html")
    page = opened.page
    page.goto(f"{(site / 'compare.html').as_uri()}#a={ids[2]}&b={ids[0]}&c=<img src=x>")
    page.reload()
    assert page.locator("#choice-a").input_value() == ids[2]
    assert page.locator("#choice-b").input_value() == ids[0]
    said = page.locator("#said").inner_text()
    assert said == "Linden base beside Harbour 7B. Not among the current entries: <img src=x>."
    cells = page.locator("#compare-body tr:first-child > *").all_inner_texts()
    a, b = (float(cell.split()[0]) for cell in cells[1:3])
    assert float(cells[3].split()[0]) == pytest.approx(b - a, abs=0.11)
    assert "apart" in cells[3] and opened.complaints == []


def test_without_javascript_tables_are_whole_and_comparing_says_what_it_needs(
    open_page: OpenPage, site: Path
) -> None:
    page = open_page(site / "index.html", javascript=False).page
    assert page.locator("table:has(#overall-caption) tbody tr").count() == 12
    page = open_page(site / "compare.html", javascript=False).page
    assert "needs JavaScript" in page.locator("main").inner_text()
    assert page.locator("main a").count() >= 12 and not page.locator("#comparing").is_visible()


def test_a_long_table_comes_in_pages(
    open_page: OpenPage, tmp_path: Path, registry: Registry
) -> None:
    board = a_board(tmp_path / "board", datasets=["DR"])
    for number in range(60):
        an_entry(board, f"Model {number}", 0.4 + number / 150, number=number, datasets=["DR"])
    build_site(board, board / "site", registry)
    opened = open_page(board / "site" / "index.html")
    rows = opened.page.locator("table:has(#overall-caption) tbody tr")
    assert rows.count() == 50
    opened.page.get_by_role("link", name="Next").first.click()
    assert rows.count() == 10
    assert opened.complaints == []
    assert opened.violations() == []

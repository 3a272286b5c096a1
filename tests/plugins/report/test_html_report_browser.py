"""The report in a real browser: it asks nothing of the network, and everybody can read it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.browser import DESKTOP, PHONE, OpenPage

RESULTS = "section[aria-labelledby=results]"


def column(page, number: int) -> list[str]:
    return page.locator(f"{RESULTS} tbody tr td:nth-child({number})").all_inner_texts()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "dark"),
    [(PHONE, False), (DESKTOP, True)],
    ids=["phone-in-the-light", "desktop-in-the-dark"],
)
def test_no_request_no_complaint_no_barrier_and_no_sideways_scroll(
    small_page_with_posts: Path, open_page: OpenPage, size: tuple[int, int], dark: bool
) -> None:
    opened = open_page(small_page_with_posts, size, dark)
    # What is folded is looked at as well.
    opened.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    opened.page.locator("#browse-table td button").first.click()
    assert opened.violations() == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") == size[0]
    assert opened.strangers == []
    assert opened.complaints == []


def test_nothing_is_blocked_that_the_page_itself_needs(
    demo_page: Path, open_page: OpenPage
) -> None:
    opened = open_page(demo_page)
    policy = opened.page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute(
        "content"
    )
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    answered = opened.page.evaluate(
        "fetch('https://example.org').then(() => 'went out', () => 'refused')"
    )
    assert answered == "refused"
    assert opened.page.locator("#browse-table tbody tr").count() == 15
    assert opened.page.evaluate("document.images.length") == 0


def test_a_click_on_a_header_sorts(demo_page: Path, open_page: OpenPage) -> None:
    from playwright.sync_api import expect

    page = open_page(demo_page).page
    header = page.locator(f"{RESULTS} thead th:has(:text-is('DR'))")
    index = header.evaluate("one => one.cellIndex")
    names = page.locator(f"{RESULTS} tbody th")
    before = names.all_inner_texts()

    def values() -> list[float]:
        return [float(text.split()[0]) for text in column(page, index + 1)]

    header.click()
    expect(header).to_have_attribute("aria-sort", "descending")
    assert values() == sorted(values(), reverse=True)
    header.click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert values() == sorted(values())
    assert sorted(names.all_inner_texts()) == sorted(before)


def test_typing_in_the_filter_filters(demo_page: Path, open_page: OpenPage) -> None:
    from playwright.sync_api import expect

    page = open_page(demo_page).page
    rows = page.locator(f"{RESULTS} tbody tr")
    assert rows.count() == 3
    page.get_by_role("searchbox", name="Filter Results: weighted F1").fill("tfidf")
    expect(rows).to_have_count(1)
    assert rows.all_inner_texts()[0].startswith("baseline:tfidf")


def test_the_keyboard_reaches_the_results_sorting_and_wide_tables(
    demo_page: Path, open_page: OpenPage
) -> None:
    from playwright.sync_api import expect

    page = open_page(demo_page, PHONE).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("""() => {
                const one = document.activeElement;
                return one.getAttribute("aria-label") || one.getAttribute("role") || one.tagName;
            }""")
        )
    assert reached[0] == "Filter Results: weighted F1"
    assert "Table: Results: weighted F1" in reached
    page.locator(f"{RESULTS} thead th").nth(0).get_by_role("button").focus()
    page.keyboard.press("Enter")
    first = page.locator(f"{RESULTS} thead th").nth(0)
    expect(first).to_have_attribute("aria-sort", "ascending")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_links_of_sections_lead_to_headings_in_order(demo_page: Path, open_page: OpenPage) -> None:
    page = open_page(demo_page).page
    links = page.locator("nav[aria-label=Sections] a")
    targets = [link.get_attribute("href") for link in links.all()]
    assert len(targets) > 10
    headings = page.locator("h2").evaluate_all("found => found.map(one => '#' + one.id)")
    assert headings == targets
    links.nth(5).click()
    assert page.url.endswith(targets[5])
    assert page.locator(f"h2{targets[5]}").bounding_box()["y"] < 200
    levels = page.locator("h1, h2, h3").evaluate_all("found => found.map(one => +one.tagName[1])")
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_without_javascript_the_tables_are_there(demo_page: Path, open_page: OpenPage) -> None:
    page = open_page(demo_page, javascript=False).page
    assert page.locator(f"{RESULTS} tbody tr").count() == 3
    assert page.get_by_text("The example browser needs JavaScript").is_visible()
    assert page.locator("#browser").is_hidden()
    captions = page.locator("table:not(#browse-table) caption").count()
    assert captions == page.locator("table:not(#browse-table)").count()
    page.locator("nav a", has_text="Confusion").click()
    assert page.locator("section[aria-labelledby=confusion] table").first.is_visible()


def test_pictures_say_in_words_what_they_show(demo_page: Path, open_page: OpenPage) -> None:
    page = open_page(demo_page).page
    said = page.locator("svg[role=img]").evaluate_all(
        "found => found.map(one => one.getAttribute('aria-label'))"
    )
    assert said
    assert said[0].startswith("weighted F1, Mean of 10: ")
    assert all("baseline:tfidf" in words for words in said)
    assert page.locator("svg:not([role=img])").count() == 0


def test_examples_are_chosen_by_dataset_gold_model_label_and_outcome(
    demo_page: Path, open_page: OpenPage
) -> None:
    page = open_page(demo_page).page
    count = page.locator("#browse-count")
    rows = page.locator("#browse-table tbody tr")
    page.select_option("#browse-dataset", label="SAD")
    assert "examples of SAD" in count.inner_text()
    page.select_option("#browse-gold", label="school")
    assert {row.split("\t")[1] for row in rows.all_inner_texts()} == {"school"}
    page.select_option("#browse-gold", label="any")
    page.select_option("#browse-model", label="troubled:demo")
    for outcome, sign in (("unparsed", "?"), ("no answer", "!"), ("wrong", "✗"), ("right", "✓")):
        page.select_option("#browse-outcome", label=outcome)
        number = page.locator("#browse-table thead th", has_text="troubled").evaluate(
            "one => one.cellIndex"
        )
        cells = [row.split("\t")[number] for row in rows.all_inner_texts()]
        assert cells and all(cell.startswith(sign) for cell in cells), (outcome, cells)
    page.select_option("#browse-predicted", label="unparsed")
    assert count.inner_text().startswith("0 of")


def test_a_post_its_reference_and_answers_unfold_below_their_row(
    demo_page_with_posts: Path, open_page: OpenPage
) -> None:
    page = open_page(demo_page_with_posts).page
    button = page.locator("#browse-table td button").first
    assert button.get_attribute("aria-expanded") == "false"
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    heads = page.locator(".sheet h3").all_inner_texts()
    assert heads[:3] == ["Post", "Reference", "baseline:tfidf"]
    button.click()
    assert page.locator(".sheet").count() == 0

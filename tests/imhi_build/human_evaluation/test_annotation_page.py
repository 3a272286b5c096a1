"""The HTML page: nothing in a post can leave its place, and a real browser keeps marks."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from annotation_browser import Page, browser, chromium
from annotation_samples import CRITERIA, row, sample_of

from imhi.build.human_evaluation.items import shuffled
from imhi.build.human_evaluation.kept_sample import Sample
from imhi.build.human_evaluation.page import page
from imhi.build.human_evaluation.reading import read_back

NASTY = (
    "</script><script>document.title='taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    "{{ 7*7 }} {% raw %} ${1} &lt;b&gt; --> ]]> <!--",
    "\u2028line\u2029 \u202ereversed \x00\x1b[31m \ud83d",
    "\n\n  indented\n\ttabbed",
)


def nasty_sample() -> Sample:
    return sample_of(
        [row(n, post=text, explanation=text[::-1], question=text) for n, text in enumerate(NASTY)]
    )


def page_of(sample: Sample, annotator: str = "anna") -> str:
    order = shuffled(sample.items(), 0, sample.digest, annotator)
    return page(order, sample.scheme, annotator, sample.digest, "sample").decode("utf-8")


class Elements(HTMLParser):
    """The tags of a page with their attributes, and the text of the posts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.posts: list[str] = []
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = "text post" in (dict(attrs).get("class") or "")
        if self._inside:
            self.posts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.posts[-1] += data


def test_texts_are_escaped_and_come_out_as_they_are() -> None:
    sample = nasty_sample()
    elements = Elements(page_of(sample))
    tags = [tag for tag, _ in elements.tags]
    assert tags.count("script") == 2
    assert "img" not in tags
    assert sorted(elements.posts) == sorted(item.post for item in sample.items())
    assert "\u202e" not in "".join(elements.posts)


def test_the_page_refers_to_nothing_outside_itself() -> None:
    html = page_of(sample_of([row(0)]))
    for tag, attributes in Elements(html).tags:
        assert not {"src", "href", "action", "data", "srcset"} & set(attributes), tag
    assert not re.search(r"https?:|//[a-z]|@import|url\(", html)
    assert "default-src &#39;none&#39;" in html or "default-src 'none'" in html


def test_every_control_has_a_label() -> None:
    html = page_of(sample_of([row(0)]))
    for control in re.finditer(r"<(?:input|textarea|select)\b[^>]*>", html):
        before = html[: control.start()]
        inside = before.rfind("<label") > before.rfind("</label>")
        assert inside, control[0]
    assert html.count("<fieldset") == html.count("<legend") == len(CRITERIA)


@pytest.fixture
def tab(tmp_path: Path):  # type: ignore[no-untyped-def]
    chromium()
    with browser(tmp_path) as found:
        yield found


def marks_shown(tab: Page) -> int:
    return int(tab.run("document.querySelectorAll('input:checked').length"))


def test_a_person_marks_by_keyboard_and_the_marks_come_back(tab: Page, tmp_path: Path) -> None:
    sample = nasty_sample()
    path = tmp_path / "anna.html"
    path.write_text(page_of(sample), encoding="utf-8")
    order = [item.id for item in shuffled(sample.items(), 0, sample.digest, "anna")]
    tab.download_to(tmp_path)
    tab.open(path)

    # The scheme is open at first, and the first item out of sight: a key does not mark it blindly.
    tab.press("3")
    assert marks_shown(tab) == 0
    tab.press("3", "2", "1", "0", "j", "7", "2", "2")
    assert marks_shown(tab) == 6
    assert tab.run("document.activeElement.name") == "professionality"
    tab.press("Backspace", "k", "ArrowRight", "ArrowLeft", "u", "c")
    assert tab.run("document.activeElement.tagName") == "TEXTAREA"
    tab.press("=", "1", "j", "Escape", "j")
    assert tab.run("document.querySelector('.current h2').innerText").startswith("Item 3 of 5")
    tab.press("3", "3", "3", "3", "Tab")
    assert tab.run("document.getElementById('done').textContent") == "2 of 5 items marked"

    # Closed and opened again: everything is there.
    tab.open(path)
    assert marks_shown(tab) == 10
    tab.run("document.getElementById('json').click()")
    tab.run("document.getElementById('csv').click()")
    saved = json.loads(tab.downloaded(tmp_path / "anna.json"))
    rows = list(
        csv.DictReader(tab.downloaded(tmp_path / "anna.csv").decode("utf-8-sig").splitlines())
    )
    assert [one["item"] for one in saved["items"]] == order == [one["item"] for one in rows]

    for name in ("anna.json", "anna.csv"):
        found = read_back([tmp_path / name], sample)
        (sheet,) = found.sheets
        assert sheet.annotator == "anna"
        assert sheet.marks == {
            order[0]: dict(zip(CRITERIA, (3, 2, 1, 0), strict=True)),
            order[1]: {"consistency": 2, "reliability": 2},
            order[2]: dict.fromkeys(CRITERIA, 3),
        }
        assert sheet.comments == {order[1]: "=1j"}
        assert {problem.kind for problem in found.problems} == {"missing marks"}

    # Marks changed since then differ from the file: it asks, and takes those of the file.
    tab.press("u", "k", "1", "1")
    tab.choose("#import", tmp_path / "anna.json")
    tab.wait(lambda: "were imported" in tab.run("document.getElementById('said').textContent"))
    assert len(tab.dialogs) == 1 and "2 marks given here differ" in tab.dialogs[0]
    assert marks_shown(tab) == 10
    saved["annotator"] = "ben"
    (tmp_path / "ben.json").write_text(json.dumps(saved))
    tab.choose("#import", tmp_path / "ben.json")
    tab.wait(
        lambda: "holds the marks of ben" in tab.run("document.getElementById('warned').textContent")
    )
    tab.choose("#import", tmp_path / "anna.csv")
    tab.wait(
        lambda: "is not a JSON file" in tab.run("document.getElementById('warned').textContent")
    )

    # No post did anything, and nothing was asked of any network.
    assert tab.run("document.title") == "anna: marks for sample"
    assert tab.complaints == []
    assert {url.partition(":")[0] for url in tab.asked} <= {"file", "blob"}

    # A key that is held down marks once.
    tab.press("u")
    for again in (False, True, True):
        tab.send("Input.dispatchKeyEvent", type="keyDown", key="1", text="1", autoRepeat=again)
    assert marks_shown(tab) == 11

    # On a phone nothing is cut off at the side.
    for width in (390, 320):
        tab.open(path, width, 800)
        assert tab.run("document.documentElement.scrollWidth") <= width
        tab.run("document.getElementById('next').click()")
        assert tab.run("document.querySelector('.current h2').getBoundingClientRect().top") < 800

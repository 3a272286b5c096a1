"""The statistics: numbers that can be counted by hand, and a page that needs nothing but itself."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

from imhi._core.registry import Registry
from imhi.build.writing.charts import stacked_bars
from imhi.build.writing.counters import Lengths
from imhi.build.writing.pipeline import write
from tests.imhi_build.writing.built import (
    EXPLANATION,
    POST,
    a_build,
    a_report,
    a_row,
    contents,
    some_rows,
)

VOID = {"meta", "br", "hr", "link", "img", "input"}


@pytest.fixture(scope="module")
def written(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("statistics")
    folder = a_build(
        base / "a <b> build",
        some_rows(),
        quarantine={
            "DR": {"train-8": ["length: 3 words"], "train-7": ["length: 2 words", "leak: x"]}
        },
        datasets={"DR": {"counts": {"train": 20}, "removed": {"duplicate": 4}}},
    )
    a_report(folder, "checks/length.json", {"action": "quarantine", "findings": 2})
    write(folder, registry, ["statistics"], base / "written")
    return base / "written" / "statistics"


@pytest.fixture(scope="module")
def page(written: Path) -> str:
    return (written / "statistics.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def numbers(written: Path) -> Any:
    return json.loads((written / "statistics.json").read_text(encoding="utf-8"))


# --- numbers -------------------------------------------------------------------------------------


def test_rows_are_counted_by_split_label_and_who_labelled(numbers: Any) -> None:
    train = numbers["written"]["DR"]["train"]
    assert (numbers["rows"], train["rows"], train["posts"]) == (14, 7, 7)
    assert train["labels"] == {"yes": 3, "no": 4}
    assert train["gold_from"] == {"human": 6, "model": 1}
    assert (train["model_disagreed"], train["model_gave_no_label"]) == (2, 1)
    assert train["with_evidence"] == 1


def test_rows_about_one_post_are_one_post(numbers: Any) -> None:
    test = numbers["written"]["IRF"]["test"]
    assert (test["rows"], test["posts"]) == (4, 2)
    assert test["labels_by_aspect"] == {
        "thwarted belongingness": {"no": 2}, "perceived burdensomeness": {"no": 2},
    }  # fmt: skip


def test_what_is_not_written_stands_with_its_reasons(numbers: Any) -> None:
    assert numbers["left_out"]["DR"] == {
        "read": 20,
        "removed_when_read": {"duplicate": 4},
        "quarantined_rows": 2,
        "quarantined_by_check": {"length": 2, "leak": 1},
        "unexplained": 0,
    }
    # In the order in which they were found, whatever the seed of Python's hashes.
    assert list(numbers["left_out"]["DR"]["quarantined_by_check"]) == ["length", "leak"]


def test_lengths_are_exact(numbers: Any) -> None:
    words = numbers["written"]["DR"]["train"]["post_words"]
    length = len(f"{POST}, day 0".split())
    assert {words[name] for name in ("mean", "min", "median", "p95", "max")} == {length}
    assert sum(words["histogram"]["counts"]) == 7


def test_a_quantile_is_a_length_that_occurs_and_the_last_bin_holds_the_rest() -> None:
    lengths = Lengths(Counter([1, 2, 3, 4, *[5] * 95, 10_000]))
    assert [lengths.quantile(q) for q in (0, 0.01, 0.02, 0.5, 1)] == [1, 1, 2, 5, 10_000]
    edges, counts = lengths.histogram()
    assert sum(counts) == lengths.rows
    assert len(edges) == len(counts) + 1
    assert counts[-1] == 1 and edges[-1] < 10_000


# --- the page ------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Follows what is opened and closed, and keeps every attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()

    def every(self, name: str) -> list[str]:
        return [str(values[name]) for _, values in self.attributes if name in values]


@pytest.fixture
def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def test_everything_that_is_opened_is_closed(read: Reader) -> None:
    assert read.open == []


def test_it_loads_nothing_from_elsewhere(read: Reader, page: str) -> None:
    tags = {tag for tag, _ in read.attributes}
    assert not tags & {"script", "link", "img", "iframe", "object"}
    assert all(link.startswith("#") for link in [*read.every("href"), *read.every("xlink:href")])
    assert not re.search(r"https?://|@import|url\((?!#)", page)


def test_every_picture_says_in_words_what_it_shows(read: Reader) -> None:
    pictures = [values for tag, values in read.attributes if tag == "svg"]
    assert len(pictures) == 5  # all rows, and labels and lengths of two datasets
    assert all(values["role"] == "img" for values in pictures)
    spoken = [str(values["aria-label"]) for values in pictures]
    assert "DR: rows of each label: yes 6, no 4" in spoken
    assert all("IRF" in text or "DR" in text or "Rows of each" in text for text in spoken)


def test_names_within_the_page_are_unique_and_lead_somewhere(read: Reader, page: str) -> None:
    ids = read.every("id")
    assert len(ids) == len(set(ids))
    named = re.findall(r"url\(#([^)]+)\)", page)
    named += [link[1:] for link in [*read.every("href"), *read.every("xlink:href")]]
    assert named and set(named) <= set(ids)


def test_pictures_take_their_colours_from_the_page_so_that_they_are_legible_in_the_dark(
    page: str,
) -> None:
    pictures = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert "var(--ink)" in pictures and "var(--series-1)" in pictures
    assert not re.search(r"#[0-9a-f]{6}", re.sub(r"(url\(|href=\")#[^)\"]*", "", pictures))
    assert "prefers-color-scheme: dark" in page


def test_names_are_escaped_and_nothing_of_a_post_is_on_the_page(written: Path, page: str) -> None:
    assert "a &lt;b&gt; build" in page
    for content in contents(written).values():
        for text in (POST[:20], EXPLANATION[:20], "t3_", str(written.parent.parent)):
            assert text.encode() not in content


def test_a_chart_takes_names_that_are_long_or_look_like_formulas() -> None:
    drawn = stacked_bars("x", ["$\\frac{broken$", "a" * 80, "<b>"], {"rows": [1, 2, 3]})
    assert "$\\frac{broken$" in drawn and "a" * 29 + "…" in drawn and "&lt;b&gt;" in drawn


def test_the_page_is_the_same_when_it_is_written_again(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_build(tmp_path / "build", [a_row(n) for n in range(3)])
    pages = []
    for name in ("one", "two"):
        write(folder, registry, ["statistics"], tmp_path / name)
        pages.append((tmp_path / name / "statistics" / "statistics.html").read_bytes())
    assert pages[0] == pages[1]

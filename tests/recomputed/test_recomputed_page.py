"""The HTML page of ``imhi report``: every figure of every table is that of the run it stands beside.

A table that is not known to ``page_checks`` fails the test: whoever adds one says how it is recomputed.
"""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from tests.recomputed.compared import ASKED, DATASETS, value_of
from tests.recomputed.conftest import Situation
from tests.recomputed.page_checks import CHECKS, Page, place_of
from tests.recomputed.printed import page_tables
from tests.recomputed.run_rows import NOTHING
from tests.recomputed.test_recomputed_errors import shown


@pytest.fixture(scope="module")
def page(situation: Situation) -> Page:
    to = situation.place / "report.html"
    situation.says("report", *ASKED, "--to", str(to))
    html = to.read_text(encoding="utf-8")
    found = situation.json("compare", *ASKED)
    named = situation.by_name(dict(zip(found["names"], found["runs"], strict=True)))
    return Page(html, page_tables(html), found, named)


def test_every_table_of_the_page_is_recomputed(page: Page) -> None:
    seen: Counter[str] = Counter()
    for table in page.tables:
        (known,) = [title for title in CHECKS if re.fullmatch(title, table.title)] or [None]
        assert known, f"no way to recompute the table '{table.title}'"
        CHECKS[known](page, table)
        seen[known] += 1
    assert set(CHECKS) - set(seen) <= {
        r"Examples that (every model misses|flip between models)",
        r"Examples without a label of .*",
    }


def test_the_sentences_at_the_top_are_of_the_runs_they_name(page: Page) -> None:
    said = re.findall(r"<li>(.*?)</li>", page.html.partition('<ul class="glance">')[2])
    values = {name: value_of(run, "weighted_f1", "") for name, run in page.named.items()}
    best = max(values, key=lambda name: values[name])
    assert said[0].startswith(f"{best} is first on average over the datasets: weighted F1 ")
    assert f"weighted F1 {values[best]:.1f} (" in said[0]
    lost = {
        name: sum(row.label == NOTHING for row in run.every_row) for name, run in page.named.items()
    }
    worst = max(lost, key=lambda name: lost[name])
    assert any(
        line.startswith(f"Most rows without a label: {worst}, {lost[worst]}") for line in said
    )


def test_pictures_say_the_values_of_the_runs_they_name(page: Page) -> None:
    alts = re.findall(r'aria-label="(weighted F1, .*?)"', page.html)
    assert len(alts) == 1 + len(DATASETS)
    for alt in alts:
        _, place, said = re.split(r", |: ", alt, maxsplit=2)
        for name, run in page.named.items():
            value = value_of(run, "weighted_f1", place_of(place))
            assert f"{name} {value:.1f} (" in said.replace("&amp;", "&")


def test_the_browser_has_each_runs_own_labels(page: Page) -> None:
    data = json.loads(
        re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page.html, re.S)[1]
    )
    assert sorted(data["runs"]) == sorted(page.named)
    for dataset in data["datasets"]:
        names = [*dataset["labels"], "(unparsed)", "(no answer)"]
        for name, predicted in zip(data["runs"], dataset["predicted"], strict=True):
            rows = page.named[name].rows[dataset["name"]]
            assert [names[at] for at in predicted] == [shown(row) for row in rows]
            assert dataset["ids"] == [row.id for row in rows]

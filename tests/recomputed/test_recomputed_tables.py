"""``imhi report`` as Markdown, LaTeX and CSV: every figure is that of the run it stands beside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.recomputed.compared import ASKED, MEANS, pair_of, value_of, value_row
from tests.recomputed.conftest import Situation
from tests.recomputed.formulas import MEASURES
from tests.recomputed.printed import (
    Printed,
    bounds,
    csv_records,
    latex_tables,
    markdown_tables,
    number,
)
from tests.recomputed.run_rows import Run

NEAR = "\N{DAGGER}"
NONE = "\N{EN DASH}"


@pytest.fixture(scope="module")
def found(situation: Situation) -> Any:
    return situation.json("compare", *ASKED)


@pytest.fixture(scope="module")
def named(situation: Situation, found: Any) -> Mapping[str, Run]:
    return situation.by_name(dict(zip(found["names"], found["runs"], strict=True)))


def near_the_best(found: Any, name: str, metric: str, place: str) -> bool:
    """Whether a run is not the best of a column and no difference to the best was found."""
    rows = {other: value_row(found, other, metric, place) for other in found["names"]}
    best = [other for other, row in rows.items() if row["rank"] == 1]
    if name in best:
        return False
    dataset = "" if place in MEANS else place
    return any(pair_of(found, name, one, metric, dataset)["p_holm"] >= 0.05 for one in best)


def check_values(
    found: Any, named: Mapping[str, Run], metric: str, tables: Sequence[Printed]
) -> None:
    seen = []
    for table in tables:
        assert [row[0] for row in table.rows] == sorted(
            found["names"],
            key=lambda name: value_row(found, name, metric, MEANS[0])["rank"],
        )
        for name, *cells in table.rows:
            for place, cell in zip(table.heads[1:], cells, strict=True):
                seen.append((name, place))
                if place == "unparsed (%)":
                    lost = value_of(named[name], "unparsed", "")
                    assert number(cell) == pytest.approx(lost, abs=0.051)
                    continue
                dataset = "" if place in MEANS else place
                value = value_of(named[name], metric, dataset)
                assert number(cell) == pytest.approx(value, abs=0.051)
                row = value_row(found, name, metric, place)
                assert bounds(cell) == pytest.approx((row["low"], row["high"]), abs=0.051)
                if len(named) > 1 and NEAR in cell:
                    assert near_the_best(found, name, metric, place)
    places = ["DR", "IRF", "SAD", *MEANS, *(["unparsed (%)"] if metric != "unparsed" else [])]
    assert sorted(seen) == sorted((name, place) for name in named for place in places)


def test_markdown(situation: Situation, found: Any, named: Mapping[str, Run]) -> None:
    text = situation.says("report", "--format", "markdown", *ASKED)
    tables = markdown_tables(text)
    assert len(tables) == 3 * len(MEASURES)
    for values, ranks, pairs in zip(tables[::3], tables[1::3], tables[2::3], strict=True):
        metric = values.title.split(" / ")[1].split()[0]
        check_values(found, named, metric, [values])
        for name, *cells in ranks.rows:
            for place, cell in zip(ranks.heads[1:], cells, strict=True):
                row = value_row(found, name, metric, place)
                span = "-".join(dict.fromkeys((str(row["rank_low"]), str(row["rank_high"]))))
                assert cell == f"{row['rank']} ({span})"
        count = len(named) * (len(named) - 1) // 2
        assert len(pairs.rows) == 5 * count
        for row in pairs.records():
            dataset = "" if row["on"] in MEANS else row["on"]
            a, b = named[row["first"]], named[row["second"]]
            pair = pair_of(found, row["first"], row["second"], metric, dataset)
            gap = value_of(a, metric, dataset) - value_of(b, metric, dataset)
            assert number(row["difference"]) == pytest.approx(gap, abs=0.051)
            low, high = bounds(row["difference"]) or (0, 0)
            assert (low, high) == pytest.approx((pair["low"], pair["high"]), abs=0.051)
            for head, name in (("p", "p"), ("Holm p", "p_holm")):
                assert row[head] == ("<0.001" if pair[name] < 0.001 else f"{pair[name]:.3f}")
            counts = [pair["better"], pair["equal"], pair["worse"]]
            shown = NONE if counts[0] is None else " / ".join(map(str, counts))
            assert row["wins / ties / losses"] == shown
            check_answers(row, a, b, dataset)
    listed = re.findall(r"(?m)^- (.*): (mood-\S+)$", text.replace("\\", ""))
    assert {name: folder for name, folder in listed} == {
        name: run.folder.name for name, run in named.items()
    }


def check_answers(row: Mapping[str, str], a: Run, b: Run, dataset: str) -> None:
    missing = [
        sum(not one.answered for one in (run.rows[dataset] if dataset else run.every_row))
        for run in (a, b)
    ]
    assert row.get("no answer", "0 / 0") == " / ".join(map(str, missing))


def test_latex(situation: Situation, found: Any, named: Mapping[str, Run]) -> None:
    panels = latex_tables(situation.says("report", "--format", "latex", *ASKED))
    by_metric: dict[str, list[Printed]] = {}
    for panel in panels:
        by_metric.setdefault(panel.title.split()[0], []).append(panel)
    assert set(by_metric) == set(MEASURES)
    for metric, tables in by_metric.items():
        check_values(found, named, metric, tables)


def test_csv(situation: Situation, found: Any, named: Mapping[str, Run]) -> None:
    records = csv_records(situation.says("report", "--format", "csv", *ASKED))
    kinds = [record["kind"] for record in records]
    assert kinds.count("value") == len(found["values"])
    assert kinds.count("pair") == len(found["pairs"])
    for record in records:
        dataset, metric = record["dataset"], record["metric"]
        own = named[record["model"]]
        value = value_of(own, metric, dataset)
        rows = own.rows[dataset] if dataset else own.every_row
        assert int(record["no_answer"]) == sum(not row.answered for row in rows)
        if record["kind"] == "value":
            assert float(record["value"]) == pytest.approx(value, abs=1e-4)
            assert record["run"] == own.folder.name
            place = dataset or f"mean over {record['over']}"
            row = value_row(found, record["model"], metric, place)
            for name in ("low", "high", "rank", "rank_low", "rank_high"):
                assert float(record[name]) == pytest.approx(row[name])
            continue
        other = named[record["against"]]
        rows = other.rows[dataset] if dataset else other.every_row
        assert int(record["against_no_answer"]) == sum(not row.answered for row in rows)
        gap = value - value_of(other, metric, dataset)
        assert float(record["value"]) == pytest.approx(gap, abs=1e-4)
        (pair,) = [
            one
            for one in found["pairs"]
            if (one["a"], one["b"], one["metric"], one["dataset"], one["over"])
            == (record["model"], record["against"], metric, dataset, record["over"])
        ]
        for name in ("low", "high", "p", "p_holm", "posts", "examples"):
            assert float(record[name]) == pytest.approx(pair[name])
        assert record["significant"] == str(pair["p_holm"] < 0.05).lower()
        for name in ("better", "equal", "worse", "effect"):
            assert record[name] == ("" if pair[name] is None else record[name])
            assert pair[name] is None or float(record[name]) == pytest.approx(pair[name])

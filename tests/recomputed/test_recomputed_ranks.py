"""``imhi ranks`` and ``imhi calibration``: every figure is that of the run it stands beside."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau

from tests.recomputed.conftest import DRAWN, Situation
from tests.recomputed.formulas import MEASURES, mean, rank
from tests.recomputed.printed import number, terminal_tables
from tests.recomputed.run_rows import NOTHING, Row, Run, read_run

LABELERS = ("hybrid", "strict")
ASKED = ("--labeler", "hybrid", "--labeler", "strict", *DRAWN)


@pytest.fixture(scope="module")
def ranks(situation: Situation) -> Any:
    return situation.json("ranks", *ASKED)


def ranked(ranks: Any, situation: Situation) -> Mapping[str, Run]:
    return situation.by_name(dict(zip(ranks["models"], ranks["runs"], strict=True)))


def values_under(labeler: str, runs: Mapping[str, Run], dataset: str) -> list[float]:
    found = []
    for run in runs.values():
        rows = read_run(run.folder, labeler).rows
        wanted = [dataset] if dataset else list(rows)
        found.append(mean([MEASURES["weighted_f1"](rows[name]) for name in wanted]))
    return found


def test_each_order_is_of_the_runs_in_it(ranks: Any, situation: Situation) -> None:
    runs = ranked(ranks, situation)
    places = ["DR", "IRF", "SAD", ""]
    conditions = {f"{labeler}, released": labeler for labeler in LABELERS}
    seen = [(order["dataset"], order["condition"]) for order in ranks["orders"]]
    assert sorted(seen) == sorted(itertools.product(places, conditions))
    for order in ranks["orders"]:
        values = values_under(conditions[order["condition"]], runs, order["dataset"])
        assert order["values"] == pytest.approx(values, abs=1e-4)
        assert order["ranks"] == [rank(value, values) for value in values]
        rows = next(iter(runs.values())).rows
        counted = [rows[order["dataset"]]] if order["dataset"] else list(rows.values())
        assert order["examples"] == sum(map(len, counted))
        if order["condition"].startswith("hybrid"):
            assert order["agreement"] is None
            continue
        first = values_under("hybrid", runs, order["dataset"])
        agreement = order["agreement"]
        assert agreement["tau"] == pytest.approx(kendalltau(first, values).statistic)
        if agreement["low"] is not None:  # where all resamples agree there is no interval
            assert agreement["low"] <= agreement["tau"] <= agreement["high"]
        pairs = list(itertools.combinations(range(len(values)), 2))
        turned = [(first[a] - first[b]) * (values[a] - values[b]) < 0 for a, b in pairs]
        assert (agreement["turned"], agreement["pairs"]) == (sum(turned), len(pairs))


def test_the_terminal_shows_each_order_beside_its_runs(ranks: Any, situation: Situation) -> None:
    runs = ranked(ranks, situation)
    text = situation.says("ranks", *ASKED).replace("\nmeasured by", "\n\nmeasured by")
    tables = terminal_tables(text)
    places = {
        "weighted_f1 - mean over 3 datasets": "",
        **{f"weighted_f1 - {dataset}": dataset for dataset in ("DR", "IRF", "SAD")},
    }
    assert [table.title.partition(":")[0] for table in tables[::2]] == list(places)
    for values, measured, dataset in zip(tables[::2], tables[1::2], places.values(), strict=True):
        orders = [order for order in ranks["orders"] if order["dataset"] == dataset]
        assert values.heads == ["model", "(1)", "(2)"]
        assert sorted(row[0] for row in values.rows) == sorted(runs)
        for name, *cells in values.rows:
            at = list(runs).index(name)
            for cell, order in zip(cells, orders, strict=True):
                assert cell == f"{order['values'][at]:.1f} ({order['ranks'][at]})"
        for number_, (row, order) in enumerate(zip(measured.records(), orders, strict=True), 1):
            assert row["measured by"] == f"({number_}) {order['condition']}"
            assert number(row["examples"]) == order["examples"]
            if order["agreement"]:
                said = order["agreement"]
                assert number(row["tau"]) == pytest.approx(said["tau"], abs=0.0051)
                assert row["turned"] == f"{said['turned']} of {said['pairs']}"


# --- calibration ----------------------------------------------------------------------------------


def decided(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.label != NOTHING]


def sure(row: Row) -> float:
    assert row.response is not None
    return float(row.response["probabilities"][row.label])


def brier(rows: list[Row]) -> float:
    squares = [
        sum((p - (label == row.gold)) ** 2 for label, p in row.response["probabilities"].items())
        for row in rows
        if row.response is not None
    ]
    return mean(squares)


def equal_width_error(rows: list[Row], bins: int) -> float:
    gaps = [0.0] * bins
    for row in rows:
        gaps[min(bins - 1, int(sure(row) * bins))] += row.right - sure(row)
    return 100 * sum(map(abs, gaps)) / len(rows)


def risk_area(rows: list[Row]) -> float:
    """The mean of the risk over all coverages, by the definition: the integral of the share of wrong
    labels among the most confident, where no two are equally sure."""
    ordered = sorted(rows, key=lambda row: -sure(row))
    total, area, wrong = len(ordered), 0.0, 0
    for place, row in enumerate(ordered):
        missed = not row.right
        # Between two examples the next counts in part: (wrong + missed * (x - place)) / x.
        xs = np.linspace(place, place + 1, 2001)[1:]
        area += float(np.mean((wrong + missed * (xs - place)) / xs)) / total
        wrong += missed
    return 100 * area


def test_each_calibration_is_of_its_own_run(situation: Situation) -> None:
    found = situation.json("calibration", "--resamples", "200")
    folders = {name: paths[0] for name, paths in found["runs"].items()}
    assert all(len(paths) == 1 for paths in found["runs"].values())
    runs = situation.by_name(folders)
    assert sorted((one["model"], one["dataset"]) for one in found["found"]) == sorted(
        itertools.product(runs, ("DR", "IRF", "SAD"))
    )
    for one in found["found"]:
        every = runs[one["model"]].rows[one["dataset"]]
        rows = decided(every)
        assert (one["examples"], one["n"]) == (len(every), len(rows))
        lost = {
            "no answer": sum(not row.answered for row in every),
            "no label": sum(row.unparsed for row in every),
        }
        assert one["left_out"] == {reason: count for reason, count in lost.items() if count}
        assert one["posts"] == len({row.post for row in rows})
        right = mean([row.right for row in rows])
        assert one["accuracy"] == pytest.approx(100 * right)
        assert one["aurc_random"] == pytest.approx(100 * (1 - right))
        assert one["confidence"] == pytest.approx(100 * mean([sure(row) for row in rows]))
        assert one["brier"]["value"] == pytest.approx(brier(rows))
        assert one["equal_width"]["error"]["value"] == pytest.approx(equal_width_error(rows, 15))
        assert one["aurc"]["value"] == pytest.approx(risk_area(rows), abs=0.05)
        for name in ("brier", "aurc"):
            assert one[name]["low"] <= one[name]["value"] <= one[name]["high"]
        bins = one["equal_mass"]["bins"]
        assert sum(part["n"] for part in bins) == len(rows)
        gaps = [part["n"] * abs(part["confidence"] - part["accuracy"]) for part in bins]
        error = one["equal_mass"]["error"]["value"]
        assert error == pytest.approx(100 * sum(gaps) / len(rows))


def test_the_terminal_shows_each_calibration_under_its_run(situation: Situation) -> None:
    found = situation.json("calibration", "--resamples", "200")
    text = situation.says("calibration", "--resamples", "200")
    tables = terminal_tables(re.sub(r"(?m)^left out: .*\n", "", text))
    left_out = re.findall(r"left out: (\d+) of (\d+) examples \((.*)\)", text)
    counted: Counter[tuple[str, str]] = Counter()
    for one in found["found"]:
        counted.update({(one["model"], why): n for why, n in one["left_out"].items()})
    assert sorted((why, int(n)) for n, _, why in left_out) == sorted(
        (why, n) for (_, why), n in counted.items()
    )
    assert {total for _, total, _ in left_out} == {"190"}
    assert [table.title.partition(", confidence")[0] for table in tables] == list(found["runs"])
    for table in tables:
        name = table.title.partition(", confidence")[0]
        for row in table.records():
            (one,) = [
                one
                for one in found["found"]
                if (one["model"], one["dataset"]) == (name, row["dataset"])
            ]
            shown = {
                "n": one["n"],
                "right": one["accuracy"],
                "sure": one["confidence"],
                "ECE": one["equal_mass"]["error"]["value"],
                "chance": one["equal_mass"]["by_chance"],
                "ECE width": one["equal_width"]["error"]["value"],
                "AURC": one["aurc"]["value"],
                "random": one["aurc_random"],
                "best": one["aurc_best"],
            }
            for head, value in shown.items():
                assert number(row[head]) == pytest.approx(value, abs=0.051), head
            assert number(row["Brier"]) == pytest.approx(one["brier"]["value"], abs=0.00051)
            assert row["ECE"].endswith("*") == (one["equal_mass"]["p"] < 0.05)
            assert set(row) == {"dataset", "Brier", "risk", *shown}

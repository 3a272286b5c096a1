"""``imhi compare``: every figure is that of the run it stands beside."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.recomputed.compared import ASKED, DATASETS, pair_of, shown_p, value_of
from tests.recomputed.conftest import RESAMPLES, Situation
from tests.recomputed.formulas import (
    MEASURES,
    alike,
    alone_right,
    holm,
    mcnemar,
    permuted_p,
    rank,
)
from tests.recomputed.printed import Printed, bounds, number, terminal_tables
from tests.recomputed.run_rows import Run


@pytest.fixture(scope="module")
def found(situation: Situation) -> Any:
    return situation.json("compare", *ASKED)


@pytest.fixture(scope="module")
def named(situation: Situation, found: Any) -> Mapping[str, Run]:
    return situation.by_name(dict(zip(found["names"], found["runs"], strict=True)))


def test_each_value_and_rank_is_its_runs(
    situation: Situation, found: Any, named: Mapping[str, Run]
) -> None:
    seen = set()
    for row in found["values"]:
        run = named[row["name"]]
        assert situation.run_of(row["run"]) is run
        column = [value_of(one, row["metric"], row["dataset"]) for one in named.values()]
        value = value_of(run, row["metric"], row["dataset"])
        assert row["value"] == pytest.approx(value, abs=1e-4)
        assert row["rank"] == rank(value, column, row["metric"])
        assert row["rank_low"] <= row["rank"] <= row["rank_high"] <= len(named)
        assert row["low"] <= row["value"] <= row["high"]
        seen.add((row["name"], row["metric"], row["dataset"], row["over"]))
    places = [*((dataset, "") for dataset in DATASETS), ("", "datasets"), ("", "tasks")]
    assert seen == {
        (name, metric, *place) for name in named for metric in MEASURES for place in places
    }


def test_each_pair_is_of_the_runs_it_names(
    situation: Situation, found: Any, named: Mapping[str, Run]
) -> None:
    assert len(found["pairs"]) == len(list(itertools.combinations(named, 2))) * len(MEASURES) * 5
    for row in found["pairs"]:
        a, b = named[row["a"]], named[row["b"]]
        assert (situation.run_of(row["run_a"]), situation.run_of(row["run_b"])) == (a, b)
        one, other = (value_of(run, row["metric"], row["dataset"]) for run in (a, b))
        assert row["difference"] == pytest.approx(one - other, abs=1e-4)
        assert row["low"] <= row["difference"] <= row["high"]
        datasets = [row["dataset"]] if row["dataset"] else list(DATASETS)
        rows = [line for name in datasets for line in a.rows[name]]
        assert row["examples"] == len(rows)
        assert row["posts"] == sum(len({line.post for line in a.rows[name]}) for name in datasets)
        if row["dataset"] and row["metric"] != "unparsed":
            only_a, only_b = alone_right(a.rows[row["dataset"]], b.rows[row["dataset"]])
            equal = row["examples"] - only_a - only_b
            assert (row["better"], row["equal"], row["worse"]) == (only_a, equal, only_b)
            assert (row["labels"]["only_a"], row["labels"]["only_b"]) == (only_a, only_b)
            assert row["labels"]["p"] == pytest.approx(mcnemar(only_a, only_b))
            assert row["effect"] == pytest.approx(only_a / (only_a + only_b) - 0.5)
        else:
            assert row["better"] is row["worse"] is row["labels"] is row["effect"] is None


def test_p_is_of_the_difference_it_stands_beside(found: Any, named: Mapping[str, Run]) -> None:
    draws = 2000
    for row in found["pairs"]:
        if row["metric"] != "weighted_f1":
            continue
        datasets = [row["dataset"]] if row["dataset"] else list(DATASETS)
        a, b = named[row["a"]], named[row["b"]]
        p = permuted_p([(a.rows[name], b.rows[name]) for name in datasets], draws)
        assert alike(p, row["p"], draws, RESAMPLES), (row, p)


def test_p_is_corrected_over_the_datasets_of_its_own_two_runs(
    found: Any, named: Mapping[str, Run]
) -> None:
    for metric, (a, b) in itertools.product(MEASURES, itertools.combinations(named, 2)):
        rows = [r for r in found["pairs"] if (r["metric"], r["a"], r["b"]) == (metric, a, b)]
        tested = {row["dataset"]: row["p"] for row in rows if row["dataset"]}
        corrected = holm(tested)
        assert len(tested) == len(DATASETS)
        for row in rows:
            assert row["p_holm"] == pytest.approx(corrected.get(row["dataset"], row["p"]))


def test_a_run_given_twice_is_said_once_in_one_line(situation: Situation, found: Any) -> None:
    twice = [note for note in found["notes"] if "given twice" in note]
    assert len(twice) == len(situation.words) - len(situation.runs)
    assert not any("\n" in note for note in twice)


# --- the terminal ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tables(situation: Situation) -> Sequence[Printed]:
    return terminal_tables(situation.says("compare", *ASKED, "--all"))


def check_tested(row: Mapping[str, str], pair: Mapping[str, Any]) -> None:
    assert number(row["difference"]) == pytest.approx(pair["difference"], abs=0.051)
    assert bounds(row["difference"]) == pytest.approx((pair["low"], pair["high"]), abs=0.051)
    star = "*" if pair["p_holm"] < 0.05 else ""
    assert row["p"] == shown_p(pair["p_holm"]) + star
    if pair["p_holm"] < 0.05:
        assert row["needed"] == ""
    elif row["needed"] != ">1 M":
        assert number(row["needed"]) == pair["posts_needed"]


def check_pair(table: Printed, found: Any, named: Mapping[str, Run]) -> None:
    metric, _, runs = table.title.replace(" \N{DOWNWARDS ARROW}", "").partition(" - ")
    a, _, b = runs.partition(" against ")
    assert [row["dataset"] for row in table.records()] == [*found["datasets"], "mean"]
    for row in table.records():
        dataset = row["dataset"].replace("mean", "")
        for run, head in ((named[a], "first"), (named[b], "second")):
            assert number(row[head]) == pytest.approx(value_of(run, metric, dataset), abs=0.051)
        pair = pair_of(found, a, b, metric, dataset)
        check_tested(row, pair)
        known = {"dataset", "first", "second", "difference", "p", "needed"}
        if metric != "unparsed":
            known |= {"right", "effect", "McNemar p"}
            if dataset:
                only = alone_right(named[a].rows[dataset], named[b].rows[dataset])
                assert row["right"] == f"{only[0]}/{only[1]}"
                assert row["effect"] == f"{pair['effect']:+.2f}"
                assert row["McNemar p"].rstrip("*") == shown_p(mcnemar(*only))
            else:
                assert row["right"] == row["effect"] == row["McNemar p"] == ""
        assert set(row) <= known | {"no answer"}


def check_ranks(table: Printed, found: Any, named: Mapping[str, Run]) -> None:
    metric = table.title.split()[0]
    assert table.title.endswith(f"mean over {len(DATASETS)} datasets")
    assert sorted(row["run"] for row in table.records()) == sorted(named)
    for row in table.records():
        (value,) = [
            one
            for one in found["values"]
            if (one["name"], one["metric"], one["over"]) == (row["run"], metric, "datasets")
        ]
        assert number(row["value"]) == pytest.approx(
            value_of(named[row["run"]], metric, ""), abs=0.051
        )
        assert bounds(row["value"]) == pytest.approx((value["low"], value["high"]), abs=0.051)
        assert row["rank"] == str(value["rank"])
        span = dict.fromkeys((str(value["rank_low"]), str(value["rank_high"])))
        assert row["95%"] == "-".join(span)
        won = [0, 0, 0]
        for other in named:
            for dataset in DATASETS if other != row["run"] else ():
                pair = pair_of(found, row["run"], other, metric, dataset)
                better = (pair["difference"] > 0) == (metric != "unparsed")
                won[1 if pair["p_holm"] >= 0.05 else 0 if better else 2] += 1
        assert row["won/tied/lost"] == "/".join(map(str, won))


def test_the_terminal_shows_each_figure_beside_its_run(
    found: Any, named: Mapping[str, Run], tables: Sequence[Printed]
) -> None:
    seen = {"against": 0, "differences": 0, "ranks": 0}
    for table in tables:
        if " against " in table.title:
            seen["against"] += 1
            check_pair(table, found, named)
        elif "differences of the means" in table.title:
            seen["differences"] += 1
            for row in table.records():
                a, b = row["runs"].split(" - ")
                check_tested(row, pair_of(found, a, b, table.title.split()[0], ""))
        else:
            seen["ranks"] += 1
            check_ranks(table, found, named)
    pairs, many = len(list(itertools.combinations(named, 2))), len(named) > 2
    assert seen == {
        "against": len(MEASURES) * pairs,
        "differences": len(MEASURES) * many,
        "ranks": len(MEASURES) * many,
    }


def test_names_fit_beside_figures_at_eighty_columns(situation: Situation) -> None:
    narrow = situation.says("compare", *ASKED, columns=80)
    wide = situation.says("compare", *ASKED, columns=99)
    heads = [line for line in narrow.splitlines() if line.startswith(("dataset ", "run "))]
    assert heads == [line for line in wide.splitlines() if line.startswith(("dataset ", "run "))]
    assert max(map(len, narrow.splitlines())) <= 80

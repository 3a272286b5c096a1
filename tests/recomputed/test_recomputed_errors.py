"""``imhi errors``: every count and every answer is that of the run it stands beside."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import pytest

from tests.recomputed.conftest import Situation
from tests.recomputed.printed import number, terminal_tables
from tests.recomputed.run_rows import NOTHING, Row, Run

ALL_ROWS = ("--limit", "1000")


@pytest.fixture(scope="module")
def found(situation: Situation) -> Any:
    return situation.json("errors")


@pytest.fixture(scope="module")
def named(situation: Situation, found: Any) -> Mapping[str, Run]:
    assert list(found["folders"]) == found["runs"]
    return situation.by_name(found["folders"])


def side_by_side(named: Mapping[str, Run], dataset: str) -> list[tuple[Row, ...]]:
    return list(zip(*(run.rows[dataset] for run in named.values()), strict=True))


def shown(row: Row) -> str:
    if row.label != NOTHING:
        return row.label
    return "(unparsed)" if row.answered else "(no answer)"


def chances(rows: Sequence[tuple[Row, ...]]) -> list[float]:
    """How likely all runs miss each example if they erred independently."""
    found = []
    for one in rows:
        alike = [
            other
            for other in rows
            if (other[0].aspect, other[0].gold) == (one[0].aspect, one[0].gold)
        ]
        shares = [
            sum(not other[run].right for other in alike) / len(alike) for run in range(len(one))
        ]
        found.append(prod(shares))
    return found


def test_each_count_is_of_its_own_run(found: Any, named: Mapping[str, Run]) -> None:
    assert [counts["dataset"] for counts in found["counts"]] == ["DR", "IRF", "SAD"]
    for counts in found["counts"]:
        rows = side_by_side(named, counts["dataset"])
        missed = [sum(not row.right for row in one) for one in rows]
        assert counts["examples"] == len(rows)
        assert counts["missed_by"] == [missed.count(n) for n in range(len(named) + 1)]
        assert counts["expected_missed_by_all"] == pytest.approx(sum(chances(rows)))
        assert counts["unread_by_all"] == sum(all(r.label == NOTHING for r in one) for one in rows)
        assert set(counts["runs"]) == set(named)
        for at, name in enumerate(named):
            own = [one[at] for one in rows]
            wrong = [not row.right for row in own]
            assert counts["runs"][name] == {
                "errors": sum(wrong),
                "unparsed": sum(row.unparsed for row in own),
                "no_answer": sum(not row.answered for row in own),
                "contradictions": sum(bool(row.prediction.get("contradiction")) for row in own),
                "only_right": sum(
                    not gone and n == len(named) - 1 for gone, n in zip(wrong, missed, strict=True)
                ),
                "only_wrong": sum(gone and n == 1 for gone, n in zip(wrong, missed, strict=True)),
            }


def test_each_answer_listed_is_of_its_own_run(found: Any, named: Mapping[str, Run]) -> None:
    listed = {"missed_by_all": 0, "flips": 0}
    for kind in listed:
        for entry in found[kind]:
            rows = side_by_side(named, entry["dataset"])
            (at,) = [n for n, one in enumerate(rows) if one[0].id == entry["id"]]
            one = rows[at]
            assert (entry["gold"], entry["aspect"]) == (one[0].gold, one[0].aspect)
            assert entry["answers"] == dict(zip(named, map(shown, one), strict=True))
            if kind == "missed_by_all":
                assert entry["chance"] == pytest.approx(chances(rows)[at])
                assert entry["unread"] == all(row.label == NOTHING for row in one)
            else:
                right = [name for name, row in zip(named, one, strict=True) if row.right]
                assert sorted(entry["right"]) == sorted(right)
                assert sorted(entry["wrong"]) == sorted(set(named) - set(right))
            listed[kind] += 1
    every = [one for dataset in ("DR", "IRF", "SAD") for one in side_by_side(named, dataset)]
    right = [sum(row.right for row in one) for one in every]
    assert listed == {
        "missed_by_all": right.count(0),
        "flips": sum(0 < n < len(named) for n in right),
    }


def test_the_terminal_shows_each_count_beside_its_run(
    situation: Situation, found: Any, named: Mapping[str, Run]
) -> None:
    tables = terminal_tables(situation.says("errors", *ALL_ROWS))
    datasets, runs, *lists = tables
    for row in datasets.records():
        (counts,) = [one for one in found["counts"] if one["dataset"] == row["dataset"]]
        assert number(row["examples"]) == counts["examples"]
        assert number(row["all miss"]) == counts["missed_by"][-1]
        assert number(row["all right"]) == counts["missed_by"][0]
        assert number(row["flip"]) == sum(counts["missed_by"][1:-1])
        assert number(row["no label"]) == counts["unread_by_all"]
    letters = {}
    for cells in runs.rows:
        row = dict(zip(["letter", "run", *runs.heads[-len(cells) + 2 :]], cells, strict=True))
        letters[row["run"]] = row["letter"]
        own = [row_ for row_ in named[row["run"]].every_row]
        wrong = sum(not row_.right for row_ in own)
        assert row["errors"] == f"{wrong} ({wrong / len(own):.0%})"
        assert number(row["unparsed"]) == sum(row_.unparsed for row_ in own)
        assert number(row.get("no answer", "0")) == sum(not row_.answered for row_ in own)
        alone = [
            sum(counts["runs"][row["run"]][which] for counts in found["counts"])
            for which in ("only_right", "only_wrong")
        ]
        assert row["alone +/-"] == "/".join(map(str, alone))
    assert sorted(letters.values()) == list(string.ascii_uppercase[: len(named)])
    missed, flips = lists[:2]
    entries = {f"{e['dataset']}/{e['id']}": e for e in [*found["missed_by_all"], *found["flips"]]}
    assert len(missed.rows) == len(found["missed_by_all"])
    assert len(flips.rows) == len(found["flips"])
    for row in [*missed.records(), *flips.records()]:
        entry = entries[row["example"]]
        given = {}
        for part in (row.get("answers") or row["wrong"]).split("; "):
            answer, _, runs_ = part.rpartition(": ")
            given |= dict.fromkeys(runs_.split(), answer)
        wrong_by = {letters[name]: answer for name, answer in entry["answers"].items()}
        for name in entry.get("right", ()):
            del wrong_by[letters[name]]
        assert given == wrong_by
        if "right" in row:
            assert row["right"].split() == sorted(letters[name] for name in entry["right"])

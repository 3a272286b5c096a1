"""How each table of the HTML page is recomputed, by its caption."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.recomputed.compared import DATASETS, pair_of, shown_p, value_of, value_row
from tests.recomputed.formulas import MEASURES, alone_right, mcnemar, mean
from tests.recomputed.printed import Printed, bounds, number
from tests.recomputed.run_rows import NOTHING, Row, Run, lines
from tests.recomputed.test_recomputed_errors import shown, side_by_side
from tests.recomputed.test_recomputed_ranks import decided, sure

NONE = "\N{EN DASH}"
SPELLED = {"weighted F1": "weighted_f1", "accuracy": "accuracy", "unparsed": "unparsed"}


@dataclass(frozen=True)
class Page:
    """The page, with what ``imhi compare --json`` says and the runs by name."""

    html: str
    tables: Sequence[Printed]
    found: Any
    named: Mapping[str, Run]


def place_of(title: str) -> str:
    """The dataset that a head or a cell means; nothing for the mean."""
    return "" if title == f"Mean of {len(DATASETS)}" else title


def check_headline(page: Page, table: Printed) -> None:
    metric = SPELLED[table.title.partition(" of each")[0]]
    assert table.heads[:3] == ["model", "rank", "no label"]
    assert sorted(row[0] for row in table.rows) == sorted(page.named)
    for name, placed, lost, *cells in table.rows:
        rows = page.named[name].every_row
        assert number(lost) == pytest.approx(
            100 * mean([r.label == NOTHING for r in rows]), abs=0.051
        )
        for head, cell in zip(table.heads[3:], cells, strict=True):
            dataset = place_of(head)
            row = value_row(page.found, name, metric, dataset or "mean over datasets")
            value = value_of(page.named[name], metric, dataset)
            assert number(cell) == pytest.approx(value, abs=0.051)
            assert bounds(cell) == pytest.approx((row["low"], row["high"]), abs=0.051)
        row = value_row(page.found, name, metric, "mean over datasets")
        span = sorted({row["rank_low"], row["rank_high"]})
        said = [int(n) for n in re.findall(r"\d+", placed)]
        assert said == [row["rank"], *(span if span != [row["rank"]] else [])]


def check_matrix(page: Page, table: Printed) -> None:
    metric = SPELLED[table.title.split(", ")[1]]
    assert sorted(table.heads[1:]) == sorted(page.named)
    for name, *cells in table.rows:
        for other, cell in zip(table.heads[1:], cells, strict=True):
            if name == other:
                assert cell == "itself"
                continue
            gap = value_of(page.named[name], metric, "") - value_of(page.named[other], metric, "")
            pair = pair_of(page.found, name, other, metric, "")
            assert number(cell) == pytest.approx(gap, abs=0.051)
            assert ("*" in cell) == ("not significant" not in cell) == (pair["p_holm"] < 0.05)


def check_pairs(page: Page, table: Printed) -> None:
    metric = SPELLED[table.title.partition(" by ")[2]]
    count = len(page.named) * (len(page.named) - 1) // 2
    assert len(table.rows) == 4 * count
    for row in table.records():
        dataset = place_of(row["where"])
        a, b = page.named[row["first"]], page.named[row["second"]]
        pair = pair_of(page.found, row["first"], row["second"], metric, dataset)
        gap = value_of(a, metric, dataset) - value_of(b, metric, dataset)
        assert number(row["difference"]) == pytest.approx(gap, abs=0.051)
        assert bounds(row["difference"]) == pytest.approx((pair["low"], pair["high"]), abs=0.051)
        star = "*" if pair["p_holm"] < 0.05 else ""
        assert row["p"] == shown_p(pair["p_holm"]) + star
        missing = [
            sum(not one.answered for one in (run.rows[dataset] if dataset else run.every_row))
            for run in (a, b)
        ]
        assert row.get("no answer", "0 / 0") == " / ".join(map(str, missing))
        if dataset and metric != "unparsed":
            only = alone_right(a.rows[dataset], b.rows[dataset])
            assert row["better / worse"] == f"{only[0]} / {only[1]}"
            assert row["McNemar p"] == shown_p(mcnemar(*only)).replace("1.000", "1")
            assert number(row["effect"]) == pytest.approx(only[0] / sum(only) - 0.5, abs=0.0051)
        else:
            assert row["better / worse"] == row["McNemar p"] == row["effect"] == NONE
        if star:
            assert row["posts needed"] == NONE
        elif not row["posts needed"].startswith("over"):
            assert number(row["posts needed"]) == pair["posts_needed"]


def check_classes(page: Page, table: Printed) -> None:
    dataset = table.title.removeprefix("F1 of each label of ").split()[0]
    for label, support, *cells in table.rows:
        for name, cell in zip(table.heads[2:], cells, strict=True):
            rows = page.named[name].rows[dataset]
            hits = sum(row.gold == row.label == label for row in rows)
            gold, given = (
                sum(getattr(row, of) == label for row in rows) for of in ("gold", "label")
            )
            assert number(support) == gold
            f1 = 200 * hits / (gold + given) if gold + given else 0
            assert number(cell) == pytest.approx(f1, abs=0.051)
            said = re.search(r"P (\S+) · R (\S+)", cell)
            assert said
            for shown_share, of in ((said[1], given), (said[2], gold)):
                expected = pytest.approx(100 * hits / of, abs=0.051) if of else NONE
                assert (number(shown_share) if of else shown_share) == expected


def check_confusion(page: Page, table: Printed) -> None:
    found = re.fullmatch(r"(.*) on (\w+)", table.title)
    assert found, table.title
    rows = page.named[found[1]].rows[found[2]]
    counts = Counter((row.gold, row.label) for row in rows)
    for gold, *cells in table.rows:
        for head, cell in zip(table.heads[1:], cells, strict=True):
            given = NOTHING if head == "no label" else head
            assert number(cell.split()[0]) == counts[gold, given], (table.title, gold, head)


def check_calibration(page: Page, table: Printed) -> None:
    dataset = table.title.split()[2]
    by_run: dict[str, list[list[str]]] = {}
    for name, *cells in table.rows:
        by_run.setdefault(name, []).append(cells)
    assert set(by_run) == set(page.named)
    for name, cells in by_run.items():
        rows = decided(page.named[name].rows[dataset])
        bins: dict[int, list[Row]] = {}
        for row in rows:
            bins.setdefault(min(9, int(sure(row) * 10)), []).append(row)
        assert len(cells) == len(bins)
        error = 0.0
        for (answers, confidence, right), at in zip(cells, sorted(bins), strict=True):
            inside = bins[at]
            assert number(answers) == len(inside)
            assert number(confidence) == pytest.approx(
                100 * mean(list(map(sure, inside))), abs=0.051
            )
            assert number(right) == pytest.approx(100 * mean([r.right for r in inside]), abs=0.051)
            error += abs(sum(row.right - sure(row) for row in inside)) * 100 / len(rows)
        assert f"{name}: ECE {error:.1f}" in page.html


def in_slice(name: str, row: Row) -> bool:
    """Whether a slice's name is about a row: by its question or gold label, the words of its post, or
    whether it speaks of its writer."""
    span = re.search(r": (\d+) to (\d+) words", name)
    if span:
        return int(span[1]) <= len(row.text.split()) <= int(span[2])
    if name in ("says I, me or my", "does not"):
        speaks = bool(re.search(r"(?i)\b(i|me|my|mine|myself)\b", row.text))
        return speaks == name.startswith("says")
    return name in (row.gold, row.aspect)


def check_slices(page: Page, table: Printed) -> None:
    dataset = table.title.split()[-1]
    for by_label, support, *cells in table.rows:
        for name, cell in zip(table.heads[2:], cells, strict=True):
            rows = page.named[name].rows[dataset]
            chosen = [row for row in rows if in_slice(by_label, row)]
            assert number(support) == len(chosen)
            right = mean([row.right for row in chosen]) if chosen else None
            assert (
                cell == NONE
                if right is None
                else number(cell) == pytest.approx(100 * right, abs=0.051)
            )


def check_losses(page: Page, table: Printed) -> None:
    assert len(table.rows) == len(page.named) * len(DATASETS)
    for row in table.records():
        rows = page.named[row["model"]].rows[row["dataset"]]
        expected = {
            "examples": len(rows),
            "unparsed": sum(one.unparsed for one in rows),
            "of these inferred": sum(bool(one.prediction.get("inferred")) for one in rows),
            "failed": sum(one.failed for one in rows),
            "not asked": sum(not one.answered and not one.failed for one in rows),
            "contradictions": sum(bool(one.prediction.get("contradiction")) for one in rows),
        }
        assert {head: int(row[head]) for head in expected} == expected
        assert set(row) == {"model", "dataset", *expected}


def check_lost_of(page: Page, table: Printed) -> None:
    run = page.named[table.title.removeprefix("Examples without a label of ")]
    lost = {(dataset, row.id): row for dataset in DATASETS for row in run.rows[dataset]}
    lost = {key: row for key, row in lost.items() if row.label == NOTHING}
    assert {(row["dataset"], row["example"]) for row in table.records()} == set(lost)
    for row in table.records():
        one = lost[row["dataset"], row["example"]]
        assert row["what"] == ("unparsed" if one.answered else "failed")


def check_errors(page: Page, table: Printed) -> None:
    for row in table.records():
        missed = [
            sum(not one.right for one in rows) for rows in side_by_side(page.named, row["dataset"])
        ]
        assert int(row["examples"]) == len(missed)
        assert int(row["right by all"]) == missed.count(0)
        assert int(row["missed by all"]) == missed.count(len(page.named))
        assert int(row["right by some"]) == sum(0 < n < len(page.named) for n in missed)


def check_answers(page: Page, table: Printed) -> None:
    assert sorted(table.heads[3:]) == sorted(page.named)
    for row in table.records():
        id = row["example"].split()[0]
        for name, run in page.named.items():
            (one,) = [one for one in run.rows[row["dataset"]] if one.id == id]
            assert row["gold"] == one.gold
            assert row[name] == ("✓ right: " if one.right else "") + shown(one)


def check_scores(page: Page, table: Printed) -> None:
    assert len(table.rows) == len(page.named) * len(DATASETS)
    for row in table.records():
        rows = page.named[row["model"]].rows[row["dataset"]]
        assert int(row["examples"]) == len(rows)
        for title, metric in SPELLED.items():
            assert number(row[title]) == pytest.approx(MEASURES[metric](rows), abs=0.051)


def check_costs(page: Page, table: Printed) -> None:
    """Of the whole run: every answer and every failure of the folder, compared or not."""
    for row in table.records():
        run = page.named[row["model"]]
        answers = [row_.response for row_ in run.every_row if row_.response]
        failed = sum(one.failed for one in run.every_row)
        failures = [
            one
            for dataset in DATASETS
            for one in lines(run.folder / "failures" / f"{dataset}.jsonl")
        ]
        cost = sum(one.get("cost") or 0 for one in [*answers, *failures])
        latencies = [one["latency"] for one in answers]
        expected = {
            "answers": len(answers),
            "failed": failed,
            "not asked": len(run.every_row) - len(answers) - failed,
            "truncated prompts": sum(bool(one.get("truncated")) for one in answers),
            "prompt tokens": sum(one["prompt_tokens"] for one in answers),
            "answer tokens": sum(one["completion_tokens"] for one in answers),
            "cost, US$": cost,
            "US$ per 1,000": 1000 * cost / len(answers),
            "latency, median, s": float(np.median(latencies)),
            "latency, 95%, s": float(np.quantile(latencies, 0.95)),
        }
        for head, value in expected.items():
            assert number(row[head]) == pytest.approx(value, abs=0.00051), head
        seconds = run.manifest["totals"]["respond_seconds"]
        assert number(row["wall time, s"]) == pytest.approx(seconds, abs=0.051)
        assert number(row["answers per s"]) == pytest.approx(len(answers) / seconds, abs=0.051)
        assert set(row) == {"model", "wall time, s", "answers per s", *expected}


def check_checksums(page: Page, table: Printed) -> None:
    run = page.named[table.title.removeprefix("Checksums of the data of ")]
    asked = {
        row["dataset"]: row["SHA-256"] for row in table.records() if row["what"] == "rows asked"
    }
    assert asked == run.manifest["content_checksums"]


CHECKS: Mapping[str, Callable[[Page, Printed], None]] = {
    r".* of each model on each dataset, with 95% intervals and ranks": check_headline,
    r"Row's value minus column's value, .*": check_matrix,
    r"Every pair of runs on every dataset by .*": check_pairs,
    r"F1 of each label of \w+ by model": check_classes,
    r".* on (DR|IRF|SAD)": check_confusion,
    r"Answers of \w+ by confidence": check_calibration,
    r"Right labels in percent by slice of \w+": check_slices,
    r"Answers without a label by model and dataset": check_losses,
    r"Examples without a label of .*": check_lost_of,
    r"Errors by dataset": check_errors,
    r"Examples that (every model misses|flip between models)": check_answers,
    r"Every headline measure by model and dataset": check_scores,
    r"Cost and speed of each run": check_costs,
    r"Checksums of the data of .*": check_checksums,
}

"""What outputs are held against: values made again from the folders, and what ``imhi compare --json``
says of intervals and tests, which the tests of that command recompute."""

from __future__ import annotations

from typing import Any

from tests.recomputed.conftest import DRAWN
from tests.recomputed.formulas import MEASURES, mean
from tests.recomputed.run_rows import Run

ASKED = ("--metric", "weighted_f1", "--metric", "accuracy", "--metric", "unparsed", *DRAWN)
DATASETS = ("DR", "IRF", "SAD")  # each is a task of its own
MEANS = ("mean over datasets", "mean over tasks")


def value_of(run: Run, measure: str, dataset: str) -> float:
    """A measure on a dataset, or its mean over all of them."""
    wanted = [dataset] if dataset else list(run.rows)
    return mean([MEASURES[measure](run.rows[name]) for name in wanted])


def pair_of(found: Any, a: str, b: str, metric: str, dataset: str) -> dict[str, Any]:
    """What JSON says of two runs, the first first."""
    for row in found["pairs"]:
        if (row["metric"], row["dataset"]) != (metric, dataset) or row["over"] == "tasks":
            continue
        if (row["a"], row["b"]) == (a, b):
            return row
        if (row["a"], row["b"]) == (b, a):
            turned = {"low": -row["high"], "high": -row["low"], "difference": -row["difference"]}
            turned |= {"better": row["worse"], "worse": row["better"]}
            turned |= {"effect": None if row["effect"] is None else -row["effect"]}
            return {**row, **turned}
    raise AssertionError((a, b, metric, dataset))


def shown_p(p: float) -> str:
    """How a p value begins that is shown to three decimals."""
    return "<.001" if p < 0.001 else f"{p:.3f}".lstrip("0") if p < 1 else "1"


def value_row(found: Any, name: str, metric: str, place: str) -> dict[str, Any]:
    dataset, over = ("", place.removeprefix("mean over ")) if place in MEANS else (place, "")
    (row,) = [
        one
        for one in found["values"]
        if (one["name"], one["metric"], one["dataset"], one["over"])
        == (name, metric, dataset, over)
    ]
    return row

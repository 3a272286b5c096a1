"""Means that may stand in one row: each is of one set of datasets, the same for every run.

Runs, and views of one run, may cover different datasets. The mean of one over four datasets says
nothing beside that of another over three of them: so there is a row for each set that a run's own
mean is of, and one for the datasets that all runs have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imhi import RunScores

if TYPE_CHECKING:
    from imhi.runs import AverageRow, ScoreRow


@dataclass(frozen=True)
class ShownMean:
    """The mean over ``datasets``, by run: the run's own mean where it is of these datasets, without
    bounds what their values come to where the run has others too, None where it lacks one of them.
    ``groups`` counts the datasets, or their tasks."""

    datasets: Sequence[str]
    groups: int
    rows: Sequence[AverageRow | None]


def means_of(runs: Sequence[RunScores], metric: str, over: str) -> list[ShownMean]:
    """Return the means of a measure ``over`` *datasets* or *tasks*, that of most datasets first. What
    is of one dataset is no mean."""
    own = [_own(run, metric, over) for run in runs]
    values = [_values(run, metric) for run in runs]
    sets = {frozenset(row["datasets"]) for row in own if row is not None}
    sets.add(frozenset.intersection(*(frozenset(known) for known in values)))
    order = list(dict.fromkeys(row["dataset"] for run in runs for row in run.scores))
    found = []
    for names in sorted(sets, key=lambda one: (-len(one), sorted(map(order.index, one)))):
        if len(names) > 1:
            datasets = sorted(names, key=order.index)
            rows = [
                row
                if row is not None and set(row["datasets"]) == names
                else _made(one, datasets, over)
                for row, one in zip(own, values, strict=True)
            ]
            if any(row is not None for row in rows):
                groups = next(row["groups"] for row in rows if row is not None)
                found.append(ShownMean(datasets, groups, rows))
    return found


def _own(run: RunScores, metric: str, over: str) -> AverageRow | None:
    rows = (row for row in run.averages if (row["metric"], row["over"]) == (metric, over))
    return next(rows, None)


def _values(run: RunScores, metric: str) -> dict[str, ScoreRow]:
    return {
        row["dataset"]: row
        for row in run.scores
        if row["metric"] == metric and row["value"] is not None
    }


def _by_task(values: dict[str, ScoreRow], datasets: Sequence[str]) -> dict[str, list[float]]:
    tasks: dict[str, list[float]] = {}
    for name in datasets:
        value = values[name]["value"]
        assert value is not None
        tasks.setdefault(values[name]["task"], []).append(value)
    return tasks


def _made(values: dict[str, ScoreRow], datasets: Sequence[str], over: str) -> AverageRow | None:
    """Return the mean of a run's values on these datasets; None where it lacks one."""
    if not all(name in values for name in datasets):
        return None
    groups: Sequence[Sequence[float]] = list(_by_task(values, datasets).values())
    if over == "datasets":
        groups = [[value] for group in groups for value in group]
    row = values[datasets[0]]
    return {
        "model": row["model"],
        "over": over,
        "split": row["split"],
        "metric": row["metric"],
        "made_by": row.get("made_by", ""),
        "decimals": row.get("decimals", 1),
        "higher_is_better": row.get("higher_is_better"),
        "value": sum(sum(group) / len(group) for group in groups) / len(groups),
        "low": None,
        "high": None,
        "groups": len(groups),
        "datasets": list(datasets),
        "cross_fitted": any(values[name].get("cross_fitted", False) for name in datasets),
    }

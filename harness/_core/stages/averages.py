"""Means over datasets and over tasks, with the intervals that those of the datasets give."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from imhi._core.registry import Registry
from imhi._core.results import AverageRow, ScoreRow
from imhi._core.statistics import Interval, mean_interval
from imhi._core.statistics.averages import averaged_groups


@dataclass
class Found:
    """A measure on several datasets: its value with its interval, by dataset."""

    row: ScoreRow
    by_dataset: dict[str, Interval] = field(default_factory=dict)


def rounded(bounds: Interval) -> dict[str, float | None]:
    """Return value and bounds as they are written down; None where undefined."""
    return {
        name: None if not math.isfinite(value) else round(value, 6)
        for name, value in (("value", bounds.value), ("low", bounds.low), ("high", bounds.high))
    }


def average_rows(
    found: Mapping[tuple[str, str], Found],
    datasets: Sequence[str],
    registry: Registry,
    cross_fitted: Collection[str] = (),
) -> list[AverageRow]:
    """Return the mean over datasets, and over tasks (a task's value is the mean of its datasets).

    Only for measures that every dataset has. Datasets are independent; a mean with any
    of those ``cross_fitted`` in it is marked.
    """
    groupings = averaged_groups(datasets, lambda name: registry.task_of(name).name)
    return [
        _average(measure, over, groups, any(name in cross_fitted for name in datasets))
        for measure in found.values()
        if set(measure.by_dataset) == set(datasets)
        for over, groups in groupings.items()
    ]


def _average(
    measure: Found, over: str, groups: Sequence[Sequence[str]], cross_fitted: bool
) -> AverageRow:
    values, row = measure.by_dataset, measure.row
    bounds = rounded(mean_interval([[values[name] for name in group] for group in groups]))
    return AverageRow(
        model=row["model"],
        over=over,
        split=row["split"],
        metric=row["metric"],
        made_by=row["made_by"],
        decimals=row["decimals"],
        higher_is_better=row["higher_is_better"],
        value=bounds["value"],
        low=bounds["low"],
        high=bounds["high"],
        groups=len(groups),
        datasets=[name for group in groups for name in group],
        cross_fitted=cross_fitted,
    )

"""The intervals of runs' values and of their differences, as scoring has them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imhi._core.comparing.resampling import rounded
from imhi._core.registry import Registry
from imhi._core.statistics import (
    Interval,
    Measure,
    correlations,
    difference_interval,
    interval_of,
    mean_interval,
)
from imhi._core.statistics.averages import averaged_groups


@dataclass(frozen=True)
class Intervals:
    """One measure of several runs, on one dataset or as a mean: ``values`` by run, ``differences`` by
    pair in the order of ``itertools.combinations``."""

    values: Sequence[Interval]
    differences: Sequence[Interval]

    @classmethod
    def of(cls, measures: Sequence[Measure], clusters: Sequence[str]) -> Intervals:
        """Make those of runs on the same rows; ``clusters`` names the post of each."""
        values = [interval_of(measure, clusters) for measure in measures]
        together = correlations(measures, clusters)
        pairs = itertools.combinations(range(len(values)), 2)
        return cls(
            values,
            [difference_interval(values[a], values[b], float(together[a, b])) for a, b in pairs],
        )

    @classmethod
    def mean(cls, groups: Sequence[Sequence[Intervals]]) -> Intervals:
        """Return those of the mean over groups of the mean within each; datasets are independent."""
        first = groups[0][0]
        return cls(
            [
                mean_interval([[one.values[run] for one in group] for group in groups])
                for run in range(len(first.values))
            ],
            [
                mean_interval([[one.differences[pair] for one in group] for group in groups])
                for pair in range(len(first.differences))
            ],
        )


def mean_intervals(
    per_dataset: Mapping[str, Intervals], registry: Registry
) -> dict[str, Intervals]:
    """Return those of the means over datasets and over tasks."""
    groupings = averaged_groups(list(per_dataset), lambda name: registry.task_of(name).name)
    return {
        over: Intervals.mean([[per_dataset[dataset] for dataset in group] for group in groups])
        for over, groups in groupings.items()
    }


def bounds(found: Interval) -> tuple[float | None, float | None]:
    """Return bounds as results keep them; None where there are none."""
    return (rounded(found.low), rounded(found.high)) if found.known else (None, None)

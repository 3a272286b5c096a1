"""Every run's value and rank, with the uncertainty of both."""

from __future__ import annotations

from collections.abc import Sequence

from imhi._core.comparing.intervals import Intervals, bounds
from imhi._core.comparing.resampling import Resamples, rounded
from imhi._core.comparing.result import ComparedMetric, ModelValue
from imhi._core.statistics.ranking import rank_bounds, ranks


def model_values(
    metric: ComparedMetric,
    dataset: str,
    over: str,
    names: Sequence[str],
    drawn: Resamples,
    intervals: Intervals,
    cross_fitted: Sequence[bool],
) -> list[ModelValue]:
    """Return a value with its interval for each run, and its rank; ``cross_fitted`` by run."""
    order = ranks(drawn.values, metric.higher_is_better)
    spans = rank_bounds(drawn.resampled, metric.higher_is_better)
    found = []
    for run, name in enumerate(names):
        low, high = bounds(intervals.values[run])
        value = rounded(float(drawn.values[run]))
        found.append(
            ModelValue(
                metric.name,
                dataset,
                over,
                name,
                value,
                low,
                high,
                int(order[run]),
                *spans[run],
                cross_fitted[run],
            )
        )
    return found

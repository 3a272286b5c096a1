"""Measures: numbers made from sums over examples, so that one interval and one test serve them all.

A measure gives each example a row of *sufficient statistics*. Its value on any (re)sample is a
function of their sum: a mean needs (value, 1), an F1 the cells of a confusion matrix, BLEU its
n-gram counts. Resampling then sums rows instead of scoring again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _mean(sums: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


@dataclass(frozen=True)
class Measure:
    """A named number over n examples.

    Attributes:
        statistics: shape (n, k); what each example adds.
        value_of: maps sums of shape (..., k) to values of shape (...); vectorised; on the scale
            0 to 100 unless the metric says otherwise; NaN where undefined.
        per_example: shape (n,), the value of each example alone, where that has a meaning.
        details: JSON values to keep with the score (a confusion matrix, a signature).
        headline: shown in tables; False keeps a part (a class's recall) to files and ``--all``.
        decimals: how many are shown.
        higher_is_better: None where the metric's own direction holds.
        scale: the least and the greatest value there can be; None where there is no such thing.
            Intervals end there. A measure with a value beyond it, of one example too, is taken as one
            without a scale.
        counted: shape (n,); the examples that the value is about, where those are not all (a class's
            recall is about the examples of that class).
    """

    name: str
    statistics: Array
    value_of: Callable[[Array], Array]
    per_example: Array | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    headline: bool = True
    decimals: int = 1
    higher_is_better: bool | None = None
    scale: tuple[float, float] | None = (0.0, 100.0)
    counted: NDArray[np.bool_] | None = None

    @classmethod
    def mean(
        cls,
        name: str,
        values: Sequence[float | None],
        *,
        headline: bool = True,
        decimals: int = 1,
        higher_is_better: bool | None = None,
        scale: tuple[float, float] | None = (0.0, 100.0),
        **details: Any,
    ) -> Measure:
        """Return the measure that is the mean of per-example values; ``None`` and NaN do not count."""
        column = np.array(
            [np.nan if value is None else value for value in values], dtype=np.float64
        )
        counted = ~np.isnan(column)
        statistics = np.stack([np.where(counted, column, 0.0), counted.astype(np.float64)], axis=1)
        return cls(
            name,
            statistics,
            _mean,
            column,
            details,
            headline,
            decimals,
            higher_is_better,
            scale,
        )

    def value(self) -> float:
        """Return the measure on all examples as they are."""
        return float(self.value_of(self.statistics.sum(axis=0)))


mean_measure = Measure.mean  # as metrics of plugins write it


def with_values_in_all(
    measures: Sequence[Measure], clusters: Sequence[str]
) -> tuple[list[Measure], list[str], int]:
    """Return runs' measures, and the posts of their rows, without the examples for which a run has
    no value (a metric of quotes has none where nothing is quoted), and how many those are.

    Where that leaves nothing, nothing is left out: the values then are what they are alone.
    """
    columns = [measure.per_example for measure in measures]
    have = np.ones(len(clusters), dtype=bool)
    for column in columns:
        if column is not None:
            have &= np.isfinite(column)
    if have.all() or not have.any():
        return list(measures), list(clusters), 0
    kept = [
        dataclasses.replace(
            measure,
            statistics=measure.statistics[have],
            per_example=None if column is None else column[have],
            counted=None if measure.counted is None else measure.counted[have],
        )
        for measure, column in zip(measures, columns, strict=True)
    ]
    rows = [cluster for cluster, one in zip(clusters, have, strict=True) if one]
    return kept, rows, int((~have).sum())

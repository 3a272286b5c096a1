"""Intervals that hold on few rows: Wilson's, on the number of rows that the scatter amounts to.

The bootstrap's percentiles fail where values are high and rows few: on 35 rows of which all are right
every resample is the value itself. Wilson's interval (1927, Journal of the American Statistical
Association 22) keeps its coverage there. It is that of a share p among n independent rows; of any
other measure we take

* p: its value on its scale, 0 to 1;
* n: as many rows as would scatter as the measure does, ``p (1 - p) / variance``, by the jackknife
  over rows (Efron & Stein 1981). For a share this is the number of rows, exactly;
* divided by the design effect of posts, the jackknife's variance over posts by that over rows
  (Kish 1965): rows about one post are not independent (Korn & Graubard 1998 do so with proportions).

A design effect seen in few errors is hardly seen at all: five wrong rows fall on five posts by luck as
well. It is drawn towards the middle between rows that are independent and posts whose rows are all
alike, as if by :data:`PRIOR` more errors. It is 1 or more.

Means over datasets and differences of runs get theirs from these (the method of variance estimates
recovery; Zou & Donner 2008, Newcombe 1998). Nothing is drawn at random. How well this holds is
measured by ``benchmarks/interval_coverage.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from imhi._core.statistics.averages import group_mean
from imhi._core.statistics.clusters import cluster_places, distinct_rows, sums_at
from imhi._core.statistics.measures import Array, Measure

METHOD = "wilson-effective-rows"
"""What scores call these intervals in their settings; those without a name are of a time when
intervals were percentiles of a bootstrap."""
LEVEL = 0.95
PRIOR = 2.0
_NOTHING = 1e-12  # a variance on a scale of 0 to 1 below this is rounding


@dataclass(frozen=True)
class Interval:
    """A value and the bounds of its 95% interval; NaN bounds where there is none."""

    value: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there are bounds."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def interval_of(measure: Measure, clusters: Sequence[str]) -> Interval:
    """Return a measure with its interval; ``clusters`` names the post of each row.

    It holds the value, is wider than nothing and lies on the measure's scale. There is none where
    fewer than two posts count for the value, and where a measure without a scale does not vary.
    """
    value, statistics, names = measure.value(), measure.statistics, clusters
    # Rows without a value add nothing to any sum.
    counted = np.asarray(statistics.any(axis=1) if measure.counted is None else measure.counted)
    if not counted.all():
        statistics = statistics[counted]
        names = [name for name, counts in zip(clusters, counted, strict=True) if counts]
    rows, posts = len(statistics), len(set(names))
    if posts < 2 or not math.isfinite(value):
        return _none(value)
    scatter = _Scatter.of(measure.value_of, statistics, cluster_places(names))
    scale = _scale(measure, value)
    if scale is None:
        error = math.sqrt(scatter.by_post)
        width = _quantile(posts - 1) * error
        return Interval(value, value - width, value + width) if width > 0 else _none(value)
    low, span = scale[0], scale[1] - scale[0]
    share = min(max((value - low) / span, 0.0), 1.0)
    variance = scatter.by_row / span**2
    varies = variance * rows > _NOTHING and 0 < share < 1
    alone = share * (1 - share) / variance if varies else float(rows)
    effective = alone / _design_effect(scatter, rows * min(share, 1 - share) if varies else 0.0)
    # Where rows are counted, their scatter is known from the value; elsewhere it is estimated too.
    counts = np.isin(statistics, (0.0, 1.0)).all() or math.isclose(alone, rows, rel_tol=1e-6)
    below, above = wilson(share, effective, _quantile(None if counts else posts - 1))
    return Interval(value, min(low + span * below, value), max(low + span * above, value))


def wilson(share: float, rows: float, quantile: float) -> tuple[float, float]:
    """Return the bounds, 0 to 1, of Wilson's interval of a share among so many rows."""
    squared = quantile**2 / rows
    middle = (share + squared / 2) / (1 + squared)
    half = math.sqrt(squared * (share * (1 - share) + squared / 4)) / (1 + squared)
    # Rounding must not leave 1e-17 where all or no rows are right.
    return (0.0 if share == 0 else middle - half), (1.0 if share == 1 else middle + half)


def mean_interval(groups: Sequence[Sequence[Interval]]) -> Interval:
    """Return the mean over groups of the mean within each, of values that are independent.

    The distances of bounds from values add up as standard errors do. No bounds where one has none.
    """
    value = float(group_mean([[one.value for one in group] for group in groups]))
    weighted = [(one, 1 / len(groups) / len(group)) for group in groups for one in group]
    below = math.sqrt(sum((weight * (one.value - one.low)) ** 2 for one, weight in weighted))
    above = math.sqrt(sum((weight * (one.high - one.value)) ** 2 for one, weight in weighted))
    return Interval(value, value - below, value + above)


def difference_interval(first: Interval, second: Interval, correlation: float) -> Interval:
    """Return first minus second; ``correlation`` is that of their errors (see :func:`correlations`).

    Newcombe 1998, Statistics in Medicine 17, pages 2635 to 2650, with any interval (Zou 2007).
    """

    def distance(one: float, other: float) -> float:
        return math.sqrt(max(one**2 - 2 * correlation * one * other + other**2, 0.0))

    difference = first.value - second.value
    if not (first.known and second.known):
        return _none(difference)
    below = distance(first.value - first.low, second.high - second.value)
    above = distance(first.high - first.value, second.value - second.low)
    return Interval(difference, difference - below, difference + above)


def correlations(measures: Sequence[Measure], clusters: Sequence[str]) -> Array:
    """Return how the errors of runs' values go together, shape (runs, runs): the correlation of what
    each post adds to them, drawn to 0 as if by one more post; 0 where a value does not vary."""
    places = cluster_places(clusters)
    added = np.array(
        [_influence(one.value_of, sums_at(one.statistics, places)) for one in measures]
    )
    lengths = np.sqrt((added**2).sum(axis=1))
    unit = np.divide(added, lengths[:, None], out=np.zeros_like(added), where=lengths[:, None] > 0)
    posts = added.shape[1]
    return np.asarray(unit @ unit.T * posts / (posts + 1))


@dataclass(frozen=True)
class _Scatter:
    """Variances of a value: ``by_row`` as of n independent rows (the plain one of a share),
    ``by_post`` of posts. ``design`` is the design effect as it was found, ``largest`` the one that
    rows have which are all alike within posts."""

    by_row: float
    by_post: float
    design: float
    largest: float

    @classmethod
    def of(
        cls, value_of: Callable[[Array], Array], statistics: Array, places: np.ndarray
    ) -> _Scatter:
        sizes = np.bincount(places).astype(np.float64)
        rows, count = len(statistics), len(sizes)
        by_row = float((_influence(value_of, statistics) ** 2).sum()) / rows**2
        unbiased = by_row * rows / (rows - 1)
        if count == rows:
            return cls(by_row, unbiased, 1.0, 1.0)
        added = _influence(value_of, sums_at(statistics, places))
        by_post = float((added**2).sum()) / count / (count - 1)
        design = by_post / unbiased if unbiased > 0 else 1.0
        return cls(by_row, by_post, design, float((sizes**2).sum() / sizes.sum()))


def _design_effect(scatter: _Scatter, errors: float) -> float:
    """Return by how much rows of posts say less than independent ones; ``errors``: of how many rows
    that is known, those on the rarer side of the value."""
    expected = (1 + scatter.largest) / 2
    return max(1.0, (errors * scatter.design + PRIOR * expected) / (errors + PRIOR))


def _influence(value_of: Callable[[Array], Array], parts: Array) -> Array:
    """Return what each part (shape (n, k)) adds to the value, shape (n,): by the jackknife, around
    their mean. Equal parts are left out once."""
    rows, which = distinct_rows(parts)
    total = parts.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        without = value_of(total - rows)
    added = (len(parts) - 1) * (float(value_of(total)) - without)[which]
    # Without the only answer that has a value there is none: it says nothing of the scatter.
    added = np.where(np.isfinite(added), added, 0.0)
    return np.asarray(added - added.mean())


def _quantile(freedom: int | None) -> float:
    """Return the quantile of the normal distribution, or of Student's with so many degrees."""
    from scipy.special import ndtri, stdtrit  # scipy.stats takes two seconds to import

    upper = (1 + LEVEL) / 2
    return float(ndtri(upper) if freedom is None else stdtrit(freedom, upper))


def _scale(measure: Measure, value: float) -> tuple[float, float] | None:
    """Return a measure's scale; None where a value lies beyond it."""
    if measure.scale is None:
        return None
    alone = measure.per_example
    values = [value] if alone is None else [value, np.nanmin(alone), np.nanmax(alone)]
    low, high = measure.scale
    within = low - 1e-9 <= min(values) and max(values) <= high + 1e-9
    return measure.scale if within else None


def _none(value: float) -> Interval:
    return Interval(value, math.nan, math.nan)

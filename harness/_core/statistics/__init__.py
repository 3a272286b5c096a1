"""Measures, their uncertainty, and differences between runs.

* :mod:`~imhi._core.statistics.measures`: numbers made from sums over examples.
* :mod:`~imhi._core.statistics.intervals`: intervals of measures, means and differences.
* :mod:`~imhi._core.statistics.clusters`: rows about one post.
* :mod:`~imhi._core.statistics.bootstrap`: percentiles of what was resampled.
* :mod:`~imhi._core.statistics.paired`: several runs on the same posts.
* :mod:`~imhi._core.statistics.averages`: means over datasets and tasks.
* :mod:`~imhi._core.statistics.agreement`: how far raters agree.
* :mod:`~imhi._core.statistics.significance`: tests, corrections, effects, power.
* :mod:`~imhi._core.statistics.ranking`: ranks with their uncertainty.
"""

from imhi._core.statistics import agreement
from imhi._core.statistics.bootstrap import generator, interval
from imhi._core.statistics.clusters import cluster_sums
from imhi._core.statistics.intervals import (
    METHOD,
    Interval,
    correlations,
    difference_interval,
    interval_of,
    mean_interval,
    wilson,
)
from imhi._core.statistics.measures import Array, Measure, mean_measure, with_values_in_all
from imhi._core.statistics.paired import Paired
from imhi._core.statistics.ranking import ranks
from imhi._core.statistics.significance import (
    ALPHA,
    detectable_difference,
    holm,
    holm_within,
    mcnemar_p,
)

__all__ = [
    "ALPHA",
    "METHOD",
    "Array",
    "Interval",
    "Measure",
    "Paired",
    "agreement",
    "cluster_sums",
    "correlations",
    "detectable_difference",
    "difference_interval",
    "generator",
    "holm",
    "holm_within",
    "interval",
    "interval_of",
    "mcnemar_p",
    "mean_interval",
    "mean_measure",
    "ranks",
    "wilson",
    "with_values_in_all",
]

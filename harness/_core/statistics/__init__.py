"""Measures, their uncertainty, and differences between runs.

* :mod:`~imhi._core.statistics.measures`: numbers made from sums over examples.
* :mod:`~imhi._core.statistics.bootstrap`: intervals that resample posts.
* :mod:`~imhi._core.statistics.paired`: several runs on the same posts.
* :mod:`~imhi._core.statistics.averages`: means over datasets and tasks.
* :mod:`~imhi._core.statistics.agreement`: how far raters agree.
* :mod:`~imhi._core.statistics.significance`: tests, corrections, effects, power.
* :mod:`~imhi._core.statistics.ranking`: ranks with their uncertainty.
"""

from imhi._core.statistics import agreement
from imhi._core.statistics.bootstrap import (
    Interval,
    cluster_sums,
    generator,
    interval,
    replicates,
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
    "Array",
    "Interval",
    "Measure",
    "Paired",
    "agreement",
    "cluster_sums",
    "detectable_difference",
    "generator",
    "holm",
    "holm_within",
    "interval",
    "mcnemar_p",
    "mean_measure",
    "ranks",
    "replicates",
    "with_values_in_all",
]

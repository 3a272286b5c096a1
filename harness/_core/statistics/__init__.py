"""Measures, their uncertainty, and differences between runs.

* :mod:`~imhi._core.statistics.measures`: numbers made from sums over examples.
* :mod:`~imhi._core.statistics.bootstrap`: intervals that resample posts.
* :mod:`~imhi._core.statistics.paired`: several runs on the same posts.
* :mod:`~imhi._core.statistics.averages`: means over datasets and tasks.
* :mod:`~imhi._core.statistics.agreement`: how far raters agree.
* :mod:`~imhi._core.statistics.significance`: tests, corrections, effects, power.
* :mod:`~imhi._core.statistics.ranks`: ranks with their uncertainty.
"""

from imhi._core.statistics.bootstrap import Interval, interval, replicates
from imhi._core.statistics.measures import Array, Measure

__all__ = ["Array", "Interval", "Measure", "interval", "replicates"]

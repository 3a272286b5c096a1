"""Measures, their uncertainty, and differences between runs.

* :mod:`~harness.statistics.measures`: numbers made from sums over examples.
* :mod:`~harness.statistics.bootstrap`: intervals that resample posts.
* :mod:`~harness.statistics.paired`: several runs on the same posts.
* :mod:`~harness.statistics.significance`: tests, corrections, effects, power.
* :mod:`~harness.statistics.ranks`: ranks with their uncertainty.
"""

from harness.statistics.bootstrap import Interval, interval, replicates
from harness.statistics.measures import Array, Measure, mean_measure

__all__ = ["Array", "Interval", "Measure", "interval", "mean_measure", "replicates"]

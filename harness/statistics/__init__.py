"""Measures and their uncertainty."""

from harness.statistics.bootstrap import Interval, interval, replicates
from harness.statistics.measures import Array, Measure, mean_measure

__all__ = ["Array", "Interval", "Measure", "interval", "mean_measure", "replicates"]

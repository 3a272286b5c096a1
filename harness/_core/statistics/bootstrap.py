"""Resampling: how its numbers are drawn, and the percentiles of what was resampled.

Whole posts are drawn with replacement (the cluster bootstrap; Davison & Hinkley 1997, section 3.8),
since rows about one post are not independent. Measures have intervals of their own
(:mod:`~imhi._core.statistics.intervals`); percentiles are for what no sum gives, such as rank
correlations.
"""

from __future__ import annotations

import math
import zlib

import numpy as np

from imhi._core.statistics.intervals import LEVEL, Interval
from imhi._core.statistics.measures import Array


def interval(value: float, replicates: Array) -> Interval:
    """Return the percentile interval of bootstrap replicates (shape (resamples,)), widened to hold
    the value; none where they do not differ."""
    finite = replicates[np.isfinite(replicates)]
    if not len(finite) or finite.min() == finite.max():
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, min(float(low), value), max(float(high), value))


def generator(seed: int, name: str) -> np.random.Generator:
    """Return the source of what is drawn for one dataset: ``name`` enters the seed, so that datasets
    are independent and none depends on which others are looked at."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])

"""Who is first, and how sure that is."""

from __future__ import annotations

import numpy as np

from imhi._core.statistics.intervals import LEVEL
from imhi._core.statistics.measures import Array

_TOLERANCE = 1e-9


def ranks(values: Array, higher_is_better: bool) -> np.ndarray:
    """Return ranks from 1 (best) along the first axis; equal values share the better rank, an
    undefined one comes last.

    Args:
        values: shape (runs, ...).
    """
    signed = np.where(np.isnan(values), -np.inf, values if higher_is_better else -values)
    above = signed[None] > signed[:, None] + _TOLERANCE
    return np.asarray(1 + above.sum(axis=1))


def rank_bounds(resampled: Array, higher_is_better: bool) -> list[tuple[int, int]]:
    """Return, for each run, the ranks between which 95% of its ranks in resamples lie.

    Args:
        resampled: values on the same resamples, shape (runs, resamples).
    """
    found = ranks(resampled, higher_is_better)
    tail = (1 - LEVEL) / 2
    low = np.quantile(found, tail, axis=1, method="lower")
    high = np.quantile(found, 1 - tail, axis=1, method="higher")
    return [(int(a), int(b)) for a, b in zip(low, high, strict=True)]

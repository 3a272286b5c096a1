"""Tests of differences, their correction for many, their size, and what it takes to see them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from imhi._core.statistics.measures import Array

ALPHA = 0.05
POWER = 0.8
_TOLERANCE = 1e-9  # differences that rounding alone tells apart are equal


def permutation_p(observed: float, permuted: Array) -> float:
    """Return the two-sided p value of a difference, given those of permuted answers, shape
    (permutations,): the share at least as large, the observed one counted in (Phipson & Smyth 2010),
    so never 0."""
    finite = permuted[np.isfinite(permuted)]
    if not math.isfinite(observed):
        return 1.0
    as_large = int((np.abs(finite) >= abs(observed) - _TOLERANCE).sum())
    return (as_large + 1) / (len(finite) + 1)


def mcnemar_p(only_a: ArrayLike, only_b: ArrayLike) -> Array:
    """Return the two-sided p values of McNemar's exact test, shape (...): binomial over the examples
    that only one of two runs gets right; 1 where there is none.

    ``only_a`` and ``only_b``: how many examples either run alone gets right, shape (...).
    """
    from scipy.special import bdtr  # scipy.stats takes two seconds to import

    fewer = np.minimum(only_a, only_b, dtype=np.float64)
    # The distribution is symmetric, so both tails are equal.
    p_values: Array = np.minimum(1.0, 2 * bdtr(fewer, np.add(only_a, only_b), 0.5))
    return p_values


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number (Holm 1979, Scandinavian Journal of Statistics 6):
    the family-wise error stays below the level at which they are judged. NaN is no test: it stays and
    does not count."""
    tested = [index for index, p in enumerate(p_values) if not math.isnan(p)]
    corrected = [math.nan] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(tested, key=lambda index: p_values[index])):
        largest = max(largest, min(1.0, (len(tested) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected


def holm_within(groups: Sequence[Hashable], p_values: Sequence[float]) -> list[float]:
    """Return p values, each corrected for the number of those of its group."""
    members: dict[Hashable, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    corrected = [0.0] * len(p_values)
    for places in members.values():
        for index, p in zip(places, holm([p_values[place] for place in places]), strict=True):
            corrected[index] = p
    return corrected


def cohens_g(only_a: int, only_b: int) -> float | None:
    """Return how far the split of disagreements is from even, in [-0.5, 0.5] (Cohen 1988, ch. 5:
    0.05 small, 0.15 medium, 0.25 large); None where there is no disagreement."""
    return only_a / (only_a + only_b) - 0.5 if only_a + only_b else None


def cohens_dz(differences: Array) -> float | None:
    """Return the mean of paired differences (shape (n,)) in their standard deviations (Cohen 1988:
    0.2 small, 0.5 medium, 0.8 large); None where they do not vary."""
    finite = differences[np.isfinite(differences)]
    if len(finite) < 2 or float(finite.std(ddof=1)) < _TOLERANCE:
        return None
    return float(finite.mean() / finite.std(ddof=1))


def detectable_difference(deviation: float) -> float:
    """Return the true difference that is found with 80% probability at 5%, two-sided, where
    differences scatter with this standard deviation: 2.8 times it (normal approximation)."""
    from scipy.special import ndtri

    return float((ndtri(1 - ALPHA / 2) + ndtri(POWER)) * deviation)


def posts_needed(posts: int, difference: float, deviation: float) -> int | None:
    """Return about how many posts like these would show a difference like this with 80% power at
    5%. The scatter of a difference shrinks with the square root of the number of posts. None where
    the difference or its scatter is nothing."""
    if abs(difference) < _TOLERANCE or not deviation > 0:
        return None
    return math.ceil(posts * (detectable_difference(deviation) / difference) ** 2)

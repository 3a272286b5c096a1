"""Whether one metric follows a mark more closely than another does.

Correlations of two metrics with the same marks are dependent. For Pearson's r Williams' test is
used, for Spearman's rho and Kendall's tau a paired bootstrap; as every pair of metrics is tested,
p-values are corrected by Holm's method within one mark.
"""

from __future__ import annotations

import math

import numpy as np

from imhi import Array


def williams(r12: float, r13: float, r23: float, n: int) -> tuple[float, float]:
    """Return t (n - 3 degrees of freedom) and the two-sided p-value of r12 - r13.

    Variable 1 is what both correlations share (the marks), 2 and 3 are the metrics. Williams 1959,
    "The comparison of regression variables", JRSS B 21, as given by Steiger 1980, "Tests for
    comparing elements of a correlation matrix", Psychological Bulletin 87; used for
    metrics by Graham & Baldwin 2014, EMNLP. NaN where n < 4 or the metrics are the same.
    """
    from scipy.stats import t as students_t

    if n < 4 or not all(map(math.isfinite, (r12, r13, r23))) or abs(r23) >= 1:
        return math.nan, math.nan
    determinant = 1 - r12**2 - r13**2 - r23**2 + 2 * r12 * r13 * r23
    mean = (r12 + r13) / 2
    spread = 2 * (n - 1) / (n - 3) * max(determinant, 0.0) + mean**2 * (1 - r23) ** 3
    if spread <= 0:
        return math.nan, math.nan
    statistic = (r12 - r13) * math.sqrt((n - 1) * (1 + r23) / spread)
    return statistic, float(2 * students_t.sf(abs(statistic), n - 3))


# Our choice: below, a standard error from resamples means little.
FEWEST_ANSWERS = 10
MOST_UNDEFINED = 0.05


def paired_bootstrap(difference: float, draws: Array, n: int) -> tuple[float, float]:
    """Return z and the two-sided p-value of a difference, given it on resamples (shape (b,)).

    The difference over its bootstrap standard error is taken as normal (Efron & Tibshirani 1993,
    An Introduction to the Bootstrap, chapters 6 and 13): counting resamples below 0 instead could
    give no p-value under 2 / b, and none would outlast Holm's correction. NaN where the difference
    never varies, with fewer than 10 answers (``n``), and where more than 5% of the resamples have
    no correlation.
    """
    from scipy.stats import norm

    finite = draws[np.isfinite(draws)]
    defined = len(finite) >= max(2, (1 - MOST_UNDEFINED) * len(draws))
    if not math.isfinite(difference) or not defined or n < FEWEST_ANSWERS:
        return math.nan, math.nan
    error = float(finite.std(ddof=1))
    if error <= 1e-12:
        return math.nan, math.nan
    statistic = difference / error
    return statistic, float(2 * norm.sf(abs(statistic)))

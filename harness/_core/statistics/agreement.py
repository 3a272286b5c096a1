"""How far raters agree: percent agreement, kappas, Krippendorff's alpha.

Two shapes of data serve all of them. *Counts*, shape (items, marks): how many raters gave an item each
mark of a scale, lowest first. *Tables*, shape (..., marks * marks): how often one mark met another;
those of items add up, so that a bootstrap can resample coefficients as functions of sums. A
coefficient is NaN where it is undefined: nothing was marked twice, or all marks are alike and chance
agrees fully.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from imhi._core.statistics.measures import Array


def mark_counts(marks: Array, scale: Sequence[float]) -> Array:
    """Return how many raters gave each item each mark of a scale, shape (items, marks).

    ``marks``: shape (raters, items), NaN for none.
    """
    return np.stack([(marks == mark).sum(axis=0) for mark in scale], axis=1).astype(np.float64)


def percent_agreement(counts: Array) -> float:
    """Return the share (0 to 100) of pairs of raters that gave an item the same mark, averaged over
    items. ``counts``: shape (items, marks), two or more raters of each item."""
    given = counts.sum(axis=1)
    alike = (counts * (counts - 1)).sum(axis=1) / (given * (given - 1))
    return float(100 * alike.mean())


def fleiss_kappa(counts: Array) -> float:
    """Return Fleiss' kappa; 1 is full agreement, 0 what chance would give.

    Fleiss 1971, Measuring nominal scale agreement among many raters, Psychological Bulletin 76(5),
    equations 3 to 6. ``counts``: shape (items, marks), as many raters of each item, two or more.
    """
    raters = counts.sum(axis=1)
    observed = (((counts**2).sum(axis=1) - raters) / (raters * (raters - 1))).mean()
    expected = ((counts.sum(axis=0) / counts.sum()) ** 2).sum()
    return float((observed - expected) / (1 - expected)) if expected < 1 else math.nan


def krippendorff_alpha(counts: Array) -> float:
    """Return Krippendorff's alpha for ordinal marks (by the library ``krippendorff``); 1 is full
    agreement, 0 what chance would give. Items with fewer than two raters say nothing.

    Krippendorff 2019, Content Analysis, 4th edition, chapter 12. ``counts``: shape (items, marks).
    """
    import krippendorff

    pairable = counts[counts.sum(axis=1) > 1]
    used = pairable.sum(axis=0) > 0
    if used.sum() < 2:
        return math.nan
    table = pairable[:, used].astype(int)
    return float(krippendorff.alpha(value_counts=table, level_of_measurement="ordinal"))


def coincidences(counts: Array) -> Array:
    """Return each item's table of coincidences, shape (items, marks * marks), for counts of shape
    (items, marks). An item with fewer than two raters adds nothing (Krippendorff 2011, Computing
    Krippendorff's alpha-reliability)."""
    marks = counts.shape[1]
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(marks)
    pairs /= np.maximum(counts.sum(axis=1) - 1, 1)[:, None, None]
    return np.asarray(pairs.reshape(len(counts), marks * marks))


def alpha_of_sums(sums: Array) -> Array:
    """Return :func:`krippendorff_alpha` of summed :func:`coincidences`, shape (..., marks * marks);
    shape of the result (...)."""
    tables = _squares(sums)
    counts = tables.sum(axis=-1)
    total = counts.sum(axis=-1)
    # The ordinal distance is that of the mid-ranks: how many marks lie between.
    ranks = np.cumsum(counts, axis=-1) - counts / 2
    distances = (ranks[..., :, None] - ranks[..., None, :]) ** 2
    observed = (tables * distances).sum(axis=(-1, -2))
    expected = (counts[..., :, None] * counts[..., None, :] * distances).sum(axis=(-1, -2))
    with np.errstate(invalid="ignore", divide="ignore"):
        values = 1 - (total - 1) * observed / expected
        return np.asarray(np.where(expected > 0, values, np.nan))


def pair_tables(first: Array, second: Array, marks: int) -> Array:
    """Return each item's table of one rater's mark against another's, shape (items, marks * marks).

    ``first`` and ``second``: shape (items,), whole numbers from 0 to ``marks`` - 1, NaN for none; an
    item that one of them did not mark adds nothing.
    """
    tables = np.zeros((len(first), marks * marks))
    both = np.flatnonzero(~np.isnan(first) & ~np.isnan(second))
    tables[both, first[both].astype(int) * marks + second[both].astype(int)] = 1
    return tables


def weighted_kappa(sums: Array) -> Array:
    """Return Cohen's kappa with quadratic weights (Cohen 1968) of summed :func:`pair_tables`, shape
    (..., marks * marks); shape of the result (...). 1 is perfect, 0 what chance would give."""
    tables = _squares(sums)
    rows, columns = tables.sum(axis=-1), tables.sum(axis=-2)
    total = tables.sum(axis=(-1, -2))
    marks = np.arange(tables.shape[-1])
    weights = (marks[:, None] - marks[None, :]) ** 2.0
    observed = (tables * weights).sum(axis=(-1, -2))
    expected = np.einsum("...i,...j,ij->...", rows, columns, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected > 0, 1 - observed * total / expected, np.nan))


def _squares(sums: Array) -> Array:
    """Return tables of shape (..., marks, marks) for those of shape (..., marks * marks)."""
    marks = math.isqrt(sums.shape[-1])
    return sums.reshape(*sums.shape[:-1], marks, marks)

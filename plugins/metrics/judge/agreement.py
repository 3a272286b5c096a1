"""How far judges agree, with each other and with themselves, as measures the bootstrap can resample.

Kappa and alpha are functions of tables of marks. Each example adds the table of its own marks, so a
resample is a sum of tables; the values equal scikit-learn's ``cohen_kappa_score`` and the package
``krippendorff`` (tests hold them to it).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from imhi.io import MARKS

if TYPE_CHECKING:
    from imhi import Array

_K = len(MARKS)


def pair_tables(first: Array, second: Array) -> Array:
    """Return, for marks of shape (repeats, n) with NaN for none, each example's table of
    ``first`` against ``second``, shape (n, 16): one count for each repeat in which both marked."""
    return _tables(zip(first, second, strict=True), first.shape[1])


def self_tables(marks: Array) -> Array:
    """Return each example's table of a judge against itself, shape (n, 16): every pair of different
    repeats of ``marks`` (repeats, n), in both orders, since neither comes first."""
    repeats, n = marks.shape
    pairs = ((marks[i], marks[j]) for i in range(repeats) for j in range(repeats) if i != j)
    return _tables(pairs, n)


def _tables(pairs: Iterable[tuple[Array, Array]], n: int) -> Array:
    import numpy as np

    tables = np.zeros((n, _K * _K))
    for first, second in pairs:
        both = np.flatnonzero(~np.isnan(first) & ~np.isnan(second))
        cells = first[both].astype(int) * _K + second[both].astype(int)
        tables[both, cells] += 1
    return tables


def kappa(sums: Array) -> Array:
    """Return Cohen's kappa with quadratic weights (Cohen 1968) for tables of shape (..., 16); 1 is
    perfect, 0 what chance would give. NaN where nothing was marked twice, or all marks are one and
    the same: chance then agrees fully."""
    import numpy as np

    tables = sums.reshape(*sums.shape[:-1], _K, _K)
    rows, columns = tables.sum(axis=-1), tables.sum(axis=-2)
    total = tables.sum(axis=(-1, -2))
    marks = np.arange(_K)
    weights = (marks[:, None] - marks[None, :]) ** 2.0
    observed = (tables * weights).sum(axis=(-1, -2))
    expected = np.einsum("...i,...j,ij->...", rows, columns, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected > 0, 1 - observed * total / expected, np.nan))


def coincidences(marks: Array) -> Array:
    """Return each example's coincidences, shape (n, 16), for marks of shape (judges, repeats, n)
    with NaN for none. A unit is an example in one repeat; one that fewer than two judges marked
    adds nothing (Krippendorff 2011, Computing Krippendorff's alpha-reliability)."""
    import numpy as np

    _, repeats, n = marks.shape
    found = np.zeros((n, _K, _K))
    for repeat in range(repeats):
        counts = np.stack([(marks[:, repeat] == mark).sum(axis=0) for mark in MARKS], axis=1)
        pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(_K)
        found += pairs / np.maximum(counts.sum(axis=1) - 1, 1)[:, None, None]
    return found.reshape(n, _K * _K)


def alpha(sums: Array) -> Array:
    """Return Krippendorff's alpha for ordinal marks from coincidences of shape (..., 16); 1 is
    perfect, 0 what chance would give. NaN where nothing was marked twice, or all marks are one and
    the same."""
    import numpy as np

    tables = sums.reshape(*sums.shape[:-1], _K, _K)
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


def library_alpha(marks: Array) -> float | None:
    """Return what the package ``krippendorff`` says of marks of shape (judges, repeats, n); None
    where alpha has no value."""
    import krippendorff
    import numpy as np

    units = marks.reshape(marks.shape[0], -1)
    pairable = units[:, (~np.isnan(units)).sum(axis=0) > 1]
    if len(np.unique(pairable[~np.isnan(pairable)])) < 2:
        return None
    found = krippendorff.alpha(
        reliability_data=units, value_domain=list(MARKS), level_of_measurement="ordinal"
    )
    return round(float(found), 6)

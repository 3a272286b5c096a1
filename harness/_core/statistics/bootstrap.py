"""Bootstrap intervals that resample posts, not rows, without scoring anything again.

Rows about one post are not independent (IRF asks two questions about each, MultiWD six), so whole
posts are drawn with replacement (the cluster bootstrap; Davison & Hinkley 1997, section 3.8).
Posts whose statistics are equal are interchangeable, so the number of times each *distinct* row of
statistics is drawn is multinomial: for label metrics a resample costs a few dozen draws.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imhi._core.statistics.measures import Array, Measure

LEVEL = 0.95
_CHUNK_CELLS = 4_000_000


@dataclass(frozen=True)
class Interval:
    """A value and the bounds of its 95% percentile interval."""

    value: float
    low: float
    high: float


def interval(value: float, replicates: Array) -> Interval:
    """Return the percentile interval of bootstrap replicates (shape (resamples,))."""
    finite = replicates[np.isfinite(replicates)]
    if not len(finite):
        return Interval(value, value, value)
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high))


def cluster_sums(statistics: Array, clusters: Sequence[str]) -> Array:
    """Sum rows (shape (n, k)) by cluster; shape (number of clusters, k)."""
    _, positions = np.unique(np.asarray(clusters, dtype=object).astype(str), return_inverse=True)
    sums = np.zeros((int(positions.max()) + 1, statistics.shape[1]))
    np.add.at(sums, positions.reshape(-1), statistics)
    return sums


def replicates(
    measures: Sequence[Measure],
    clusters: Sequence[str],
    resamples: int = 10_000,
    seed: int = 0,
    name: str = "",
) -> list[Array]:
    """Return, for each measure, its values (shape (resamples,)) on resampled posts.

    Measures of one call see the same resamples wherever their statistics are equal or all
    distinct. ``name`` (the dataset's) enters the seed, so that datasets are independent and the
    result does not depend on which others are scored.
    """
    results: list[Array | None] = [None] * len(measures)
    groups: dict[bytes, list[int]] = {}
    for index, measure in enumerate(measures):
        key = repr(measure.statistics.shape).encode() + measure.statistics.tobytes()
        groups.setdefault(key, []).append(index)

    pooled: list[tuple[list[int], Array]] = []
    for members in groups.values():
        sums = cluster_sums(measures[members[0]].statistics, clusters)
        distinct, counts = np.unique(sums, axis=0, return_counts=True)
        if len(distinct) * 2 > len(sums):
            pooled.append((members, sums))
            continue
        drawn = _resample(distinct, counts, len(sums), resamples, generator(seed, name))
        for index in members:
            results[index] = measures[index].value_of(drawn)
    if pooled:
        wide = np.concatenate([sums for _, sums in pooled], axis=1)
        ones = np.ones(len(wide), dtype=np.int64)
        drawn = _resample(wide, ones, len(wide), resamples, generator(seed, name))
        start = 0
        for members, sums in pooled:
            part = drawn[:, start : start + sums.shape[1]]
            start += sums.shape[1]
            for index in members:
                results[index] = measures[index].value_of(part)
    return [result for result in results if result is not None]


def generator(seed: int, name: str) -> np.random.Generator:
    """Return the source of what is drawn for one dataset."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _resample(
    rows: Array, counts: np.ndarray, total: int, resamples: int, drawn_by: np.random.Generator
) -> Array:
    """Return sums over ``total`` draws of rows with the given multiplicities."""
    drawn = np.empty((resamples, rows.shape[1]))
    step = max(1, _CHUNK_CELLS // len(rows))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        weights = drawn_by.multinomial(total, counts / counts.sum(), size=size)
        drawn[start : start + size] = weights @ rows
    return drawn

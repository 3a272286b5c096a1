"""Rows about one post belong together: their sums, and rows that are equal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imhi._core.statistics.measures import Array


def cluster_places(clusters: Sequence[str]) -> np.ndarray:
    """Return which cluster each row is in, counted from 0 in the order of their names; shape (n,)."""
    place = {name: index for index, name in enumerate(sorted(set(clusters)))}
    return np.array([place[name] for name in clusters], dtype=np.int64)


def sums_at(statistics: Array, places: np.ndarray) -> Array:
    """Sum rows (shape (n, k)) by the cluster they are in; shape (number of clusters, k)."""
    sums = np.zeros((int(places.max()) + 1, statistics.shape[1]))
    np.add.at(sums, places, statistics)
    return sums


def cluster_sums(statistics: Array, clusters: Sequence[str]) -> Array:
    """Sum rows (shape (n, k)) by cluster; shape (number of clusters, k)."""
    return sums_at(statistics, cluster_places(clusters))


def distinct_rows(rows: Array) -> tuple[Array, np.ndarray]:
    """Return the distinct rows of shape (n, k), and which of them each is, shape (n,): what is made
    of equal rows is made once."""
    rows = np.ascontiguousarray(rows)
    as_bytes = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).reshape(-1)
    _, first, which = np.unique(as_bytes, return_index=True, return_inverse=True)
    return rows[first], which.reshape(-1).astype(np.int64)

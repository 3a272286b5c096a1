"""Pearson, Spearman and Kendall (tau-b) on a sample and on all its bootstrap resamples at once.

A resample is a row of weights: how often each answer was drawn. The coefficients are those of the
sample with its rows repeated that often, ties handled as in scipy (mid-ranks; tau-b), without
repeating anything: a few matrix products serve thousands of resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from imhi import Array

# A variance this much smaller than the squared spread of the data is rounding, not variation.
_ROUNDING = 1e-12


def draw_weights(clusters: Sequence[str], resamples: int, seed: int) -> Array:
    """Return how often each row is drawn; shape (resamples, rows).

    Posts are drawn with replacement, with all rows about them (the cluster bootstrap; Davison &
    Hinkley 1997, section 3.8). All metrics see the same draws, so differences are paired.
    """
    _, post = np.unique(np.asarray(clusters, dtype=object).astype(str), return_inverse=True)
    post = post.reshape(-1)
    posts = int(post.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(
        posts, np.full(posts, 1 / posts), size=resamples
    )
    return np.asarray(drawn[:, post], dtype=np.float64)


def pearson(x: Array, y: Array, weights: Array) -> Array:
    """Return Pearson's r for each row of weights; NaN where either does not vary.

    ``x`` and ``y`` have shape (n,), ``weights`` and the result (resamples, n) and (resamples,).
    """
    # Around its median a column that is constant is exactly 0.
    return _product_moment(x - np.median(x), y - np.median(y), weights)


def _product_moment(x: Array, y: Array, weights: Array) -> Array:
    """Return Pearson's r of centred columns, shape (n,), or (resamples, n) where they differ
    between resamples."""
    total = weights.sum(axis=1)

    def mean(values: Array) -> Array:
        if values.ndim == 1:
            return np.asarray(weights @ values) / total
        return np.asarray(np.einsum("bn,bn->b", weights, values)) / total

    # Of few answers a resample may hold none: nothing over nothing, and NaN is right.
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x, mean_y = mean(x), mean(y)
        variance_x = mean(x * x) - mean_x**2
        variance_y = mean(y * y) - mean_y**2
        covariance = mean(x * y) - mean_x * mean_y
        varies = (variance_x > _ROUNDING * np.max(x * x)) & (variance_y > _ROUNDING * np.max(y * y))
        found = covariance / np.sqrt(variance_x * variance_y)
    return np.where(varies, np.clip(found, -1.0, 1.0), np.nan)


def centred_ranks(values: Array, weights: Array) -> Array:
    """Return the ranks of ``values`` (shape (n,)) in each resample, less the mean rank, ties at
    their middle; shape (resamples, n). The rank of a row that was not drawn has no weight."""
    order = np.argsort(values, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(values[order]) > 0])
    counts = np.add.reduceat(weights[:, order], starts, axis=1)
    before = np.cumsum(counts, axis=1) - counts
    ranks = before + counts / 2 - weights.sum(axis=1, keepdims=True) / 2
    group = np.empty(len(values), dtype=np.int64)
    group[order] = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(values)]))
    return np.asarray(ranks[:, group])


def spearman(x: Array, y: Array, weights: Array) -> Array:
    """Return Spearman's rho for each row of weights: Pearson's r of mid-ranks; shape (resamples,)."""
    return _product_moment(centred_ranks(x, weights), centred_ranks(y, weights), weights)


def kendall(x: Array, y: Array, weights: Array) -> Array:
    """Return Kendall's tau-b for each row of weights (Kendall 1945); shape (resamples,).

    Concordant minus discordant pairs, over the geometric mean of the pairs that are not tied in x
    and of those that are not tied in y.
    """
    sign_x = np.sign(x[:, None] - x[None, :])
    sign_y = np.sign(y[:, None] - y[None, :])

    def pairs(matrix: Array) -> Array:
        return np.asarray(np.einsum("bn,bn->b", weights @ matrix, weights))

    untied = pairs(np.abs(sign_x)) * pairs(np.abs(sign_y))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(untied > 0, pairs(sign_x * sign_y) / np.sqrt(untied), np.nan)


COEFFICIENTS: Mapping[str, Callable[[Array, Array, Array], Array]] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall": kendall,
}
SYMBOLS = {"pearson": "Pearson's r", "spearman": "Spearman's rho", "kendall": "Kendall's tau-b"}


def correlation(name: str, x: Array, y: Array) -> float:
    """Return a coefficient of two columns, shape (n,), as they are; NaN where it is undefined."""
    return float(COEFFICIENTS[name](x, y, np.ones((1, len(x))))[0]) if len(x) else float("nan")


def why_undefined(x: Array, y: Array) -> str:
    """Return why two columns without gaps, shape (n,), have no correlation; empty where they have
    one."""
    if len(x) < 3:
        return f"fewer than 3 answers ({len(x)})"
    if np.ptp(x) == 0:
        return "the metric is the same for all answers"
    if np.ptp(y) == 0:
        return "the marks are the same for all answers"
    return ""

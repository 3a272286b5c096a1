"""Calibration error and Brier score, as measures: functions of sums over examples.

Expected calibration error (Naeini et al. 2015; Guo et al. 2017, arXiv 1706.04599) of the label that
was chosen: examples are put into bins by confidence, and

    ECE = sum over bins b of  n_b / n * |accuracy(b) - confidence(b)|

Bins of equal width are the usual ones; bins of equal mass (Nixon et al. 2019, arXiv 1904.01685) do not
leave a few examples alone in a bin. The Brier score (Brier 1950) of an example is the sum over labels
of (probability - truth)^2: 0 at best, 2 at worst.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imhi import Array, Measure
from imhi.plugins.robustness.calibration.confidences import Decisions

SMALLEST = 10  # examples in a bin of equal mass, if there are so many


@dataclass(frozen=True)
class Bin:
    """Examples of like confidence: how sure the model was of them, how often right (0 to 1)."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def equal_width(count: int) -> Array:
    """Return the inner edges of bins of equal width over [0, 1], shape (count - 1,)."""
    return np.linspace(0, 1, count + 1)[1:-1]


def equal_mass(confidence: Array, count: int) -> Array:
    """Return the inner edges, shape (bins - 1,), of at most ``count`` bins of about equal numbers.

    Equal confidences (shape (n,)) share a bin, and none is made of fewer than :data:`SMALLEST`
    examples where there are so many: a bin of one has no accuracy.
    """
    ordered = np.sort(confidence)
    count = max(1, min(count, len(ordered) // SMALLEST))
    edges: list[float] = []
    below = 0  # examples in the bins so far
    for share in range(1, count):
        edge = ordered[-(-share * len(ordered) // count)]
        start = int(np.searchsorted(ordered, edge))  # where that confidence begins
        if start - below >= SMALLEST and len(ordered) - start >= SMALLEST:
            edges.append(float(edge))
            below = start
    return np.array(edges)


def bin_of(confidence: Array, edges: Array) -> np.ndarray:
    """Return the bin of each example, shape (n,); an edge belongs to the bin above it.

    ``confidence``: shape (n,); ``edges``: the inner ones, shape (bins - 1,).
    """
    return np.asarray(np.searchsorted(edges, confidence, side="right"))


def calibration_error(name: str, confidence: Array, right: np.ndarray, edges: Array) -> Measure:
    """Return the expected calibration error, in percent, as a measure.

    A bin adds |sum of (right - confidence)|, so its sums are all that a resample needs; edges stay
    where they are. ``confidence`` and ``right`` have shape (n,).
    """
    bins = bin_of(confidence, edges)
    statistics = np.zeros((len(confidence), len(edges) + 2))
    statistics[np.arange(len(confidence)), bins] = right - confidence
    statistics[:, -1] = 1.0
    return Measure(name, statistics, _error, higher_is_better=False)


def _error(sums: Array) -> Array:
    return np.asarray(100 * np.abs(sums[..., :-1]).sum(axis=-1) / sums[..., -1])


def error_by_chance(
    confidence: Array, edges: Array, draws: int, generator: np.random.Generator
) -> Array:
    """Return the calibration errors, in percent, that a perfectly calibrated model of these
    confidences would have by chance, shape (draws,).

    Finite samples never have an error of 0, so that a value means little without these (consistency
    resampling; Bröcker & Smith 2007, Vaicenavicius et al. 2019). Rows count as independent.
    """
    bins = bin_of(confidence, edges)
    order = np.argsort(bins, kind="stable")
    sure = np.clip(confidence[order], 0, 1)
    starts = np.unique(bins[order], return_index=True)[1]
    found = np.empty(draws)
    step = max(1, 4_000_000 // len(confidence))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        right = generator.random((size, len(sure)), dtype=np.float32) < sure
        gaps = np.add.reduceat(right - sure, starts, axis=1)
        found[start : start + size] = 100 * np.abs(gaps).sum(axis=1) / len(sure)
    return found


def brier(found: Decisions) -> Measure:
    """Return the mean Brier score over all labels."""
    truth = np.zeros_like(found.probabilities)
    truth[np.arange(len(found.gold)), found.gold] = 1.0
    values: Sequence[float] = ((found.probabilities - truth) ** 2).sum(axis=1).tolist()
    return Measure.mean("brier", values, decimals=3, higher_is_better=False, scale=(0.0, 2.0))


def bins_of(confidence: Array, right: np.ndarray, edges: Array) -> list[Bin]:
    """Return the bins that hold examples: the points of a reliability diagram. ``confidence`` and
    ``right`` have shape (n,)."""
    which = bin_of(confidence, edges)
    bounds = [0.0, *edges.tolist(), 1.0]
    return [
        Bin(
            bounds[index],
            bounds[index + 1],
            int((which == index).sum()),
            float(confidence[which == index].mean()),
            float(right[which == index].mean()),
        )
        for index in np.unique(which).tolist()
    ]

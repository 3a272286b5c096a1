"""How far annotators agree with one another: what a metric can reach at most.

No metric can follow marks that annotators do not share. Krippendorff's alpha (ordinal) is 1 for
full agreement and 0 for what chance alone would give. The leave-one-out correlation sets each
annotator against the mean of the others, in the coefficients metrics are measured in: what one more
person would reach as a metric.
"""

from __future__ import annotations

import numpy as np

from imhi import Array
from imhi.plugins.meta_evaluation.correlations import COEFFICIENTS


def value_counts(marks: Array) -> tuple[Array, Array]:
    """Return how many annotators gave each answer each mark, shape (answers, marks in use), and
    the marks in use, from low to high. ``marks``: shape (answers, annotators), NaN for none."""
    used = np.unique(marks[~np.isnan(marks)])
    return (marks[:, :, None] == used[None, None, :]).sum(axis=1), used


def alpha(counts: Array, used: Array) -> float:
    """Return Krippendorff's ordinal alpha (by the library ``krippendorff``); NaN where undefined:
    fewer than two marks in use, or no answer with two annotators.

    Krippendorff 2019, Content Analysis, 4th edition, chapter 12.
    """
    import krippendorff

    present = counts[counts.sum(axis=1) > 1].sum(axis=0) > 0
    if present.sum() < 2:
        return float("nan")
    return float(
        krippendorff.alpha(
            value_counts=counts[:, present],
            value_domain=used[present],
            level_of_measurement="ordinal",
        )
    )


def alpha_draws(marks: Array, weights: Array) -> Array:
    """Return alpha on each resample; shape (resamples,). Answers marked alike are drawn together."""
    counts, used = value_counts(marks)
    kinds, kind = np.unique(counts, axis=0, return_inverse=True)
    times = np.zeros((len(weights), len(kinds)))
    np.add.at(times.T, kind.reshape(-1), weights.T)
    found = np.empty(len(weights))
    for row, drawn in enumerate(times.astype(np.int64)):
        found[row] = alpha(np.repeat(kinds, drawn, axis=0), used)
    return found


def leave_one_out(name: str, marks: Array, weights: Array) -> Array:
    """Return the correlation of each annotator with the mean of the others, on each resample.

    ``marks``: shape (answers, annotators). Shape of the result: (annotators, resamples); NaN where
    the annotator's marks, or those of the others, are all alike.
    """
    found = np.full((marks.shape[1], len(weights)), np.nan)
    for annotator in range(marks.shape[1]):
        own = marks[:, annotator]
        others = mean_mark(np.delete(marks, annotator, axis=1))
        both = ~np.isnan(own) & ~np.isnan(others)
        if both.sum() >= 3:
            found[annotator] = COEFFICIENTS[name](own[both], others[both], weights[:, both])
    return found


def mean_defined(columns: Array) -> Array:
    """Return the mean over the first axis of what is not NaN; NaN where nothing is."""
    counted = ~np.isnan(columns)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(counted, columns, 0.0).sum(axis=0) / counted.sum(axis=0))


def mean_mark(marks: Array) -> Array:
    """Return the mean over the annotators that gave a mark, NaN where none did; shape (answers,)."""
    return mean_defined(marks.T)

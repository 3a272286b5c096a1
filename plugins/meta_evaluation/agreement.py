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
from imhi.runs import statistics


def mark_counts(marks: Array) -> Array:
    """Return how many annotators gave each answer each mark that is in use, shape (answers, marks).
    ``marks``: shape (answers, annotators), NaN for none."""
    return statistics.agreement.mark_counts(marks.T, np.unique(marks[~np.isnan(marks)]).tolist())


def alpha_draws(counts: Array, weights: Array) -> Array:
    """Return alpha on each resample, shape (resamples,). ``counts``: shape (answers, marks);
    ``weights``: how often each answer was drawn, shape (resamples, answers)."""
    return statistics.agreement.alpha_of_sums(weights @ statistics.agreement.coincidences(counts))


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
    """Return the mean over the first axis of what is not NaN, shape (n, ...) to (...); NaN where
    nothing is."""
    counted = ~np.isnan(columns)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(counted, columns, 0.0).sum(axis=0) / counted.sum(axis=0))


def mean_mark(marks: Array) -> Array:
    """Return the mean over the annotators that gave a mark, NaN where none did; shape (answers,)."""
    return mean_defined(marks.T)

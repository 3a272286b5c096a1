"""Every two runs tested against each other."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from imhi._core.comparing.intervals import Intervals, bounds
from imhi._core.comparing.resampling import Resamples, rounded
from imhi._core.comparing.result import (
    ComparedMetric,
    Disagreement,
    ExampleCounts,
    Pair,
)
from imhi._core.statistics import Measure
from imhi._core.statistics.significance import (
    cohens_dz,
    cohens_g,
    detectable_difference,
    holm_within,
    mcnemar_p,
    permutation_p,
    posts_needed,
)


def tested_pairs(
    metric: ComparedMetric,
    dataset: str,
    over: str,
    names: Sequence[str],
    drawn: Resamples,
    intervals: Intervals,
    counts: Sequence[ExampleCounts] = (),
) -> list[Pair]:
    """Return every two runs with their difference and its permutation test; ``counts`` are about
    each pair, none for a mean."""
    found = []
    for index, (a, b) in enumerate(itertools.combinations(range(len(names)), 2)):
        difference = float(drawn.values[a] - drawn.values[b])
        resampled = drawn.resampled[a] - drawn.resampled[b]
        low, high = bounds(intervals.differences[index])
        p = permutation_p(difference, drawn.permuted[index])
        deviation = float(np.nanstd(resampled)) if drawn.posts > 1 else 0.0
        found.append(
            Pair(
                metric=metric.name,
                dataset=dataset,
                over=over,
                a=names[a],
                b=names[b],
                difference=rounded(difference),
                low=low,
                high=high,
                p=p,
                p_holm=p,
                posts=drawn.posts,
                examples=drawn.examples,
                posts_needed=posts_needed(drawn.posts, difference, deviation),
                detectable=rounded(detectable_difference(deviation)),
                **(vars(counts[index]) if counts else {}),
            )
        )
    return found


def corrected(pairs: Sequence[Pair]) -> list[Pair]:
    """Return pairs with p values corrected over the datasets of each two runs."""
    p_values = holm_within([(pair.a, pair.b) for pair in pairs], [pair.p for pair in pairs])
    return [dataclasses.replace(pair, p_holm=p) for pair, p in zip(pairs, p_values, strict=True)]


def counted_examples(
    metric: ComparedMetric,
    is_labels: bool,
    right_a: np.ndarray,
    right_b: np.ndarray,
    a: Measure,
    b: Measure,
) -> ExampleCounts:
    """Return what counting examples says of two runs: wins, ties, losses, and the effect's size.

    ``right_a`` and ``right_b`` say which examples either run labels right, shape (n,); they count for
    a metric of labels (``is_labels``), other metrics by the value of each example.
    """
    if is_labels:
        if not (metric.higher_is_better and metric.headline):
            # It is not about how many labels are right: unparsed answers, one class.
            return ExampleCounts()
        only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
        return ExampleCounts(
            better=only_a,
            equal=len(right_a) - only_a - only_b,
            worse=only_b,
            labels=Disagreement(only_a, only_b, float(mcnemar_p(only_a, only_b))),
            effect=cohens_g(only_a, only_b),
            effect_name="Cohen's g",
        )
    if a.per_example is None or b.per_example is None:
        return ExampleCounts()
    sign = 1 if metric.higher_is_better else -1
    differences = sign * (a.per_example - b.per_example)
    counted = differences[np.isfinite(differences)]
    better, worse = int((counted > 1e-9).sum()), int((counted < -1e-9).sum())
    return ExampleCounts(
        better=better,
        equal=len(counted) - better - worse,
        worse=worse,
        effect=cohens_dz(differences),
        effect_name="Cohen's d_z",
    )

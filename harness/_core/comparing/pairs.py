"""Every two runs tested against each other."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from imhi._core.comparing.measures import is_label_metric
from imhi._core.comparing.resampling import Drawn, bounds, rounded
from imhi._core.comparing.result import ComparedMetric, Disagreement, Pair
from imhi._core.registry import Registry
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
    drawn: Drawn,
    details: Sequence[Mapping[str, Any]] | None,
) -> list[Pair]:
    found = []
    for index, (a, b) in enumerate(itertools.combinations(range(len(names)), 2)):
        difference = float(drawn.values[a] - drawn.values[b])
        scattered = drawn.resampled[a] - drawn.resampled[b]
        low, high = bounds(difference, scattered, drawn.posts)
        p = permutation_p(difference, drawn.exchanged[index])
        deviation = float(np.nanstd(scattered)) if drawn.posts > 1 else 0.0
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
                **(details[index] if details else {}),
            )
        )
    return found


def corrected(pairs: Sequence[Pair]) -> list[Pair]:
    """Return pairs with p values corrected over the datasets of each two runs."""
    p_values = holm_within([(pair.a, pair.b) for pair in pairs], [pair.p for pair in pairs])
    return [dataclasses.replace(pair, p_holm=p) for pair, p in zip(pairs, p_values, strict=True)]


def counted_examples(
    metric: ComparedMetric,
    registry: Registry,
    right_a: np.ndarray,
    right_b: np.ndarray,
    a: Measure,
    b: Measure,
) -> dict[str, Any]:
    """Return what counting examples says of two runs: wins, ties, losses, and the effect's size."""
    if is_label_metric(metric, registry):
        if not (metric.higher_is_better and metric.headline):
            return {}  # not about how many labels are right: unparsed answers, one class
        only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
        return {
            "better": only_a,
            "equal": len(right_a) - only_a - only_b,
            "worse": only_b,
            "labels": Disagreement(only_a, only_b, mcnemar_p(only_a, only_b)),
            "effect": cohens_g(only_a, only_b),
            "effect_name": "Cohen's g",
        }
    if a.per_example is None or b.per_example is None:
        return {}
    sign = 1 if metric.higher_is_better else -1
    differences = sign * (a.per_example - b.per_example)
    counted = differences[np.isfinite(differences)]
    better, worse = int((counted > 1e-9).sum()), int((counted < -1e-9).sum())
    return {
        "better": better,
        "equal": len(counted) - better - worse,
        "worse": worse,
        "effect": cohens_dz(differences),
        "effect_name": "Cohen's d_z",
    }

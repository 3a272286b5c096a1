"""Measures of several answers to one example (``--samples N``), besides their majority vote.

The label metrics are about the vote; these are about the samples that it was taken of. An answer
without a label (unparsed, or no answer at all) is wrong and agrees with none, not even with another
that has no label. pass@k is the unbiased estimate of Chen et al. (arXiv 2107.03374): how likely one of
k samples, drawn from the N there are, is right. Of a run with one answer for each example there is
nothing to measure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import comb
from typing import TYPE_CHECKING

from imhi import Context, Example, Metric, Prediction, Response, hookimpl

if TYPE_CHECKING:
    from imhi import Measure


def pass_at(right: int, samples: int, k: int) -> float:
    """Return how likely one of ``k`` samples, drawn from ``samples`` of which some are ``right``, is
    right: in [0, 1], for k from 1 to ``samples``."""
    return 1.0 - comb(samples - right, k) / comb(samples, k)


def agreement(votes: Sequence[str | None]) -> float:
    """Return the share of pairs of votes, two or more, that are the same label, in [0, 1]."""
    counts = Counter(filter(None, votes))
    return sum(comb(count, 2) for count in counts.values()) / comb(len(votes), 2)


def samples(
    examples: Sequence[Example],
    responses: Sequence[Response],
    predictions: Sequence[Prediction],
    context: Context,
) -> list[Measure]:
    """Return pass rate, pass@N, agreement, and in files pass@k for the powers of two below N."""
    from imhi import Measure

    count = max(len(prediction.votes) for prediction in predictions)
    if count < 2:
        return []
    right = [
        sum(one == example.label for one in prediction.votes)
        for example, prediction in zip(examples, predictions, strict=True)
    ]
    powers = [2**power for power in range(1, count.bit_length()) if 2**power < count]
    return [
        Measure.mean("pass_rate", [100 * n / count for n in right], samples=count),
        Measure.mean(f"pass_at_{count}", [100 * pass_at(n, count, count) for n in right]),
        Measure.mean("agreement", [100 * agreement(one.votes) for one in predictions]),
        *(
            Measure.mean(
                f"pass_at_{k}", [100 * pass_at(n, count, k) for n in right], headline=False
            )
            for k in powers
        ),
    ]


@hookimpl
def imhi_metrics() -> Iterator[Metric]:
    yield Metric(
        "samples",
        "Of several samples per example: pass rate, pass@N, agreement (none with one)",
        samples,
        group="samples",
        default=True,
    )

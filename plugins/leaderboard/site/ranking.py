"""Ranks, how sure they are, and means over datasets or tasks."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imhi.plugins.leaderboard.site.entries import Score

_TOLERANCE = 1e-9


class Place(NamedTuple):
    """A rank (1 is the best; equal values share the better one) and the ranks it may be: ``best``
    is 1 + the number of entries whose interval lies wholly above, ``worst`` the number of entries
    whose interval does not lie wholly below."""

    rank: int
    best: int
    worst: int


def places(scores: Mapping[str, Score]) -> dict[str, Place]:
    """Return the place of each entry, the best first; equal values keep their order."""
    values, lows, highs = (
        (sorted(column) for column in zip(*scores.values(), strict=True))
        if (scores)
        else ([], [], [])
    )
    count = len(scores)
    ranked = {
        name: Place(
            rank=1 + count - bisect_right(values, score.value + _TOLERANCE),
            best=1 + count - bisect_right(lows, score.high),
            worst=count - bisect_left(highs, score.low),
        )
        for name, score in scores.items()
    }
    return dict(sorted(ranked.items(), key=lambda item: item[1].rank))


def mean(scores: Sequence[tuple[float, Score]]) -> Score:
    """Return the mean of scores with weights that add up to 1.

    The datasets were resampled independently, so the distances of the bounds from the values are
    added as standard errors are: the root of the sum of squares.
    """
    value = math.fsum(weight * score.value for weight, score in scores)
    below = math.sqrt(math.fsum((w * (s.value - s.low)) ** 2 for w, s in scores))
    above = math.sqrt(math.fsum((w * (s.high - s.value)) ** 2 for w, s in scores))
    return Score(value, value - below, value + above)


def mean_over_datasets(scores: Sequence[Score]) -> Score:
    """Return the mean of scores, each with the same weight."""
    return mean([(1 / len(scores), score) for score in scores])


def mean_over_tasks(scores: Mapping[str, Score], tasks: Mapping[str, Sequence[str]]) -> Score:
    """Return the mean over tasks of the means over their datasets.

    Args:
        tasks: the datasets of each task; ``scores`` has all of them.
    """
    return mean(
        [
            (1 / len(tasks) / len(datasets), scores[name])
            for datasets in tasks.values()
            for name in datasets
        ]
    )

"""What is drawn once and serves every value, rank and test: resamples and exchanges of posts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imhi._core.registry import Registry
from imhi._core.statistics import Array, Measure, interval
from imhi._core.statistics.paired import exchanged, paired, resampled


@dataclass(frozen=True)
class Drawn:
    """One measure on one dataset (or a mean over several): every run's value, on all posts and on
    resampled ones, and every pair's difference with answers exchanged."""

    values: Array
    resampled: Array
    exchanged: Array
    posts: int
    examples: int


def draw(
    measures: Sequence[Measure], clusters: Sequence[str], resamples: int, seed: int, dataset: str
) -> Drawn:
    """Draw once for all runs; ``clusters`` names the post of each row."""
    together = paired(measures, clusters)
    return Drawn(
        together.values(),
        resampled(together, resamples, seed, dataset),
        exchanged(together, resamples, seed, dataset),
        together.posts,
        len(clusters),
    )


def means(per_dataset: Mapping[str, Drawn], registry: Registry) -> dict[str, Drawn]:
    """Return the mean over datasets, and over tasks (a task's value is the mean of its datasets);
    datasets are drawn independently. Nothing where there is one dataset only."""
    if len(per_dataset) < 2:
        return {}
    tasks: dict[str, list[str]] = {}
    for dataset in per_dataset:
        tasks.setdefault(registry.task_of(dataset).name, []).append(dataset)

    def mean(groups: Sequence[Sequence[str]]) -> Drawn:
        def of(what: str) -> Array:
            parts = [np.mean([getattr(per_dataset[d], what) for d in g], axis=0) for g in groups]
            return np.asarray(np.mean(parts, axis=0))

        posts, examples = (
            sum(getattr(one, what) for one in per_dataset.values())
            for what in ("posts", "examples")
        )
        return Drawn(of("values"), of("resampled"), of("exchanged"), posts, examples)

    return {"datasets": mean([[d] for d in per_dataset]), "tasks": mean(list(tasks.values()))}


def bounds(value: float, scattered: Array, posts: int) -> tuple[float | None, float | None]:
    """Return the bounds of the interval; none where one post is all there is to draw from."""
    if posts < 2 or not math.isfinite(value):
        return None, None
    found = interval(value, scattered)
    return rounded(found.low), rounded(found.high)


def rounded(value: float) -> float:
    return round(value, 6)

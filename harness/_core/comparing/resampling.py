"""What is drawn once and serves every value, rank and test: resampled and permuted posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imhi._core.registry import Registry
from imhi._core.statistics import Array, Measure
from imhi._core.statistics.averages import averaged_groups, group_mean
from imhi._core.statistics.paired import Paired


@dataclass(frozen=True)
class Resamples:
    """One measure of several runs on one dataset, or its mean over several.

    ``values``: on all posts, shape (runs,). ``resampled``: on the same resampled posts, shape (runs,
    resamples). ``permuted``: each pair's difference with answers permuted between the two, shape
    (pairs, permutations); no pairs where it was not asked for. They are made of ``examples`` about
    ``posts``.
    """

    values: Array
    resampled: Array
    permuted: Array
    posts: int
    examples: int

    @classmethod
    def draw(
        cls,
        measures: Sequence[Measure],
        clusters: Sequence[str],
        resamples: int,
        seed: int,
        dataset: str,
        *,
        permutations: int = 0,
        draws: int | None = None,
    ) -> Resamples:
        """Draw once for all runs; ``clusters`` names the post of each row.

        ``draws`` is how many posts a resample has (None: as many as there are).
        """
        together = Paired.of(measures, clusters)
        return cls(
            together.values(),
            together.resampled(resamples, seed, dataset, draws),
            together.permuted(permutations, seed, dataset) if permutations else np.empty((0, 0)),
            together.posts,
            len(clusters),
        )

    @classmethod
    def mean(cls, groups: Sequence[Sequence[Resamples]]) -> Resamples:
        """Return the mean over groups of the mean within each; datasets are drawn independently."""

        def of(what: str) -> Array:
            return group_mean([[getattr(one, what) for one in group] for group in groups])

        members = [one for group in groups for one in group]
        posts, examples = (
            sum(getattr(one, what) for one in members) for what in ("posts", "examples")
        )
        return cls(of("values"), of("resampled"), of("permuted"), posts, examples)


def means(per_dataset: Mapping[str, Resamples], registry: Registry) -> dict[str, Resamples]:
    """Return the means over datasets and over tasks; nothing where there is one dataset only."""
    if len(per_dataset) < 2:
        return {}
    groupings = averaged_groups(list(per_dataset), lambda name: registry.task_of(name).name)
    return {
        over: Resamples.mean([[per_dataset[dataset] for dataset in group] for group in groups])
        for over, groups in groupings.items()
    }


def rounded(value: float) -> float:
    """Return a number as results keep it; nothing has no sign."""
    return round(value, 6) + 0.0

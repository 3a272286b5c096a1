"""Means over datasets, and over tasks: a task's value is the mean of its datasets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from imhi._core.statistics.measures import Array


def averaged_groups(
    datasets: Sequence[str], task_of: Callable[[str], str]
) -> dict[str, list[list[str]]]:
    """Return what a mean over ``datasets`` and one over ``tasks`` is taken of: groups that weigh the
    same, however many datasets each holds. ``task_of`` names a dataset's task."""
    tasks: dict[str, list[str]] = {}
    for dataset in datasets:
        tasks.setdefault(task_of(dataset), []).append(dataset)
    return {"datasets": [[dataset] for dataset in datasets], "tasks": list(tasks.values())}


def group_mean(groups: Sequence[Sequence[Array | float]]) -> Array:
    """Return the mean over groups of the mean within each, of numbers or arrays of one shape (...)."""
    return np.asarray(np.mean([np.mean(np.array(group), axis=0) for group in groups], axis=0))

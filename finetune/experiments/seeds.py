"""A recipe trained with several seeds: how far its scores move by chance alone."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imhi import HarnessError, PluginManager
from imhi.finetune.experiments.single import Trained, train_and_score
from imhi.finetune.trained.folder import TrainedFolder

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe


@dataclass(frozen=True)
class Spread:
    """A score over seeds. ``deviation`` is the sample standard deviation (n - 1)."""

    dataset: str
    metric: str
    values: tuple[float, ...]
    mean: float
    deviation: float


def train_seeds(
    recipe: Recipe,
    manager: PluginManager,
    out: Path,
    name: str,
    runs: Path,
    seeds: Sequence[int],
) -> tuple[list[Trained], list[Spread]]:
    """Train and score a recipe once per seed, into ``NAME-seedN``.

    Raises:
        HarnessError: fewer than two seeds, or one twice.
    """
    if len(set(seeds)) < max(2, len(seeds)):
        raise HarnessError(
            f"--seeds: found {','.join(map(str, seeds))}, expected two or more different numbers such as "
            "0,1,2"
        )
    trained = []
    for seed in seeds:
        training = recipe.training.model_copy(update={"seed": seed})
        seeded = recipe.model_copy(update={"training": training})
        folder = TrainedFolder(out / f"{name}-seed{seed}")
        trained.append(train_and_score(seeded, manager, folder, runs))
    return trained, spreads(trained)


def spreads(trained: Sequence[Trained]) -> list[Spread]:
    """Return mean and deviation of each score that every seed has."""
    columns: dict[tuple[str, str], list[float]] = {}
    for one in trained:
        for row in one.manifest.scores:
            if row.value is not None:
                columns.setdefault((row.dataset, row.metric), []).append(row.value)
    return [
        Spread(dataset, metric, tuple(values), statistics.mean(values), statistics.stdev(values))
        for (dataset, metric), values in columns.items()
        if len(values) == len(trained)
    ]

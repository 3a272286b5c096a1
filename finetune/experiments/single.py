"""One training: trained, scored, described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imhi import PluginManager, RunScores
from imhi.finetune.trained.card import write_card
from imhi.finetune.trained.curves import can_draw, draw_curves
from imhi.finetune.trained.evaluation import evaluate
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.training.pipeline import train

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe


@dataclass(frozen=True)
class Trained:
    """A training that came to its end. ``runs`` is empty where nothing was asked: in a process that
    only helped to train, without a split to score on, for classifiers of explanations."""

    folder: TrainedFolder
    manifest: dict[str, Any]
    runs: Sequence[RunScores] = ()

    def value(self, dataset: str, metric: str = "weighted_f1") -> float | None:
        """Return a score of the finished model."""
        for row in self.manifest["scores"]:
            if row["dataset"] == dataset and row["metric"] == metric:
                return float(row["value"])
        return None


def train_and_score(
    recipe: Recipe,
    manager: PluginManager,
    folder: TrainedFolder,
    runs: Path,
    datasets: Sequence[str] = (),
) -> Trained:
    """Train a recipe into a folder, score it on ``datasets`` (those it was trained on), write card and
    curves. What is there already is not done again.

    Raises:
        HarnessError: see :func:`imhi.finetune.training.pipeline.train`.
    """
    from imhi.finetune.training.processes import processes

    manifest = train(recipe, manager, folder)
    if not processes().is_main_process:
        return Trained(folder, manifest)
    asked = datasets or list(
        dict.fromkeys(d for member in manifest["members"].values() for d in member["datasets"])
    )
    results, scores = evaluate(folder, recipe, manager, runs, asked)
    manifest = {**manifest, "scores": scores, "status": "scored" if scores else "trained"}
    folder.write_manifest(manifest)
    describe(folder, manifest)
    return Trained(folder, manifest, results)


def describe(folder: TrainedFolder, manifest: dict[str, Any]) -> list[Path]:
    """Write the curves, where they can be drawn, and the card; return what was written."""
    written = []
    if can_draw():
        draw_curves(manifest, folder.path / "curves.png")
        written.append(folder.path / "curves.png")
    return [*written, write_card(folder, manifest)]

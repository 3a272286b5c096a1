"""One training: trained, scored, described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imhi import PluginManager, RunScores
from imhi.finetune.trained.card import write_card
from imhi.finetune.trained.curves import can_draw, draw_curves
from imhi.finetune.trained.evaluation import evaluate
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.trained.manifest import TrainingManifest
from imhi.finetune.training.pipeline import train
from imhi.finetune.training.processes import processes

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe


@dataclass(frozen=True)
class Trained:
    """A training that came to its end. ``runs`` is empty where nothing was asked: in a process that
    only helped to train, without a split to score on, for classifiers of explanations."""

    folder: TrainedFolder
    manifest: TrainingManifest
    runs: Sequence[RunScores] = ()


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
    manifest = train(recipe, manager, folder)
    if not processes().is_main_process:
        return Trained(folder, manifest)
    results, scores = evaluate(folder, recipe, manager, runs, datasets or manifest.datasets)
    status = "scored" if scores else "trained"
    manifest = manifest.model_copy(update={"scores": tuple(scores), "status": status})
    folder.write_manifest(manifest)
    describe(folder, manifest)
    return Trained(folder, manifest, results)


def describe(folder: TrainedFolder, manifest: TrainingManifest) -> list[Path]:
    """Write the curves, where they can be drawn, and the card; return what was written."""
    written = []
    if can_draw():
        draw_curves(manifest, folder.path / "curves.png")
        written.append(folder.path / "curves.png")
    return [*written, write_card(folder, manifest)]

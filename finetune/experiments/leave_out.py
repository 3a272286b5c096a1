"""Generalisation to unseen tasks: trained without a task (or dataset), scored on it.

Beside each score stand what the untrained base model does with zero-shot prompts, what the same
recipe reaches when the task is among its training data, and the floors any model should pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from imhi import HarnessError, PluginManager, Registry, RunScores
from imhi.finetune.experiments.single import train_and_score
from imhi.finetune.rows.training_jobs import chosen_datasets
from imhi.finetune.trained.evaluation import ask
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.training.pipeline import open_data
from imhi.finetune.training.processes import processes

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe
    from imhi.runs import ScoreRow

ZERO_SHOT = "zero-shot"
FLOORS = ("baseline:majority", "baseline:tfidf")


@dataclass
class LeftOut:
    """One line of the table. ``scores`` maps a column (``unseen``, ``seen``, ``base zero-shot``, a
    floor) to a score row with value, low, high, n, unparsed."""

    left_out: str
    dataset: str
    scores: dict[str, ScoreRow] = field(default_factory=dict)


def units(recipe: Recipe, datasets: Sequence[str], registry: Registry) -> dict[str, list[str]]:
    """Return what is left out together: the name in the recipe -> its datasets among those there.

    Raises:
        HarnessError: neither a task nor a dataset, or nothing would be left to train on.
    """
    together = {}
    for name in recipe.leave_out:
        if name.lower() in registry.tasks.aliases:
            named = [dataset.name for dataset in registry.tasks.get(name).datasets]
        else:
            named = [registry.datasets.get(name, f"tasks: {', '.join(registry.tasks.things)}").name]
        trained = [dataset for dataset in named if dataset in datasets]
        if not trained:
            raise HarnessError(
                f"leave_out: {name} has no training rows among {', '.join(datasets)}, expected one of "
                "them"
            )
        if len(trained) == len(datasets):
            raise HarnessError(
                f"leave_out: without {name} nothing is left to train on, expected other datasets beside "
                "it: give data.datasets or another --source"
            )
        together[name] = trained
    return together


def leave_out(
    recipe: Recipe, manager: PluginManager, out: Path, name: str, runs: Path
) -> list[LeftOut]:
    """Train once without each of ``recipe.leave_out``, once with all, and score all on what was left
    out.

    Raises:
        HarnessError: see :func:`units` and :func:`imhi.finetune.experiments.single.train_and_score`.
    """
    datasets = chosen_datasets(recipe.data, open_data(recipe, manager))
    parts = units(recipe, datasets, manager.registry)
    lines = {dataset: LeftOut(part, dataset) for part, own in parts.items() for dataset in own}

    def fill(column: str, results: Sequence[RunScores]) -> None:
        for result in results:
            for row in result.scores:
                if row["metric"] == "weighted_f1" and row["dataset"] in lines:
                    lines[row["dataset"]].scores.setdefault(column, row)

    for part, own in parts.items():
        rest = tuple(dataset for dataset in datasets if dataset not in own)
        folder = TrainedFolder(out / f"{name}-without-{_slug(part)}")
        fill("unseen", train_and_score(_on(recipe, rest), manager, folder, runs, own).runs)
    folder = TrainedFolder(out / f"{name}-with-all")
    everything = _on(recipe, tuple(datasets))
    fill("seen", train_and_score(everything, manager, folder, runs, [*lines]).runs)
    if not processes().is_main_process:
        return []
    if recipe.base.model is not None:
        settings = {
            "revision": recipe.base.revision or "",
            "safetensors": "" if recipe.base.safetensors else "false",
            "trust_remote_code": "true" if recipe.base.trust_remote_code else "",
        }
        more = "".join(f",{name}={value}" for name, value in settings.items() if value)
        base = f"hf:{recipe.base.model}{more},name=base"
        fill("base zero-shot", [ask(base, recipe, manager, runs, [*lines], ZERO_SHOT)])
    for floor in FLOORS:
        fill(floor, [ask(floor, recipe, manager, runs, [*lines], "")])
    return list(lines.values())


def _on(recipe: Recipe, datasets: tuple[str, ...]) -> Recipe:
    return recipe.model_copy(
        update={"data": recipe.data.model_copy(update={"datasets": datasets}), "leave_out": ()}
    )


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name).split())

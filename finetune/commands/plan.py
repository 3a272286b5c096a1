"""``imhi finetune RECIPE --dry-run``: rows, updates and memory, before anything is trained."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi import PluginManager
    from imhi.finetune.recipe.memory import MemoryEstimate
    from imhi.finetune.recipe.schema import Recipe, Size


def show_plan(recipe: Recipe, manager: PluginManager, as_json: bool) -> None:
    """Print what a training would do; nothing is loaded but rows and, where it is a local
    folder, the configuration of the base model.

    Raises:
        HarnessError: what the recipe names is not there.
    """
    from imhi.finetune.rows.training_jobs import training_jobs
    from imhi.finetune.trained.folder import TRAINED, TrainedFolder
    from imhi.finetune.training.pipeline import open_data
    from imhi.io import Table, print_json, say, show_table

    manager.registry.trainers.get(recipe.kind)
    context = open_data(recipe, manager)
    jobs = training_jobs(recipe, context, TrainedFolder(TRAINED / recipe.name))
    training = recipe.training
    columns = ("model", "datasets", "rows", "validation_rows", "updates")
    models = []
    for job in jobs:
        per_epoch = math.ceil(len(job.train) / training.batch_size)
        updates = training.max_steps or math.ceil(training.epochs * per_epoch)
        models.append((job.name, job.datasets, len(job.train), len(job.validation), updates))
    if training.packing:
        context.note("packing: several rows go into one sequence, so there will be fewer updates")
    notes = [*context.notes, *(text for _, text in context.report.counted()), *recipe.notes]
    gpus = recipe.hardware.gpus
    memory = _memory(recipe, gpus)
    if as_json:
        parts = {part.name: part.bytes for part in memory.parts} if memory else None
        rows = [dict(zip(columns, model, strict=True)) for model in models]
        print_json({"recipe": recipe.name, "models": rows, "memory": parts, "notes": notes})
        return
    shown = [
        (name, ", ".join(datasets), *(f"{count:,}" for count in counts))
        for name, datasets, *counts in models
    ]
    heads = [*Table.texts("model", "datasets"), *Table.numbers("rows", "validation", "updates")]
    show_table(Table(f"{recipe.name}: {recipe.summary}", heads, shown))
    if memory:
        where = f"{gpus} GPU{'s' * (gpus > 1)}, {recipe.hardware.strategy}"
        title = f"memory of each GPU, computed ({where})" if gpus else "memory, computed (on a CPU)"
        show_table(
            Table(
                f"\n{title}", [*Table.texts("part", "from"), *Table.numbers("GiB")], memory.lines()
            )
        )
        if gpus and recipe.hardware.gpu_memory_gb:
            say(
                f"laid out for {gpus} x {recipe.hardware.gpu} ({recipe.hardware.gpu_memory_gb:g} GB)"
            )
        if gpus and (alone := _memory(recipe, gpus=0)):
            say(f"without a GPU: {alone.total / 2**30:.1f} GiB of the machine's memory, computed")
    elif recipe.base.scratch is None:
        say(
            "memory: not computed, as the base model is not at hand, or transformers is not installed "
            "(base.size would say what it measures)"
        )
    for note in notes:
        say(f"note: {note}")


def _memory(recipe: Recipe, gpus: int) -> MemoryEstimate | None:
    """Return what each GPU must hold, or with 0 of them this machine, in the numbers its CPU computes
    in; None where the base is not at hand."""
    from imhi.finetune.recipe.memory import estimate
    from imhi.finetune.training.precision import precision_of

    size = _local_size(recipe) or recipe.base.size
    if size is None:
        return None
    if gpus == 0:
        if recipe.kind == "causal" and find_spec("torch") is None:
            return None  # only torch says which numbers this CPU computes in
        training = recipe.training.model_copy(update={"precision": precision_of(recipe, "cpu")})
        hardware = recipe.hardware.model_copy(update={"strategy": "single"})
        recipe = recipe.model_copy(update={"training": training, "hardware": hardware})
    return estimate(recipe, size, gpus)


def _local_size(recipe: Recipe) -> Size | None:
    """Return what a base in a local folder measures; None where it is in none.

    Raises:
        HarnessError: there is no such folder, or no model in it.
    """
    from imhi.checkpoints import check_size, find_checkpoint
    from imhi.finetune.recipe.sizes import size_of

    named = recipe.base.model
    if named is None or not (named[0] in "./~" or Path(named).expanduser().exists()):
        return None
    checkpoint = find_checkpoint(named, recipe.base.revision, user="base.model")
    if find_spec("transformers") is None:
        return None
    from transformers import AutoConfig

    with checkpoint.loading():
        config = AutoConfig.from_pretrained(checkpoint.location)
    check_size(checkpoint, config)
    return size_of(config)

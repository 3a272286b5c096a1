"""``imhi finetune RECIPE --dry-run``: rows, updates and memory, before anything is trained."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imhi import PluginManager
    from imhi.finetune.recipe.memory import MemoryEstimate
    from imhi.finetune.recipe.schema import Recipe, Size


def show_plan(recipe: Recipe, manager: PluginManager, as_json: bool) -> None:
    """Print what a training would do; nothing is loaded but rows and, where it is at hand, the
    configuration of the base model."""
    from imhi.finetune.rows.training_jobs import members
    from imhi.finetune.training.pipeline import open_data
    from imhi.io import Table, numbers, print_json, say, show_table, table_of, texts

    context = open_data(recipe, manager)
    chosen = members(recipe, context)
    training = recipe.training
    rows: list[dict[str, Any]] = [
        {
            "model": member.name,
            "datasets": list(member.datasets),
            "rows": len(member.train),
            "validation_rows": len(member.validation),
            "updates": training.max_steps
            or math.ceil(training.epochs * math.ceil(len(member.train) / training.batch_size)),
        }
        for member in chosen
    ]
    if training.packing:
        context.note("packing: several rows go into one sequence, so there will be fewer updates")
    notes = [*context.notes, *(text for _, text in context.report.counted()), *recipe.notes]
    gpus = max(1, recipe.hardware.gpus)
    memory = _memory(recipe, gpus)
    if as_json:
        parts = {part.name: part.bytes for part in memory.parts} if memory else None
        print_json({"recipe": recipe.name, "models": rows, "memory": parts, "notes": notes})
        return
    shown = [
        {
            "model": row["model"],
            "datasets": ", ".join(row["datasets"]),
            "rows": f"{row['rows']:,}",
            "validation": f"{row['validation_rows']:,}",
            "updates": f"{row['updates']:,}",
        }
        for row in rows
    ]
    show_table(table_of(f"{recipe.name}: {recipe.summary}", shown, left=2))
    if memory:
        where = f"{gpus} GPU{'s' * (gpus > 1)}, {recipe.hardware.strategy}"
        title = f"\nmemory of each GPU, computed ({where})"
        show_table(Table(title, [*texts("part", "from"), *numbers("GiB")], memory.lines()))
        if recipe.hardware.gpu_memory_gb:
            say(
                f"laid out for {gpus} x {recipe.hardware.gpu} ({recipe.hardware.gpu_memory_gb:g} GB)"
            )
    elif recipe.base.scratch is None:
        say(
            "memory: not computed, as the base model is not at hand (base.size would say what it measures)"
        )
    for note in notes:
        say(f"note: {note}")


def _memory(recipe: Recipe, gpus: int) -> MemoryEstimate | None:
    from imhi.finetune.recipe.memory import estimate

    size = recipe.base.size or _size_at_hand(recipe)
    return estimate(recipe, size, gpus) if size else None


def _size_at_hand(recipe: Recipe) -> Size | None:
    """Return what a base in a local folder measures."""
    from pathlib import Path

    from imhi.finetune.recipe.sizes import size_of

    if recipe.base.model is None or not Path(recipe.base.model).expanduser().is_dir():
        return None
    from transformers import AutoConfig

    return size_of(AutoConfig.from_pretrained(recipe.base.model))

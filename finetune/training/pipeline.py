"""A whole training: its folder, its models one after the other, what reproduces it."""

from __future__ import annotations

import datetime
import shlex
import shutil
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imhi import Context, HarnessError, PluginManager, digest, open_source
from imhi.checkpoints import find_checkpoint
from imhi.finetune.recipe.reading import fields
from imhi.finetune.rows.training_jobs import Member, chosen_datasets, members
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.training.job import Job
from imhi.finetune.training.preflight import check_at_hand
from imhi.runs import environment

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe

# What does not change the weights.
_BESIDE = (
    *("summary", "hardware.", "report_to", "leave_out", "data.source", "validation.labeler"),
    *("evaluation.limit", "evaluation.labeler", "evaluation.max_new_tokens"),
    *("training.device_batch_size", "training.gradient_checkpointing", "training.log_every"),
    "training.keep_checkpoints",
)


def open_data(recipe: Recipe, manager: PluginManager) -> Context:
    """Return the context a recipe's rows are read in.

    Raises:
        HarnessError: no such source.
    """
    _, source = open_source(recipe.data.source or "demo", manager.registry)
    return Context(
        manager.registry,
        source,
        split=recipe.data.train[0],
        seed=recipe.training.seed,
        notify=manager.notify,
    )


def identity(recipe: Recipe, context: Context) -> dict[str, Any]:
    """Return what the trained weights depend on: hyper-parameters, rows, base model."""
    data = {}
    for name in chosen_datasets(recipe.data, context):
        # What is scored too: its posts are left out of training.
        splits = [*recipe.data.train, *recipe.data.validation, recipe.evaluation.split]
        there = [s for s in dict.fromkeys(splits) if s and s in context.source.splits(name)]
        data[name] = {split: context.source.checksum(name, split) for split in there}
    base = None
    if recipe.base.model is not None:
        found = find_checkpoint(recipe.base.model, recipe.base.revision, user="base.model")
        base = found.identity()
    settings = {name: value for name, value in fields(recipe) if not name.startswith(_BESIDE)}
    return {"settings": settings, "data": data, "base": base}


def train(recipe: Recipe, manager: PluginManager, folder: TrainedFolder) -> dict[str, Any]:
    """Train all models of a recipe into a folder, and return its manifest. What is finished already
    is left as it is; what was stopped goes on.

    Raises:
        HarnessError: the folder holds another training, or one of the many things that can be
            wrong with recipe, data, base model, memory or disk.
    """
    from imhi.finetune.training.processes import processes

    check_at_hand(recipe, manager.registry)
    context = open_data(recipe, manager)
    own = identity(recipe, context)
    if folder.begun():
        _same(folder, own)
        if folder.manifest()["status"] != "training":
            # How it is scored may have changed, which changes no weights.
            return {**folder.manifest(), "recipe": recipe.model_dump(mode="json")}
    state = processes()
    if not state.is_main_process:
        return _train(recipe, context, folder, own, writes=False)
    with folder.lock():
        return _train(recipe, context, folder, own, writes=True)


def _train(
    recipe: Recipe, context: Context, folder: TrainedFolder, own: Mapping[str, Any], *, writes: bool
) -> dict[str, Any]:
    from imhi.finetune.training.running import train_member

    chosen = members(recipe, context)
    manifest = folder.manifest() if folder.begun() else _fresh(recipe, context, own, chosen)
    if writes and not folder.begun():
        shutil.rmtree(
            folder.path / "base", ignore_errors=True
        )  # of a training that was never begun
        folder.write_manifest(manifest)
    for member in chosen:
        if (
            "updates" not in manifest["members"][member.name]
            or not folder.model(member.name).is_dir()
        ):
            job = Job(
                recipe,
                member,
                context,
                folder.model(member.name),
                folder.checkpoints(member.name),
                folder.base(member.name),
                context.notify,
            )
            manifest["members"][member.name] = train_member(job)
        manifest["notes"] = sorted({*manifest["notes"], *context.notes, *_tallies(context)})
        if writes:
            folder.write_manifest(manifest)
            shutil.rmtree(folder.checkpoints(member.name), ignore_errors=True)
    manifest["status"] = "trained"
    manifest["environment"] = environment()
    if writes:
        folder.write_manifest(manifest)
    return manifest


def _tallies(context: Context) -> list[str]:

    return [sentence for _, sentence in context.report.counted()]


def _fresh(
    recipe: Recipe, context: Context, own: Mapping[str, Any], chosen: list[Member]
) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "status": "training",
        "created": now.isoformat(timespec="seconds"),
        "command": shlex.join(["imhi", *sys.argv[1:]]),
        "identity": digest(own),
        "depends_on": dict(own),
        "recipe": recipe.model_dump(mode="json"),
        "source": recipe.data.source or "demo",
        "source_details": dict(context.source.describe()),
        "members": {
            member.name: {"datasets": list(member.datasets), "aspect": member.aspect}
            for member in chosen
        },
        "notes": [],
        "scores": [],
        "environment": environment(),
    }


def _same(folder: TrainedFolder, own: Mapping[str, Any]) -> None:
    """Raise HarnessError where a folder holds another training than the one asked for."""
    manifest = folder.manifest()
    if manifest["identity"] == digest(own):
        return
    before, now = manifest["depends_on"], own
    changed = [
        f"{name} was {before['settings'].get(name)}, is {value}"
        for name, value in now["settings"].items()
        if before["settings"].get(name) != value
    ]
    if before["data"] != now["data"]:
        changed.append("the rows are others")
    if before["base"] != now["base"]:
        changed.append("the base model is another")
    raise HarnessError(
        f"{folder.path}: found another training there ({'; '.join(changed[:4]) or 'of another version'}), "
        "expected the same or none; choose another --name, or remove the folder"
    )

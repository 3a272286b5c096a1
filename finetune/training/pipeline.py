"""A whole training: its folder, its models one after the other, what reproduces it."""

from __future__ import annotations

import datetime
import shlex
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imhi import Context, HarnessError, PluginManager, digest, open_source
from imhi.checkpoints import find_checkpoint
from imhi.finetune.rows.training_jobs import chosen_datasets, training_jobs
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.trained.manifest import (
    Dependencies,
    Environment,
    ModelRecord,
    TrainingManifest,
)
from imhi.finetune.training.job import TrainingJob
from imhi.finetune.training.preflight import check_names
from imhi.finetune.training.processes import processes
from imhi.runs import environment

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe

# What does not change the weights.
_BESIDE = (
    *("summary", "hardware.", "report_to", "energy", "leave_out"),
    *("data.source", "validation.labeler"),
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


def dependencies(recipe: Recipe, context: Context) -> Dependencies:
    """Return what the trained weights depend on: hyper-parameters, rows, base model.

    Raises:
        HarnessError: a dataset or the base model is not there.
    """
    checksums = {}
    for name in chosen_datasets(recipe.data, context):
        # What is scored too: its posts are left out of training.
        splits = [*recipe.data.train, *recipe.data.validation, recipe.evaluation.split]
        present = [s for s in dict.fromkeys(splits) if s and s in context.source.splits(name)]
        checksums[name] = {split: context.source.checksum(name, split) for split in present}
    base = None
    if recipe.base.model is not None:
        checkpoint = find_checkpoint(recipe.base.model, recipe.base.revision, user="base.model")
        base = checkpoint.identity()
    settings = {name: value for name, value in recipe.fields() if not name.startswith(_BESIDE)}
    return Dependencies(settings=settings, data=checksums, base=base)


def train(recipe: Recipe, manager: PluginManager, folder: TrainedFolder) -> TrainingManifest:
    """Train all models of a recipe into a folder, and return its manifest. What is finished already
    is left as it is; what was stopped goes on.

    Raises:
        HarnessError: the folder holds another training, or one of the many things that can be
            wrong with recipe, data, base model, memory or disk.
    """
    check_names(recipe, manager.registry)
    context = open_data(recipe, manager)
    wanted = dependencies(recipe, context)
    if folder.begun():
        manifest = folder.manifest()
        _check_same(folder, manifest, wanted)
        if manifest.status != "training":
            # How it is scored may have changed, which changes no weights.
            return manifest.model_copy(update={"recipe": recipe})
    if not processes().is_main_process:
        return _train(recipe, context, folder, wanted, writes=False)
    with folder.lock():
        return _train(recipe, context, folder, wanted, writes=True)


def _train(
    recipe: Recipe, context: Context, folder: TrainedFolder, wanted: Dependencies, *, writes: bool
) -> TrainingManifest:
    from imhi.finetune.training.running import run_job

    jobs = training_jobs(recipe, context, folder)
    begun = folder.begun()
    manifest = folder.manifest() if begun else _new_manifest(recipe, context, wanted, jobs)
    if writes and not begun:  # what lies there is of a training that was refused
        shutil.rmtree(folder.path / "base", ignore_errors=True)
        folder.write_manifest(manifest)
    for job in jobs:
        members = dict(manifest.members)
        if not members[job.name].trained or not job.output.is_dir():
            members[job.name] = run_job(job)
        counts = [sentence for _, sentence in context.report.counted()]
        notes = tuple(sorted({*manifest.notes, *context.notes, *counts}))
        manifest = manifest.model_copy(update={"members": members, "notes": notes})
        if writes:
            folder.write_manifest(manifest)
            shutil.rmtree(job.checkpoints, ignore_errors=True)
    finished = {"status": "trained", "environment": Environment.model_validate(environment())}
    manifest = manifest.model_copy(update=finished)
    if writes:
        folder.write_manifest(manifest)
    return manifest


def _new_manifest(
    recipe: Recipe, context: Context, wanted: Dependencies, jobs: Sequence[TrainingJob]
) -> TrainingManifest:
    now = datetime.datetime.now(datetime.UTC)
    return TrainingManifest(
        status="training",
        created=now.isoformat(timespec="seconds"),
        command=shlex.join(["imhi", *sys.argv[1:]]),
        identity=digest(wanted.model_dump(mode="json")),
        depends_on=wanted,
        recipe=recipe,
        source=recipe.data.source or "demo",
        source_details=dict(context.source.describe()),
        model_class=context.registry.trainers.get(recipe.kind).model_class,
        members={job.name: ModelRecord(datasets=job.datasets, aspect=job.aspect) for job in jobs},
        notes=(),
        scores=(),
        environment=Environment.model_validate(environment()),
    )


def _check_same(folder: TrainedFolder, begun: TrainingManifest, wanted: Dependencies) -> None:
    """Raise HarnessError where a folder holds another training than the one asked for."""
    if begun.identity == digest(wanted.model_dump(mode="json")):
        return
    before = begun.depends_on
    changed = [
        f"{name} was {before.settings.get(name)}, is {value}"
        for name, value in wanted.settings.items()
        if before.settings.get(name) != value
    ]
    if before.data != wanted.data:
        changed.append("the rows are others")
    if before.base != wanted.base:
        changed.append("the base model is another")
    raise HarnessError(
        f"{folder.path}: found another training there ({'; '.join(changed[:4]) or 'of another version'}), "
        "expected the same or none; choose another --name, or remove the folder"
    )

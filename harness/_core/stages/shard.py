"""A part of a run: prepared whole, asked in part, in a folder of its own."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from imhi._core.errors import HarnessError
from imhi._core.events import RunFinished, RunStarted
from imhi._core.observers import observed
from imhi._core.plan import RunPlan, plan_run
from imhi._core.plugin_manager import PluginManager
from imhi._core.run_store import RunFolder
from imhi._core.run_store.shards import Shard
from imhi._core.settings import RunSettings
from imhi._core.stages.prepare import Prepared, prepare
from imhi._core.stages.respond import respond


@dataclass(frozen=True)
class ShardAnswered:
    """What a part of a run has come to."""

    folder: RunFolder
    requests: int
    answered: int
    failed: int

    @property
    def complete(self) -> bool:
        """Whether every request of the part has its answer."""
        return self.answered == self.requests


def answer_shard(
    settings: RunSettings, manager: PluginManager, shard: Shard
) -> list[ShardAnswered]:
    """Ask the models what is in a part of their runs, and has no answer yet. Nothing is labelled or
    scored.

    Nobody sees what the other parts do: of ``--max-cost``, and of the rate a model promises, each has
    an equal share.

    Raises:
        HarnessError: a setting is of whole runs only.
    """
    if settings.repeat_check:
        raise HarnessError(
            "--repeat-check: found it with a shard, expected none: give it to the 'imhi run' that "
            "follows 'imhi merge'"
        )
    cost = None if settings.max_cost is None else settings.max_cost / shard.of
    settings = dataclasses.replace(settings, out=shard.out(settings.out), max_cost=cost)
    plan = plan_run(settings, manager.registry)
    for model in plan.models:
        if model.spec.family.stored:
            raise HarnessError(
                f"model {model.spec.name}: it has its answers already, so there is nothing to spread: "
                "use 'imhi run' or 'imhi import'"
            )
    data = plan.open_data(manager.registry)
    done = []
    with observed(plan.observers, manager):
        for model in plan.models:
            prepared = prepare(plan, model, manager, data)
            with prepared.folder.lock():
                done.append(_answer(prepared, shard, plan))
    return done


def _answer(prepared: Prepared, shard: Shard, plan: RunPlan) -> ShardAnswered:
    folder, context = prepared.folder, dataclasses.replace(prepared.context, workers=shard.of)
    manifest = folder.manifest()
    if manifest.shard not in ("", str(shard)):
        raise HarnessError(f"{folder.path}: found shard {manifest.shard}, expected {shard}")
    folder.write_manifest(dataclasses.replace(manifest, shard=str(shard)))
    requests = sum(map(shard.size, manifest.requests.values()))
    answered = sum(len(folder.answered(name)) for name in manifest.datasets)
    context.notify(RunStarted(folder.id, manifest.model, requests, answered, str(folder.path)))
    respond(folder, prepared.model.spec, context, plan.executor, energy=plan.energy)
    totals = folder.manifest().totals
    assert totals is not None
    left = requests - totals.answered - totals.failed
    context.notify(RunFinished(folder.id, totals.failed, left, str(folder.path)))
    return ShardAnswered(folder, requests, totals.answered, totals.failed)

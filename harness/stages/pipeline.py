"""All stages of a run, one after the other, and the later ones on a run that is there."""

from __future__ import annotations

from typing import Any, cast

from harness.context import Context, open_source
from harness.errors import HarnessError
from harness.events import RunFinished, RunStarted
from harness.models import parse_model
from harness.plugin_manager import PluginManager
from harness.protocols import OpenSource
from harness.registry import Registry
from harness.results import RunScores
from harness.run_store import RunFolder
from harness.settings import RunSettings
from harness.stages.label import label
from harness.stages.prepare import choose_style, make_context, prepare
from harness.stages.respond import respond
from harness.stages.score import score


def check_names(settings: RunSettings, registry: Registry) -> None:
    """Look up every name of a run before any model is asked anything.

    Raises:
        HarnessError: something of that name is not there.
    """
    registry.labelers.get(settings.labeler)
    registry.executors.get(settings.executor.partition(":")[0])
    registry.select_metrics(settings.metric)
    for model in settings.model:
        choose_style(settings, parse_model(model, registry), registry)


def run(settings: RunSettings, model: str, manager: PluginManager) -> RunScores:
    """Run one model through all stages; a run that was stopped goes on where it stopped."""
    registry = manager.registry
    check_names(settings, registry)
    metrics = registry.select_metrics(settings.metric)
    prepared = prepare(settings, model, registry)
    folder, context = prepared.folder, prepared.context
    context.notify = manager.notify
    with folder.lock():
        manifest = folder.manifest()
        if manifest["model"] != prepared.spec.name:  # the same model, shown by another name
            manifest["model"] = prepared.spec.name
            folder.write_manifest(manifest)
        total = sum(manifest["datasets"].values())
        answered = sum(len(folder.answered(name)) for name in manifest["datasets"])
        manager.notify(RunStarted(folder.id, prepared.spec.name, total, answered))
        respond(folder, prepared.spec, context, settings.executor)
        labeler = registry.labelers.get(settings.labeler).name
        label(folder, context, labeler)
        result = score(folder, context, labeler, metrics, settings.resamples, settings.seed)
    manager.notify(RunFinished(folder.id, result.totals["failed"], result.totals["unanswered"]))
    return result


class _WhenNeeded:
    """A run's source, opened when something first asks for its rows: most stages never do."""

    def __init__(self, folder: RunFolder, source: str, registry: Registry) -> None:
        self._folder, self._source, self._registry = folder, source, registry
        self._opened: OpenSource | None = None

    def __getattr__(self, name: str) -> Any:
        if self._opened is None:
            try:
                _, self._opened = open_source(self._source, self._registry)
            except HarnessError as error:
                raise HarnessError(
                    f"{self._folder.path}: its source cannot be opened ({error}); say where it is now "
                    "with --source"
                ) from None
        return getattr(self._opened, name)


def reopen(folder: RunFolder, manager: PluginManager, source: str = "") -> Context:
    """Return the context in which a run that is there can be labelled and scored again.

    Labelers that learn need the run's source; ``source`` names it where it has moved.
    """
    manifest = folder.manifest()
    settings = RunSettings(
        model=(manifest["model"],),
        source=source or manifest["source_location"],
        split=manifest["split"],
        seed=manifest["seed"],
        repair_mojibake=manifest["repair_mojibake"],
        shots=manifest["prompt"]["shots"],
    )
    registry = manager.registry
    style = registry.prompts.get(manifest["prompt"]["style"])
    context = make_context(
        settings, registry, style, cast(OpenSource, _WhenNeeded(folder, settings.source, registry))
    )
    context.notify = manager.notify
    context.notes = list(manifest.get("notes", []))
    return context


def relabel(
    folder: RunFolder, manager: PluginManager, settings: RunSettings, source: str = ""
) -> RunScores:
    """Label a run again, with another labeler or an improved one, and score it."""
    context = reopen(folder, manager, source)
    metrics = manager.registry.select_metrics(settings.metric)
    labeler = manager.registry.labelers.get(settings.labeler).name
    with folder.lock():
        label(folder, context, labeler)
        return score(folder, context, labeler, metrics, settings.resamples, settings.seed)


def rescore(
    folder: RunFolder, manager: PluginManager, settings: RunSettings, source: str = ""
) -> RunScores:
    """Score a run again; its predictions are made first where the labeler has not been asked, or
    was asked before all the answers there are had come."""
    labeler = manager.registry.labelers.get(settings.labeler).name
    if not all(_labelled(folder, labeler, dataset) for dataset in folder.datasets()):
        return relabel(folder, manager, settings, source)
    context = reopen(folder, manager, source)
    metrics = manager.registry.select_metrics(settings.metric)
    with folder.lock():
        return score(folder, context, labeler, metrics, settings.resamples, settings.seed)


def _labelled(folder: RunFolder, labeler: str, dataset: str) -> bool:
    if not folder.file(f"predictions/{labeler}", dataset).exists():
        return False
    answered = folder.answered(dataset)
    return not any(
        prediction.status == "failed" and prediction.id in answered
        for prediction in folder.predictions(labeler, dataset)
    )

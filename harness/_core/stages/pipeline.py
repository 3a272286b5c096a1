"""All stages of one or more runs, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from imhi._core.errors import HarnessError
from imhi._core.events import RunFinished, RunStarted
from imhi._core.labelers import parse_labeler
from imhi._core.metrics import MetricSpec, opened, parse_metrics
from imhi._core.models import parse_model
from imhi._core.plugin_manager import PluginManager
from imhi._core.registry import Registry
from imhi._core.results import RunScores
from imhi._core.settings import RunSettings
from imhi._core.stages.label import label
from imhi._core.stages.prepare import Prepared, choose_style, prepare
from imhi._core.stages.respond import respond
from imhi._core.stages.score import score
from imhi._core.views import OpenView, open_views


def check_metrics(settings: RunSettings, registry: Registry) -> list[MetricSpec]:
    """Return the metrics asked for, and look up the judges they may ask.

    Raises:
        HarnessError: something of that name is not there, or judges are missing or not wanted.
    """
    specs = parse_metrics(settings.metric, registry)
    for judge in settings.judge:
        parse_model(judge, registry)
    judging = [spec.name for spec in specs if spec.metric.group == "judges"]
    if judging and not settings.judge:
        raise HarnessError(
            f"metric {judging[0]}: no judge given, expected --judge MODEL (see: imhi models)"
        )
    if settings.judge and not judging:
        raise HarnessError(
            f"--judge {settings.judge[0]}: none of the metrics asks judges; add --metric judge"
        )
    return specs


def asked_views(settings: RunSettings, registry: Registry) -> list[OpenView | None]:
    """Return what to score under: the released gold (None) first, then the views asked for."""
    asked = open_views(registry, settings.audit, settings.view, settings.gold, settings.exclude)
    return [None, *(view for view in asked if view is not None)]


def check_names(settings: RunSettings, registry: Registry) -> None:
    """Look up every name of a run before any model is asked anything.

    Raises:
        HarnessError: something of that name is not there.
    """
    parse_labeler(settings.labeler, registry)
    registry.executors.get(settings.executor.partition(":")[0])
    check_metrics(settings, registry)
    for model in settings.model:
        choose_style(settings, parse_model(model, registry), registry)


def run(settings: RunSettings, manager: PluginManager) -> list[RunScores]:
    """Run the models through all stages; a run that was stopped goes on where it stopped.

    Metrics that hold something (a model, judges) come last, when every model has answered and is
    closed: they are made ready once for all runs.
    """
    check_names(settings, manager.registry)
    specs = check_metrics(settings, manager.registry)
    views = asked_views(settings, manager.registry)
    light = [spec for spec in specs if spec.metric.create is None]
    heavy = [spec for spec in specs if spec.metric.create is not None]
    runs: list[Prepared] = []
    results: list[RunScores] = []
    for model in dict.fromkeys(settings.model):
        prepared = prepare(settings, model, manager.registry)
        prepared.context.notify = manager.notify
        for view in views:
            if view is not None:  # what is missing is said before a model is asked
                view.check(prepared.folder.manifest())
        _answer(prepared, settings, manager)
        runs.append(prepared)
        results += _score([prepared], settings, light, manager, views, last=not heavy)
    return _score(runs, settings, heavy, manager, views, last=True) if heavy else results


def _answer(prepared: Prepared, settings: RunSettings, manager: PluginManager) -> None:
    folder, context = prepared.folder, prepared.context
    with folder.lock():
        manifest = folder.manifest()
        if manifest.model != prepared.spec.name:  # the same model, shown by another name
            manifest = replace(manifest, model=prepared.spec.name)
            folder.write_manifest(manifest)
        total = sum(manifest.datasets.values())
        answered = sum(len(folder.answered(name)) for name in manifest.datasets)
        manager.notify(RunStarted(folder.id, prepared.spec.name, total, answered))
        respond(folder, prepared.spec, context, settings.executor)
        label(folder, context, parse_labeler(settings.labeler, manager.registry).name)


def _score(
    runs: Sequence[Prepared],
    settings: RunSettings,
    specs: Sequence[MetricSpec],
    manager: PluginManager,
    views: Sequence[OpenView | None],
    *,
    last: bool,
) -> list[RunScores]:
    labeler = parse_labeler(settings.labeler, manager.registry).name
    results = []
    with opened(specs) as metrics:
        for run in runs:
            with run.folder.lock():
                noted = list(run.context.notes)
                for view in views:
                    run.context.notes = list(noted)  # what a view leaves out is its own
                    result = score(
                        run.folder,
                        run.context,
                        labeler,
                        metrics,
                        settings.resamples,
                        settings.seed,
                        view,
                    )
                    results.append(result)
                run.context.notes = noted
            if last:
                totals = result.totals
                ended = RunFinished(run.folder.id, totals["failed"], totals["unanswered"])
                manager.notify(ended)
    return results

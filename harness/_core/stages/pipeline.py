"""All stages of one or more runs, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from imhi._core.events import RunFinished, RunStarted
from imhi._core.metrics import MetricSpec
from imhi._core.observers import observed
from imhi._core.plan import RunPlan, plan_run
from imhi._core.plugin_manager import PluginManager
from imhi._core.results import RunScores
from imhi._core.settings import RunSettings
from imhi._core.stages.label import label
from imhi._core.stages.prepare import Prepared, prepare
from imhi._core.stages.repeat_check import check_repeats, cost_of_repeats
from imhi._core.stages.respond import respond
from imhi._core.stages.score import score
from imhi._core.stages.standing import Standing


def run(settings: RunSettings, manager: PluginManager) -> list[RunScores]:
    """Run the models through all stages; a run that was stopped goes on where it stopped.

    Metrics that hold something (a model, judges) come last, when every model has answered and is
    closed: they are made ready once for all runs.
    """
    plan = plan_run(settings, manager.registry)
    with observed(plan.observers, manager):
        return _run(plan, manager)


def _run(plan: RunPlan, manager: PluginManager) -> list[RunScores]:
    data = plan.open_data(manager.registry)
    light = [spec for spec in plan.scoring.metrics if spec.metric.create is None]
    heavy = [spec for spec in plan.scoring.metrics if spec.metric.create is not None]
    runs: list[Prepared] = []
    results: list[RunScores] = []
    for model in plan.models:
        prepared = prepare(plan, model, manager, data)
        with prepared.settled():
            for view in plan.scoring.views:
                if view is not None:  # what is missing is said before a model is asked
                    view.check(prepared.folder.manifest())
            _answer(prepared, plan)
        with prepared.folder.lock():
            standing = Standing(prepared.folder, prepared.context, plan.scoring)
            if not standing.labels():
                label(prepared.folder, prepared.context, plan.scoring.labeler)
                standing.record_labels()
        runs.append(prepared)
        results += _score([prepared], plan, light, last=not heavy)
    return _score(runs, plan, heavy, last=True) if heavy else results


def _answer(prepared: Prepared, plan: RunPlan) -> None:
    folder, context, model = prepared.folder, prepared.context, prepared.model
    with folder.lock():
        manifest = folder.manifest()
        if manifest.model != model.called:  # the same model, shown by another name
            manifest = replace(manifest, model=model.called)
            folder.write_manifest(manifest)
        total = sum(manifest.requests.values())
        answered = sum(folder.count("responses", name) for name in manifest.datasets)
        context.notify(RunStarted(folder.id, model.called, total, answered, str(folder.path)))
        wanted = plan.settings.repeat_check
        check = partial(check_repeats, folder, context, wanted) if wanted else None
        if context.budget.limit is not None:
            context.budget.spent += cost_of_repeats(folder)
        respond(folder, model.spec, context, plan.executor, check, plan.energy)


def _score(
    runs: Sequence[Prepared], plan: RunPlan, specs: Sequence[MetricSpec], *, last: bool
) -> list[RunScores]:
    """Score runs with some of the metrics, under every view; tell observers of the ``last`` ones."""
    results: list[RunScores] = []
    with MetricSpec.opened(specs) as metrics:
        for run in runs:
            with run.folder.lock():
                standing = Standing(run.folder, run.context, plan.scoring)
                before = standing.scores(specs)
                if before is None:
                    made = score(run.folder, run.context, plan.scoring, metrics)
                    standing.record_scores(specs, made[-1])
                results += made if before is None else [before]
            if last:
                totals = results[-1].totals
                run.context.notify(
                    RunFinished(
                        run.folder.id,
                        totals["failed"],
                        totals["not_asked"],
                        str(run.folder.path),
                        plan.scoring.labeler.name,
                    )
                )
    return results

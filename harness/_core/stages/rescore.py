"""The later stages once more, on runs that are there. Asks no model but judges."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any, cast

from imhi._core.budget import Budget, Estimate
from imhi._core.context import Context
from imhi._core.declarations import resolve
from imhi._core.errors import HarnessError
from imhi._core.labelers import LabelerSpec
from imhi._core.metrics import MetricSpec
from imhi._core.plan import ScoringPlan
from imhi._core.plugin_manager import PluginManager
from imhi._core.protocols import OpenSource
from imhi._core.records import JsonObject, Prediction
from imhi._core.registry import Registry
from imhi._core.report import Report
from imhi._core.results import RunScores
from imhi._core.run_store import RunFolder
from imhi._core.run_store.cache import CacheFolder
from imhi._core.run_store.columns import answered_examples
from imhi._core.samples import sample_ids
from imhi._core.settings import RunSettings
from imhi._core.sources import open_source
from imhi._core.stages.label import label
from imhi._core.stages.score import score


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


def reopen(
    folder: RunFolder, manager: PluginManager, source: str = "", plan: ScoringPlan | None = None
) -> Context:
    """Return the context in which a run that is there can be labelled and scored again.

    Labelers that learn need the run's source; ``source`` names it where it has moved. The ``plan``
    says which judges there are and what they may cost.
    """
    manifest = folder.manifest()
    settings = RunSettings(
        model=(manifest.model,),
        source=source or manifest.source_location,
        split=manifest.split,
        seed=manifest.seed,
        repair_mojibake=manifest.repair_mojibake,
        shots=manifest.prompt.shots,
        judge=plan.judges if plan else (),
        max_cost=plan.max_cost if plan else None,
    )
    registry = manager.registry
    style = registry.prompts.get(manifest.prompt.style)
    when_needed = cast(OpenSource, _WhenNeeded(folder, settings.source, registry))
    context = Context.of(settings, registry, style, when_needed, notify=manager.notify)
    return dataclasses.replace(context, report=Report(list(manifest.notes)))


def relabel(
    folders: Sequence[RunFolder], manager: PluginManager, plan: ScoringPlan, source: str = ""
) -> list[RunScores]:
    """Label runs again, with another labeler or an improved one, and score them."""
    return _again(folders, manager, plan, source, always_label=True)


def rescore(
    folders: Sequence[RunFolder], manager: PluginManager, plan: ScoringPlan, source: str = ""
) -> list[RunScores]:
    """Score runs again, under each of the views; predictions are made first where the labeler has
    not been asked, or was asked before all the answers there are had come.

    Metrics are made ready once for all runs: a model is loaded once, and what it made of the
    references serves every run.
    """
    return _again(folders, manager, plan, source, always_label=False)


def _again(
    folders: Sequence[RunFolder],
    manager: PluginManager,
    plan: ScoringPlan,
    source: str,
    *,
    always_label: bool,
) -> list[RunScores]:
    budget = Budget(plan.max_cost)  # one limit for all of them
    results = []
    with MetricSpec.opened(plan.metrics) as metrics:
        for folder in folders:
            context = dataclasses.replace(reopen(folder, manager, source, plan), budget=budget)
            with folder.lock():
                if always_label or not _is_labelled(folder, context, plan.labeler):
                    label(folder, context, plan.labeler)
                results += score(folder, context, plan, metrics)
    return results


@dataclasses.dataclass(frozen=True)
class ScoringEstimate:
    """What a metric would ask of a model about one dataset of a run."""

    run: str
    dataset: str
    metric: str
    model: str
    estimate: Estimate

    def to_json(self) -> JsonObject:
        """Return what ``--dry-run --json`` prints."""
        where = {"run": self.run, "dataset": self.dataset, "metric": self.metric}
        return {**where, "model": self.model, **dataclasses.asdict(self.estimate)}


def estimate_scoring(
    folders: Sequence[RunFolder], manager: PluginManager, plan: ScoringPlan, source: str = ""
) -> list[ScoringEstimate]:
    """Return what the metrics would ask of models, without asking: one for each run, dataset and
    model."""
    estimates = []
    for spec in plan.metrics:
        if spec.metric.estimate is None:
            continue
        for folder in folders:
            if spec.needs_text and folder.manifest().answer != "text":
                continue
            context = dataclasses.replace(
                reopen(folder, manager, source, plan), cache=CacheFolder(folder.path / "measured")
            )
            for dataset in folder.datasets():
                columns = answered_examples(folder, dataset, context.registry)
                made = resolve(spec.metric.estimate)(spec.arguments, *columns, context)
                estimates += [
                    ScoringEstimate(folder.id, dataset, spec.name, model, estimate)
                    for model, estimate in made.items()
                ]
    return estimates


def _is_labelled(folder: RunFolder, context: Context, labeler: LabelerSpec) -> bool:
    """Say whether there are predictions by this version of the labeler, of every answer."""
    path = folder.labeler_file(labeler.name)
    if not path.exists():
        return False
    if json.loads(path.read_text(encoding="utf-8")) != labeler.identity(context):
        return False
    return all(_labelled(folder, labeler.name, dataset) for dataset in folder.datasets())


def _labelled(folder: RunFolder, labeler: str, dataset: str) -> bool:
    if not folder.predictions_file(labeler, dataset).exists():
        return False
    answered = folder.answered(dataset)
    return not any(
        id in answered
        for prediction in folder.predictions(labeler, dataset)
        for id in _unread(prediction)
    )


def _unread(prediction: Prediction) -> list[str]:
    """Return which answers a prediction was made without: its own, or those of samples."""
    if not prediction.votes:
        return [prediction.id] if prediction.status == "failed" else []
    ids = sample_ids(prediction.id, len(prediction.votes))
    return [id for id, one in zip(ids, prediction.votes, strict=True) if one is None]

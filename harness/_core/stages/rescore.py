"""The later stages once more, on runs that are there. Asks no model but judges."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from imhi._core.budget import Budget
from imhi._core.context import Context, open_source
from imhi._core.declarations import resolve
from imhi._core.errors import HarnessError
from imhi._core.labelers import parse_labeler
from imhi._core.metrics import opened
from imhi._core.plugin_manager import PluginManager
from imhi._core.protocols import OpenSource
from imhi._core.registry import Registry
from imhi._core.results import RunScores
from imhi._core.run_store import RunFolder
from imhi._core.run_store.cache import KeptValues
from imhi._core.run_store.columns import answered_examples
from imhi._core.settings import RunSettings
from imhi._core.stages.label import label
from imhi._core.stages.pipeline import check_metrics
from imhi._core.stages.prepare import make_context
from imhi._core.stages.score import score
from imhi._core.views import OpenView


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
    folder: RunFolder,
    manager: PluginManager,
    source: str = "",
    asked: RunSettings | None = None,
) -> Context:
    """Return the context in which a run that is there can be labelled and scored again.

    Labelers that learn need the run's source; ``source`` names it where it has moved. What is
    ``asked`` now says which judges there are and what they may cost.
    """
    manifest = folder.manifest()
    settings = RunSettings(
        model=(manifest.model,),
        source=source or manifest.source_location,
        split=manifest.split,
        seed=manifest.seed,
        repair_mojibake=manifest.repair_mojibake,
        shots=manifest.prompt.shots,
        judge=asked.judge if asked else (),
        max_cost=asked.max_cost if asked else None,
    )
    registry = manager.registry
    style = registry.prompts.get(manifest.prompt.style)
    context = make_context(
        settings, registry, style, cast(OpenSource, _WhenNeeded(folder, settings.source, registry))
    )
    context.notify = manager.notify
    context.notes = list(manifest.notes)
    return context


def relabel(
    folders: Sequence[RunFolder],
    manager: PluginManager,
    settings: RunSettings,
    source: str = "",
    seed: int | None = None,
) -> list[RunScores]:
    """Label runs again, with another labeler or an improved one, and score them."""
    return _again(folders, manager, settings, source, seed, always_label=True)


def rescore(
    folders: Sequence[RunFolder],
    manager: PluginManager,
    settings: RunSettings,
    source: str = "",
    seed: int | None = None,
    views: Sequence[OpenView | None] = (None,),
) -> list[RunScores]:
    """Score runs again, under each of the views; predictions are made first where the labeler has
    not been asked, or was asked before all the answers there are had come.

    Metrics are made ready once for all runs: a model is loaded once, and what it made of the
    references serves every run. ``seed`` draws the bootstrap; each run's own where none is given.
    """
    return _again(folders, manager, settings, source, seed, always_label=False, views=views)


def _again(
    folders: Sequence[RunFolder],
    manager: PluginManager,
    settings: RunSettings,
    source: str,
    seed: int | None,
    *,
    always_label: bool,
    views: Sequence[OpenView | None] = (None,),
) -> list[RunScores]:
    specs = check_metrics(settings, manager.registry)
    spec = parse_labeler(settings.labeler, manager.registry)
    labeler, identity = spec.name, spec.identity()
    budget = Budget(settings.max_cost)
    results = []
    with opened(specs) as metrics:
        for folder in folders:
            context = reopen(folder, manager, source, settings)
            context.budget = budget  # one limit for all of them
            with folder.lock():
                known = _made_by(folder, identity) and all(
                    _labelled(folder, labeler, name) for name in folder.datasets()
                )
                if always_label or not known:
                    label(folder, context, labeler)
                drawn = folder.manifest().seed if seed is None else seed
                noted = list(context.notes)
                for view in views:
                    context.notes = list(noted)  # what a view leaves out is its own
                    results.append(
                        score(folder, context, labeler, metrics, settings.resamples, drawn, view)
                    )
    return results


def estimate_scoring(
    folders: Sequence[RunFolder], manager: PluginManager, settings: RunSettings, source: str = ""
) -> list[dict[str, Any]]:
    """Return what the metrics would ask of models, without asking: an object per run, dataset and
    model."""
    found = []
    for spec in check_metrics(settings, manager.registry):
        if spec.metric.estimate is None:
            continue
        for folder in folders:
            context = reopen(folder, manager, source, settings)
            context.values = KeptValues(folder.path / "measured")
            for dataset in folder.datasets():
                columns = answered_examples(folder, dataset)
                made = resolve(spec.metric.estimate)(spec.arguments, *columns, context)
                found += [
                    {
                        "run": folder.id,
                        "dataset": dataset,
                        "metric": spec.name,
                        "model": name,
                        **dataclasses.asdict(estimate),
                    }
                    for name, estimate in made.items()
                ]
    return found


def _made_by(folder: RunFolder, identity: Mapping[str, Any]) -> bool:
    """Say whether the predictions there are were made by this version of the labeler."""
    path = folder.labeler_file(identity["name"])
    return path.exists() and json.loads(path.read_text(encoding="utf-8")) == identity


def _labelled(folder: RunFolder, labeler: str, dataset: str) -> bool:
    if not folder.predictions_file(labeler, dataset).exists():
        return False
    answered = folder.answered(dataset)
    return not any(
        prediction.status == "failed" and prediction.id in answered
        for prediction in folder.predictions(labeler, dataset)
    )

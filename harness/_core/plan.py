"""A command's names, resolved once: what stages get are objects, not texts.

Every name is looked up here, before any model is asked anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imhi._core.data_access import DataAccess
from imhi._core.declarations import PromptStyle, resolve
from imhi._core.errors import HarnessError
from imhi._core.executors import ExecutorSpec
from imhi._core.labelers import LabelerSpec
from imhi._core.metering import MeterSpec
from imhi._core.metrics import MetricSpec
from imhi._core.models import ModelSpec
from imhi._core.observers import ObserverSpec
from imhi._core.registry import Registry
from imhi._core.settings import Answer, RunSettings, named
from imhi._core.sources import SourceSpec, parse_source
from imhi._core.views import OpenView, open_views


@dataclass(frozen=True)
class ModelPlan:
    """A model, and the prompt style it is asked in."""

    spec: ModelSpec
    style: PromptStyle
    answer: Answer = "text"
    samples: int = 1

    @property
    def called(self) -> str:
        """What tables call it."""
        return named(self.spec.name, self.answer, self.samples)


@dataclass(frozen=True)
class ScoringPlan:
    """How answers become scores. ``views`` holds None for the released gold with every
    row."""

    labeler: LabelerSpec
    metrics: tuple[MetricSpec, ...]
    views: tuple[OpenView | None, ...] = (None,)
    judges: tuple[str, ...] = ()
    max_cost: float | None = None

    @staticmethod
    def check_metrics(settings: RunSettings, registry: Registry) -> list[MetricSpec]:
        """Return the metrics asked for, and look up the judges they may ask.

        Raises:
            HarnessError: something of that name is not there, or judges are missing or not wanted.
        """
        specs = MetricSpec.parse(settings.metric, registry)
        for judge in settings.judge:
            ModelSpec.parse(judge, registry)
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


@dataclass(frozen=True)
class RunPlan:
    """One run of several models; ``settings`` are what was asked for, in words."""

    settings: RunSettings
    source: SourceSpec
    models: tuple[ModelPlan, ...]
    executor: ExecutorSpec
    scoring: ScoringPlan
    observers: tuple[ObserverSpec, ...] = ()
    energy: MeterSpec | None = None

    def open_data(self, registry: Registry) -> DataAccess:
        """Open the source, once for all models."""
        source = self.source.open(registry)
        return DataAccess(source, self.settings.split, self.settings.repair_mojibake)


def plan_run(settings: RunSettings, registry: Registry) -> RunPlan:
    """Look up everything a run needs.

    Raises:
        HarnessError: something of that name is not there, or does not go with the rest.
    """
    labeler = LabelerSpec.parse(settings.labeler, registry)
    executor = ExecutorSpec.parse(settings.executor, registry)
    metrics = ScoringPlan.check_metrics(settings, registry)
    models = tuple(plan_model(settings, model, registry) for model in dict.fromkeys(settings.model))
    if settings.repeat_check:
        _refuse_repeat_check(executor, models)
    views = open_views(registry, settings.audit, settings.view, settings.gold, settings.exclude)
    return RunPlan(
        settings=settings,
        source=parse_source(settings.source, registry),
        models=models,
        executor=executor,
        scoring=ScoringPlan(
            labeler=labeler,
            metrics=tuple(metrics),
            views=(None, *(view for view in views if view is not None)),
            judges=settings.judge,
            max_cost=settings.max_cost,
        ),
        observers=ObserverSpec.parse_all(settings.observer, registry),
        energy=MeterSpec.parse(settings.energy, registry),
    )


def _refuse_repeat_check(executor: ExecutorSpec, models: Sequence[ModelPlan]) -> None:
    """Raise HarnessError where answers cannot be checked for repeating."""
    if executor.executor.name != "local":
        raise HarnessError(
            f"--repeat-check: found --executor {executor.executor.name}, expected local: one model is "
            "asked alone and with all requests in flight, which several processes would share"
        )
    for model in models:
        spec = model.spec
        if spec.family.stored:
            raise HarnessError(
                f"--repeat-check: '{spec.name}' has its answers already, and there is no model to ask "
                "again; leave it out"
            )
        if spec.family.together and resolve(spec.family.together)(spec):
            raise HarnessError(
                f"--repeat-check: '{spec.name}' is handed its requests in one piece, so that none can be "
                "asked alone; have it asked one by one, or leave the check out"
            )


def plan_scoring(
    settings: RunSettings,
    registry: Registry,
    views: Sequence[OpenView | None] = (None,),
) -> ScoringPlan:
    """Look up everything that scoring runs again needs.

    Raises:
        HarnessError: as :func:`plan_run`.
    """
    return ScoringPlan(
        labeler=LabelerSpec.parse(settings.labeler, registry),
        metrics=tuple(ScoringPlan.check_metrics(settings, registry)),
        views=tuple(views),
        judges=settings.judge,
        max_cost=settings.max_cost,
    )


def plan_model(settings: RunSettings, model: str, registry: Registry) -> ModelPlan:
    """Look up a model, and its prompt style: the one asked for, else the one its preset or family
    names, else instruction."""
    spec = ModelSpec.parse(model, registry)
    asked = settings.prompt or spec.prompt
    if not asked and spec.family.prompt is not None:
        asked = resolve(spec.family.prompt)(spec)
    way = settings.answer.partition(":")[0]
    if way not in spec.family.answers:
        able = [f"{one.scheme}:" for one in registry.families if way in one.answers]
        raise HarnessError(
            f"model '{model}': --answer {settings.answer} is asked for, and {spec.family.scheme}: "
            f"models answer by {' or '.join(spec.family.answers)} only; those that can: "
            f"{', '.join(able) or 'none'}"
        )
    if settings.samples > 1 and (spec.family.stored or not spec.family.decodes):
        why = "has its answers already" if spec.family.stored else "draws nothing"
        raise HarnessError(
            f"model '{model}': --samples {settings.samples} is asked for, and it {why}, so that all samples "
            "would be alike: leave --samples out, or name a model that writes"
        )
    style = registry.prompts.get(asked or "instruction")
    return ModelPlan(spec, style, settings.answer, settings.samples)

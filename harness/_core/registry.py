"""The table of everything a plugin can register, and what all plugins together have registered."""

# ruff: noqa: RUF009 - _kind makes a dataclass field
from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from imhi._core.declarations import (
    Dataset,
    Labeler,
    Metric,
    ModelFamily,
    ModelPreset,
    PromptStyle,
    Source,
    Task,
    View,
)
from imhi._core.errors import HarnessError, UnknownName
from imhi._core.extensions import (
    AuditFlag,
    BuildCheck,
    BuildFormat,
    EnergyMeter,
    Executor,
    Observer,
    PublishedResults,
    Reporter,
    ReportSection,
    ThoughtFormat,
    Trainer,
)

T = TypeVar("T")


class NameTaken(HarnessError):
    """Two plugins claim one name; the second claim is refused."""


@dataclass
class KindRegistry(Generic[T]):
    """The things of one kind by name, each with the plugin that owns it. ``kind`` is what one of
    them is called in messages; ``aliases`` leads from every name in lower case to the name."""

    kind: str
    things: dict[str, T] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def claims(self, name: str, aliases: tuple[str, ...] = ()) -> None:
        """Raise NameTaken if one of the names is somebody's already."""
        for candidate in (name, *aliases):
            holder = self.aliases.get(candidate.lower())
            if holder is not None:
                raise NameTaken(
                    f"{self.kind} '{candidate}' is already registered by plugin "
                    f"'{self.owners[holder]}'; rename one of them, or disable a plugin "
                    "(--disable-plugin NAME)"
                )

    def add(self, name: str, thing: T, owner: str, aliases: tuple[str, ...] = ()) -> None:
        """Add a thing of the plugin ``owner``.

        Raises:
            NameTaken: one of the names is somebody's already.
        """
        self.claims(name, aliases)
        self.things[name] = thing
        self.owners[name] = owner
        for candidate in (name, *aliases):
            self.aliases[candidate.lower()] = name

    def get(self, name: str, hint: str = "") -> T:
        """Return the thing of that name or alias; case does not matter.

        Raises:
            UnknownName: with the nearest known name.
        """
        known = self.aliases.get(name.lower())
        if known is None:
            raise UnknownName(self.kind, name, self.things, hint)
        return self.things[known]

    def __iter__(self) -> Iterator[T]:
        return iter(self.things.values())

    def __len__(self) -> int:
        return len(self.things)


def _kind(thing: type[T], called: str, hook: str) -> KindRegistry[T]:
    """Return a field of the registry: what its things are, what one is called, who adds them."""
    made: Any = field(
        default_factory=lambda: KindRegistry(called), metadata={"type": thing, "hook": hook}
    )
    return cast("KindRegistry[T]", made)


@dataclass
class Registry:
    """Everything the loaded plugins offer.

    The fields are the one table of kinds: a new kind of thing is a declaration, a line here, and the
    hookspec that documents its hook.
    """

    tasks: KindRegistry[Task] = _kind(Task, "task", "imhi_tasks")
    datasets: KindRegistry[Dataset] = _kind(Dataset, "dataset", "")  # come with their tasks
    sources: KindRegistry[Source] = _kind(Source, "source", "imhi_sources")
    prompts: KindRegistry[PromptStyle] = _kind(PromptStyle, "prompt style", "imhi_prompts")
    families: KindRegistry[ModelFamily] = _kind(ModelFamily, "model scheme", "imhi_models")
    presets: KindRegistry[ModelPreset] = _kind(ModelPreset, "model preset", "imhi_models")
    thought_formats: KindRegistry[ThoughtFormat] = _kind(
        ThoughtFormat, "thought format", "imhi_thought_formats"
    )
    labelers: KindRegistry[Labeler] = _kind(Labeler, "labeler", "imhi_labelers")
    metrics: KindRegistry[Metric] = _kind(Metric, "metric", "imhi_metrics")
    reporters: KindRegistry[Reporter] = _kind(Reporter, "reporter", "imhi_reporters")
    published: KindRegistry[PublishedResults] = _kind(
        PublishedResults, "published results", "imhi_published"
    )
    views: KindRegistry[View] = _kind(View, "view", "imhi_views")
    executors: KindRegistry[Executor] = _kind(Executor, "executor", "imhi_executors")
    observers: KindRegistry[Observer] = _kind(Observer, "observer", "imhi_observers")
    energy_meters: KindRegistry[EnergyMeter] = _kind(
        EnergyMeter, "energy meter", "imhi_energy_meters"
    )
    build_checks: KindRegistry[BuildCheck] = _kind(BuildCheck, "check", "imhi_build_checks")
    build_formats: KindRegistry[BuildFormat] = _kind(BuildFormat, "format", "imhi_build_formats")
    audit_flags: KindRegistry[AuditFlag] = _kind(AuditFlag, "flag of the audit", "imhi_audit_flags")
    trainers: KindRegistry[Trainer] = _kind(Trainer, "kind of training", "imhi_trainers")
    report_sections: KindRegistry[ReportSection] = _kind(
        ReportSection, "section of the report", "imhi_report_sections"
    )

    def add(self, thing: object, owner: str) -> None:
        """Register what a hook of the plugin ``owner`` returned; a task with its datasets.

        Raises:
            NameTaken: the name is somebody else's; nothing of the thing is registered then.
            HarnessError: no hook adds things of this type.
        """
        kind = next((f.name for f in KINDS if isinstance(thing, f.metadata["type"])), None)
        if kind is None:
            raise HarnessError(f"a {type(thing).__name__} cannot be registered")
        if isinstance(thing, Metric):
            self._refuse_group_names(thing)
        datasets = thing.datasets if isinstance(thing, Task) else ()
        for dataset in datasets:
            self.datasets.claims(dataset.name, dataset.aliases)
        getattr(self, kind).add(name_of(thing), thing, owner)
        for dataset in datasets:
            self.datasets.add(dataset.name, dataset, owner, dataset.aliases)

    def _refuse_group_names(self, metric: Metric) -> None:
        """Raise NameTaken if a metric is called like a group of others, or its group like another
        metric: both are asked for by name."""
        for other in self.metrics:
            for called, group in ((metric, other.group), (other, metric.group)):
                if called.name.lower() == group.lower():
                    raise NameTaken(
                        f"metric '{metric.name}' of the group '{metric.group}' cannot stand beside "
                        f"metric '{other.name}' of the group '{other.group}' (plugin "
                        f"'{self.metrics.owners[other.name]}'): '{group}' would be a metric and a "
                        "group, expected another name"
                    )

    def task_of(self, dataset: str) -> Task:
        """Return the task a dataset belongs to.

        Raises:
            UnknownName: no task has it.
        """
        for task in self.tasks:
            if any(candidate.name == dataset for candidate in task.datasets):
                return task
        raise UnknownName("dataset", dataset, self.datasets.things)

    def dataset_map(self) -> Mapping[str, Dataset]:
        """Return the declared datasets by name."""
        return dict(self.datasets.things)


KINDS = dataclasses.fields(Registry)


def name_of(thing: Any) -> str:
    """Return what a registered thing is called: a family of models by its scheme."""
    return str(thing.scheme if isinstance(thing, ModelFamily) else thing.name)


def types_by_hook() -> dict[str, tuple[type, ...]]:
    """Return the register hooks, in the order in which they are called, with what each may give."""
    types: dict[str, tuple[type, ...]] = {}
    for kind in KINDS:
        if kind.metadata["hook"]:
            hook = kind.metadata["hook"]
            types[hook] = (*types.get(hook, ()), kind.metadata["type"])
    return types

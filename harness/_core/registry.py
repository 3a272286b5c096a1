"""What all plugins together have registered, by kind and name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from imhi._core.declarations import (
    Dataset,
    Executor,
    Labeler,
    Metric,
    ModelFamily,
    ModelPreset,
    PromptStyle,
    PublishedResults,
    Reporter,
    Source,
    Task,
    View,
)
from imhi._core.errors import HarnessError, UnknownName

T = TypeVar("T")


class NameTaken(HarnessError):
    """Two plugins claim one name; the second claim is refused."""


@dataclass
class Shelf(Generic[T]):
    """The things of one kind, by name, each with the plugin that owns it."""

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
        found = self.aliases.get(name.lower())
        if found is None:
            raise UnknownName(self.kind, name, self.things, hint)
        return self.things[found]

    def __iter__(self) -> Iterator[T]:
        return iter(self.things.values())

    def __len__(self) -> int:
        return len(self.things)


@dataclass
class Registry:
    """Everything the loaded plugins offer."""

    tasks: Shelf[Task] = field(default_factory=lambda: Shelf("task"))
    datasets: Shelf[Dataset] = field(default_factory=lambda: Shelf("dataset"))
    sources: Shelf[Source] = field(default_factory=lambda: Shelf("source"))
    prompts: Shelf[PromptStyle] = field(default_factory=lambda: Shelf("prompt style"))
    families: Shelf[ModelFamily] = field(default_factory=lambda: Shelf("model scheme"))
    presets: Shelf[ModelPreset] = field(default_factory=lambda: Shelf("model preset"))
    labelers: Shelf[Labeler] = field(default_factory=lambda: Shelf("labeler"))
    metrics: Shelf[Metric] = field(default_factory=lambda: Shelf("metric"))
    reporters: Shelf[Reporter] = field(default_factory=lambda: Shelf("reporter"))
    published: Shelf[PublishedResults] = field(default_factory=lambda: Shelf("published results"))
    views: Shelf[View] = field(default_factory=lambda: Shelf("view"))
    executors: Shelf[Executor] = field(default_factory=lambda: Shelf("executor"))

    def add(self, thing: object, owner: str) -> None:
        """Register what a hook returned.

        Raises:
            NameTaken: the name is somebody else's.
        """
        match thing:
            case Task():
                self.tasks.claims(thing.name)
                for dataset in thing.datasets:
                    self.datasets.claims(dataset.name, dataset.aliases)
                self.tasks.add(thing.name, thing, owner)
                for dataset in thing.datasets:
                    self.datasets.add(dataset.name, dataset, owner, dataset.aliases)
            case Source():
                self.sources.add(thing.name, thing, owner)
            case PromptStyle():
                self.prompts.add(thing.name, thing, owner)
            case ModelFamily():
                self.families.add(thing.scheme, thing, owner)
            case ModelPreset():
                self.presets.add(thing.name, thing, owner)
            case Labeler():
                self.labelers.add(thing.name, thing, owner)
            case Metric():
                self.metrics.add(thing.name, thing, owner)
            case Reporter():
                self.reporters.add(thing.name, thing, owner)
            case PublishedResults():
                self.published.add(thing.name, thing, owner)
            case View():
                self.views.add(thing.name, thing, owner)
            case Executor():
                self.executors.add(thing.name, thing, owner)
            case _:
                raise HarnessError(f"a {type(thing).__name__} cannot be registered")

    def task_of(self, dataset: str) -> Task:
        for task in self.tasks:
            if any(candidate.name == dataset for candidate in task.datasets):
                return task
        raise UnknownName("dataset", dataset, self.datasets.things)

    def dataset_map(self) -> Mapping[str, Dataset]:
        return dict(self.datasets.things)

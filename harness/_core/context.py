"""What the factories of plugins are given: the source, the settings, and each other's services."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imhi._core.budget import Budget
from imhi._core.declarations import Dataset, resolve
from imhi._core.errors import HarnessError
from imhi._core.events import Event, ExamplesScored
from imhi._core.fingerprints import digest
from imhi._core.labelers import parse_labeler
from imhi._core.protocols import OpenSource, ReadLabels
from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi._core.run_store.cache import Kept, KeptValues
from imhi._core.settings import Generation


def _nobody(event: Event) -> None:
    """Be told, and do nothing."""


@dataclass
class Context:
    """One run's surroundings.

    ``notes`` are sentences a reader of the scores must know; they go to the manifest and stand
    under every table. ``notify`` tells observers. ``judges`` are the models, as written on the
    command line, that metrics may ask; ``values`` is where metrics keep what they computed, and
    models what they need to go on; ``gaps`` are sentences on what a metric could not do yet and
    will do when asked again; ``model_identity`` is what the judged model is known by.
    """

    registry: Registry
    source: OpenSource
    split: str
    seed: int = 0
    shots: int = 3
    repair_mojibake: bool = False
    generation: Generation = field(default_factory=Generation)
    budget: Budget = field(default_factory=Budget)
    notify: Callable[[Event], None] = _nobody
    notes: list[str] = field(default_factory=list)
    run: str = ""
    judges: tuple[str, ...] = ()
    values: KeptValues = field(default_factory=KeptValues)
    gaps: list[str] = field(default_factory=list)
    tallies: dict[tuple[str, str], float] = field(default_factory=dict)
    model_identity: Mapping[str, Any] = field(default_factory=dict)
    _training: dict[tuple[str, tuple[str, ...]], list[Example]] = field(default_factory=dict)
    _labelers: dict[str, ReadLabels] = field(default_factory=dict)

    def dataset(self, name: str) -> Dataset:
        return self.registry.datasets.get(name)

    def without_observers(self) -> Context:
        """Return a copy that can be sent to another process."""
        return dataclasses.replace(
            self,
            notify=_nobody,
            notes=list(self.notes),
            values=KeptValues(),
            _training={},
            _labelers={},
        )

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def gap(self, text: str) -> None:
        """Say that a metric is incomplete: shown like a note, and the command exits with 1."""
        if text not in self.gaps:
            self.gaps.append(text)

    def tally(self, text: str, count: float, *, gap: bool = False) -> None:
        """Add to a note (or a gap) that counts: ``{n}`` in the text becomes the sum over all
        datasets; a sum of 0 says nothing."""
        key = ("gaps" if gap else "notes", text)
        self.tallies[key] = self.tallies.get(key, 0) + count

    def kept(self, name: str, identity: Mapping[str, Any]) -> Kept:
        """Return what a metric computed before under the same identity: everything that changes
        its values (model, layer, rubric ...), as JSON."""
        return self.values.open(name, identity)

    def advance(self, metric: str, dataset: str, done: int, total: int) -> None:
        """Tell observers how far a metric that takes its time has come."""
        self.notify(ExamplesScored(self.run, metric, dataset, done, total))

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        """Stream one split, with mojibake repaired where that was asked for."""
        rows = self.source.examples(dataset, split)
        if not self.repair_mojibake:
            return rows
        from imhi._core.mojibake import repaired

        return (repaired(example) for example in rows)

    def training_examples(
        self, dataset: str, splits: Sequence[str] = ("train", "val")
    ) -> list[Example]:
        """Return the rows a baseline or labeler may learn from: ``splits``, as far as the source
        has them, without the split under evaluation (in whichever style: ``train-complete`` holds
        the rows of ``train``). Empty where there are none."""
        chosen = self._training_splits(dataset, splits)
        key = (dataset, chosen)
        if key not in self._training:
            self._training.clear()
            self._training[key] = [
                example for split in chosen for example in self.examples(dataset, split)
            ]
        return self._training[key]

    def training_checksum(self, dataset: str) -> str:
        """Return what the training rows of a dataset are known by (SHA-256 of their files)."""
        splits = self._training_splits(dataset, ("train", "val"))
        return digest([self.source.checksum(dataset, split) for split in splits])

    def _training_splits(self, dataset: str, splits: Sequence[str]) -> tuple[str, ...]:
        evaluated = self.split.removesuffix("-complete")
        there = self.source.splits(dataset)
        return tuple(split for split in splits if split != evaluated and split in there)

    def labeler(self, name: str) -> ReadLabels:
        """Return a labeler at work; one labeler may build on another by its name."""
        if name not in self._labelers:
            spec = parse_labeler(name, self.registry)
            given = (spec.argument,) if spec.argument else ()
            self._labelers[name] = resolve(spec.labeler.create)(self, *given)
        return self._labelers[name]


def counted(tallies: Mapping[tuple[str, str], float]) -> Iterator[tuple[str, str]]:
    """Yield what :meth:`Context.tally` gathered, as ``("notes" or "gaps", sentence)``."""
    for (kind, text), n in tallies.items():
        if n:
            yield kind, text.replace("{n}", f"{n:,.4f}" if isinstance(n, float) else f"{n:,}")


def open_source(text: str, registry: Registry) -> tuple[str, OpenSource]:
    """Open ``NAME`` or ``NAME:ARGUMENT``; return the name as given and the opened source.

    Raises:
        HarnessError: no such source, or its argument is missing or not wanted.
    """
    name, _, argument = text.partition(":")
    declared = registry.sources.get(name)
    if declared.argument and not argument:
        raise HarnessError(
            f"source '{text}': expected {name}:{declared.argument} ({declared.summary})"
        )
    if argument and not declared.argument:
        raise HarnessError(f"source '{text}': {name} takes no argument; write --source {name}")
    opened: Any = resolve(declared.open)(argument, registry.dataset_map())
    return text, opened

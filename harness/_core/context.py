"""What the factories of plugins are given: the data, the settings, and each other's services."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from imhi._core.budget import Budget
from imhi._core.data_access import DataAccess
from imhi._core.declarations import Dataset, resolve
from imhi._core.events import Event, ExamplesScored, tell_nobody
from imhi._core.labelers import LabelerSpec
from imhi._core.protocols import OpenSource, ReadLabels
from imhi._core.records import Example, JsonObject
from imhi._core.registry import Registry
from imhi._core.report import Report
from imhi._core.run_store.cache import CacheFolder
from imhi._core.settings import Generation


@dataclass
class Context:
    """One run's surroundings. Stages derive one from another (:func:`dataclasses.replace`); nothing
    in it is exchanged while somebody works with it.

    ``source, split, seed, shots, generation`` are the settings; ``data`` reads the source's rows.
    ``report`` takes what a reader of the scores must know; ``notify`` tells observers. ``judges``
    are the models, as written on the command line, that metrics may ask; ``cache`` is where metrics
    keep what they computed, and models what they need to go on; ``model_identity`` is what the
    judged model is known by.
    """

    registry: Registry
    source: OpenSource
    split: str
    seed: int = 0
    shots: int = 3
    repair_mojibake: bool = False
    generation: Generation = field(default_factory=Generation)
    budget: Budget = field(default_factory=Budget)
    notify: Callable[[Event], None] = tell_nobody
    report: Report = field(default_factory=Report)
    run: str = ""
    judges: tuple[str, ...] = ()
    cache: CacheFolder = field(default_factory=CacheFolder)
    model_identity: JsonObject = field(default_factory=dict)
    data: DataAccess = None  # type: ignore[assignment]  # made of the source below
    _labelers: dict[str, ReadLabels] = field(default_factory=dict)

    def __post_init__(self) -> None:
        asked = (self.source, self.split, self.repair_mojibake)
        # A context derived from one of another source or split must not read that one's rows.
        if self.data is None or self.data.asked != asked:
            self.data = DataAccess(*asked)

    @property
    def notes(self) -> list[str]:
        """The notes so far, without those that count."""
        return self.report.notes

    def dataset(self, name: str) -> Dataset:
        """Return the declaration of a dataset.

        Raises:
            UnknownName: no plugin declares it.
        """
        return self.registry.datasets.get(name)

    def without_observers(self) -> Context:
        """Return a copy that can be sent to another process."""
        return dataclasses.replace(
            self,
            notify=tell_nobody,
            report=Report(list(self.report.notes)),
            cache=CacheFolder(),
            data=DataAccess(self.source, self.split, self.repair_mojibake),
            _labelers={},
        )

    def note(self, text: str) -> None:
        """Add a note: a sentence that stands in the manifest and under every table."""
        self.report.note(text)

    def mark_incomplete(self, text: str) -> None:
        """See :meth:`imhi._core.report.Report.mark_incomplete`."""
        self.report.mark_incomplete(text)

    def count(self, text: str, count: float, *, incomplete: bool = False) -> None:
        """See :meth:`imhi._core.report.Report.count`."""
        self.report.count(text, count, incomplete=incomplete)

    def advance(self, metric: str, dataset: str, done: int, total: int) -> None:
        """Tell observers how far a metric that takes its time has come."""
        self.notify(ExamplesScored(self.run, metric, dataset, done, total))

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        """See :meth:`imhi._core.data_access.DataAccess.examples`."""
        return self.data.examples(dataset, split)

    def training_examples(
        self, dataset: str, splits: Sequence[str] = ("train", "val")
    ) -> list[Example]:
        """See :meth:`imhi._core.data_access.DataAccess.training_examples`."""
        return self.data.training_examples(dataset, splits)

    def labeler(self, name: str) -> ReadLabels:
        """Return a labeler at work; one labeler may build on another by its name."""
        return self.read_with(LabelerSpec.parse(name, self.registry))

    def read_with(self, spec: LabelerSpec) -> ReadLabels:
        """Return a labeler at work; it is made once."""
        if spec.name not in self._labelers:
            given = (spec.argument,) if spec.argument else ()
            made: Any = resolve(spec.labeler.create)(self, *given)
            self._labelers[spec.name] = made
        return self._labelers[spec.name]

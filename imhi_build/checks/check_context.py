"""What checks work with: the rows, the executor, and the means to ask models and labelers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from imhi import Budget, Context, Dataset, Event, Generation, Registry
from imhi.build.config import Config
from imhi.build.folder import BuildFolder
from imhi.build.records import BuiltRow
from imhi.build.source import BuiltSource
from imhi.runs import ExecutorSpec

if TYPE_CHECKING:
    from pydantic import JsonValue

CHUNK = 2000
T = TypeVar("T")


@dataclass
class CheckContext:
    """The surroundings of the checks (:class:`imhi.build.checks.declarations.Corpus`), one for all of
    a command: they share what they compute.

    ``details`` is what the report of the check at work says besides the findings; ``skipped`` why
    it did not look, ``looked_at`` at how many rows of each dataset it did where not at all of them,
    ``incomplete`` what could not be looked at. ``max_cost`` in US dollars, for what models are asked.
    """

    folder: BuildFolder
    config: Config
    registry: Registry
    executor: ExecutorSpec
    notify: Callable[[Event], None]
    max_cost: float | None
    details: dict[str, JsonValue] = field(default_factory=dict)
    looked_at: dict[str, int] = field(default_factory=dict)
    skipped: str = ""
    incomplete: str = ""
    cache: dict[object, Any] = field(default_factory=dict)
    _run_on: Callable[..., Iterator[Any]] | None = None

    @property
    def datasets(self) -> Sequence[str]:
        """The datasets of the build."""
        return self.folder.datasets()

    @property
    def seed(self) -> int:
        """The seed of the build, for all that is drawn."""
        return self.config.seed

    def dataset(self, name: str) -> Dataset:
        """Return the declaration of a dataset."""
        return self.registry.datasets.get(name)

    def rows(self, dataset: str) -> Iterator[BuiltRow]:
        """Yield the rows that have an explanation; the others are listed as lacking one."""
        return (row for row in self.folder.rows(dataset) if row.explanation)

    def spread(
        self, work: Callable[[Sequence[BuiltRow]], Iterator[T]], rows: Iterable[BuiltRow]
    ) -> Iterator[T]:
        """Yield what ``work`` yields for chunks of the rows, in any order, through the executor."""
        if self._run_on is None:
            self._run_on = self.executor.start(self.context())
        stream = iter(rows)
        while chunk := list(islice(stream, CHUNK)):
            yield from self._run_on(work, chunk)

    def context(self, generation: Generation | None = None) -> Context:
        """Return the surroundings of a model or labeler."""
        return Context(
            registry=self.registry,
            source=BuiltSource(self.folder),
            split="",
            seed=self.seed,
            generation=generation or Generation(),
            budget=Budget(self.max_cost),
            notify=self.notify,
        )

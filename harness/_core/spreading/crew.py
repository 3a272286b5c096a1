"""What an executor supplies so that work can be spread over its workers, and what work may tell."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from imhi._core.spreading.lending import Asking, Loan

Work = Callable[[Sequence[Any]], Iterator[Any]]


@dataclass(frozen=True)
class Place:
    """Where a worker stands: its ``number`` among the ``workers`` that are at the same work, and
    whom it asks for money (None: the work has no limit)."""

    number: int
    workers: int
    lend: Callable[[Asking], Loan] | None = None


class SpreadWork(Protocol):
    """Work that says more of itself, so that what a dead worker leaves is known item by item. Work
    without these is redone by the portion, and its results wait until the portion is complete."""

    gpus: int
    """GPUs that one worker needs."""

    def __call__(self, items: Sequence[Any]) -> Iterator[Any]: ...

    def begin(self, place: Place) -> None:
        """Make ready, in the worker, before the first portion: load the model."""

    def key(self, thing: Any) -> Hashable | None:
        """Return what an item and its result have in common; None for a result that is no item's."""

    def failed(self, item: Any, why: str) -> Any:
        """Return the result of an item that no worker survives."""


@dataclass(frozen=True)
class Event:
    """What a worker says: it is ``ready`` for the work; ``results`` (a list); its portion is
    ``done``; the work raised an ``error`` (the exception); it ``died`` (how, in words)."""

    worker: int
    kind: Literal["ready", "results", "done", "error", "died"]
    value: Any = None


class Crew(Protocol):
    """Workers of one kind. A worker is started with the crew's work and stays between calls."""

    name: str
    """What the executor is called, for messages."""
    ready: set[int]
    """Workers that have the work and nothing to do."""

    def start(self, worker: int) -> None:
        """Start a worker, or one in place of a dead one; ``ready`` or ``died`` follows."""

    def give(self, worker: int, items: Sequence[Any]) -> None:
        """Hand a portion to a worker that is ready."""

    def events(self) -> Iterable[Event]:
        """Wait until some worker has something to say."""

    def close(self) -> None:
        """End all workers; what they were at is lost."""

"""The rules of spreading, with workers in this process that die when they are told to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

import pytest

from imhi import Budget, HarnessError
from imhi._core.spreading.crew import Event
from imhi._core.spreading.lending import Lender
from imhi._core.spreading.spread import spread


class Work:
    def __call__(self, items: Sequence[int]) -> Iterator[int]:
        yield from items

    def key(self, thing: int) -> int:
        return abs(thing)

    def failed(self, item: int, why: str) -> int:
        return -item


class Here:
    """A crew whose workers die where ``dies(worker, item)``."""

    name = "here"

    def __init__(self, dies: Callable[[int, int], bool]) -> None:
        self.ready: set[int] = set()
        self.given: list[Sequence[int]] = []
        self.closed = False
        self._dies = dies
        self._events: deque[Event] = deque()

    def start(self, worker: int) -> None:
        self.ready.add(worker)
        self._events.append(Event(worker, "ready"))

    def give(self, worker: int, items: Sequence[int]) -> None:
        self.ready.discard(worker)
        self.given.append(items)
        for item in items:
            if self._dies(worker, item):
                self._events.append(Event(worker, "died", "signal 9"))
                return
            self._events.append(Event(worker, "results", [item]))
        self._events.append(Event(worker, "done"))

    def events(self) -> list[Event]:
        event = self._events.popleft()
        if event.kind == "done":
            self.ready.add(event.worker)
        return [event]

    def close(self) -> None:
        self.closed = True


def results(crew: Here, count: int, budget: Budget | None = None) -> list[int]:
    lender = Lender(budget or Budget())
    return list(spread(crew, Work(), range(1, count + 1), 2, [].append, lender))


def test_items_that_kill_fail_each_alone_and_all_others_are_done_once() -> None:
    deadly = {1, 2, 90, 91, 300}
    found = results(Here(lambda _, item: item in deadly), 300)
    assert sorted(found, key=abs) == [-n if n in deadly else n for n in range(1, 301)]


def test_workers_that_always_die_do_not_go_on_for_ever() -> None:
    crew = Here(lambda *_: True)
    with pytest.raises(HarnessError, match=r"died 13 times in a row .*signal 9.*here:1"):
        results(crew, 1000)
    assert crew.closed


def test_nothing_is_handed_out_once_the_budget_is_exhausted() -> None:
    budget = Budget(1.0)
    budget.exhausted = True
    crew = Here(lambda *_: False)
    assert results(crew, 10, budget) == [] and not crew.given


def test_a_caller_that_stops_early_leaves_no_worker_at_work() -> None:
    crew = Here(lambda *_: False)
    stream = spread(crew, Work(), range(100), 2, print, Lender(Budget()))
    next(stream)
    stream.close()
    assert crew.closed

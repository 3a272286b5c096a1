"""Work over a crew of workers: nothing lost, nothing twice but what a dead worker had in hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from imhi._core.errors import HarnessError
from imhi._core.spreading.crew import Crew, Event, Work
from imhi._core.spreading.lending import Lender
from imhi._core.spreading.portions import Portions

_DEATHS = 3
"""Workers that an item may have seen die before it fails, once it is alone with one."""
_STARTS = 2  # times in a row a worker may die while it makes ready
_IN_VAIN = 6  # deaths in a row without any result, and three more for each worker


@dataclass
class _Portion:
    """What a worker has in hand: the ``open`` places of items, by key (or by place, where the work
    knows no keys); ``held`` results wait until the portion is complete."""

    open: dict[Hashable, int]
    held: list[Any] = field(default_factory=list)


def spread(
    crew: Crew,
    work: Work,
    items: Sequence[Any],
    workers: int,
    note: Callable[[str], None],
    lender: Lender,
) -> Iterator[Any]:
    """Yield the results of ``work`` for all items, as they come.

    A worker that dies is replaced, and what it had not answered is done by others. An item that was
    with several when they died is given to one alone; if that dies too, the item fails by itself.
    Nothing more is handed out once the budget is exhausted.

    Raises:
        HarnessError: as a worker raised it; no worker gets ready, or workers die one after the other
            without a result.
    """
    at_work = _Spreading(crew, work, items, min(workers, len(items)), lender)
    finished = False
    try:
        yield from at_work.results()
        finished = True
    finally:
        if at_work.deaths:
            note(at_work.told())
        if not finished:  # what is still coming would be taken for the results of other portions
            crew.close()


class _Spreading:
    def __init__(
        self, crew: Crew, work: Work, items: Sequence[Any], workers: int, lender: Lender
    ) -> None:
        self._crew, self._work, self._items, self._lender = crew, work, items, lender
        self._key: Callable[[Any], Hashable | None] | None = getattr(work, "key", None)
        self._portions = Portions(len(items), workers)
        self._hands: dict[int, _Portion] = {}
        self._workers = set(range(workers))
        self._failed_starts: Counter[int] = Counter()
        self._seen_die: Counter[int] = Counter()
        self._in_vain = 0
        self.deaths: Counter[str] = Counter()
        self._again = 0

    def results(self) -> Iterator[Any]:
        """Yield all results."""
        for worker in self._workers - self._crew.ready:
            self._crew.start(worker)
        self._hand_out()
        while self._hands or (self._portions and not self._lender.budget.exhausted):
            for event in self._crew.events():
                yield from self._heard(event)
            self._hand_out()

    def told(self) -> str:
        """Return what a reader of the run must know of the dead."""
        ways = ", ".join(f"{how}: {count}" for how, count in sorted(self.deaths.items()))
        total = self.deaths.total()
        return (
            f"executor {self._crew.name}: workers died {total} time{'s' * (total > 1)} ({ways}) and were "
            f"replaced; of {len(self._items):,} items, the {self._again:,} that they left unanswered were "
            "done again"
        )

    def _hand_out(self) -> None:
        for worker in sorted(self._crew.ready & self._workers - self._hands.keys()):
            if not self._portions or self._lender.budget.exhausted:
                return
            places = self._portions.take(worker)
            items = self._at(places)
            keys = map(self._key, items) if self._key else places
            self._hands[worker] = _Portion(dict(zip(keys, places, strict=True)))
            self._crew.give(worker, items)

    def _at(self, places: Sequence[int]) -> list[Any]:
        if isinstance(places, range):
            return list(self._items[places.start : places.stop])
        return [self._items[place] for place in places]

    def _heard(self, event: Event) -> Iterator[Any]:
        worker = event.worker
        if event.kind == "ready":
            self._failed_starts[worker] = 0
        elif event.kind == "results":
            yield from self._arrived(worker, event.value)
        elif event.kind == "done":
            portion = self._hands.pop(worker)
            if self._key is None:
                self._portions.arrived(worker, len(portion.open))
            self._portions.rest(worker)
            yield from portion.held
        elif event.kind == "error":
            raise event.value
        else:
            yield from self._died(worker, str(event.value))

    def _arrived(self, worker: int, results: Sequence[Any]) -> Iterator[Any]:
        self._in_vain = 0
        portion = self._hands[worker]
        if self._key is None:
            portion.held += results
            return
        for result in results:
            key = self._key(result)
            if key is not None and portion.open.pop(key, None) is not None:
                self._portions.arrived(worker, 1)
            yield result

    def _died(self, worker: int, how: str) -> Iterator[Any]:
        self.deaths[how] += 1
        self._lender.died(worker)
        portion = self._hands.pop(worker, None)
        if portion is None:
            self._died_idle(worker, how)
            return
        self._portions.rest(worker)
        places = sorted(portion.open.values())
        self._seen_die.update(places)
        if len(places) == 1 and self._seen_die[places[0]] >= _DEATHS:
            yield self._fails(places[0], how)
        else:
            self._again += len(places)
            self._portions.put_back(places)
        self._in_vain += 1
        if self._in_vain > _IN_VAIN + 3 * len(self._workers):
            raise HarnessError(
                f"executor {self._crew.name}: workers died {self._in_vain} times in a row without a "
                f"result (the last: {how}; out of memory?); what was finished is kept: run again with "
                f"fewer workers ({self._crew.name}:1), or less in memory at a time"
            )
        self._crew.start(worker)

    def _died_idle(self, worker: int, how: str) -> None:
        """Replace a worker that had nothing in hand: it was making ready, or resting."""
        self._failed_starts[worker] += 1
        if self._failed_starts[worker] <= _STARTS:
            self._crew.start(worker)
            return
        self._workers.discard(worker)
        if not self._workers:
            raise HarnessError(
                f"executor {self._crew.name}: every worker died while it started or loaded the model "
                f"(the last: {how}; out of memory?); what was finished is kept: run again with fewer "
                f"workers ({self._crew.name}:1), or with --executor local to see why"
            )

    def _fails(self, place: int, how: str) -> Any:
        item = self._items[place]
        why = (
            f"{_DEATHS} workers of executor {self._crew.name} died with this request in hand, the last "
            f"with no other ({how}; out of memory?)"
        )
        failed = getattr(self._work, "failed", None)
        if failed is None:
            raise HarnessError(f"{why}: {str(item)[:60]}")
        return failed(item, why)

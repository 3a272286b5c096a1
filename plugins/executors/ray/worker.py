"""The other side of ``ray``: the actor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

from imhi.runs import Asking, Loan, Place, Work

_SENT_TOGETHER = 64  # results that come at once at most; those of a model come one by one


class Worker:
    """Keeps the work, and with it the model, between portions. The model has one thread of its own
    all the time: what it has given is on its way at once, whatever it is at."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._out: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self._loans: SimpleQueue[Loan] = SimpleQueue()
        self._work: Work

    def begin(self, work: Work, number: int, workers: int, limited: bool) -> None:
        """Make ready for the work."""
        self._work = work
        begin = getattr(work, "begin", None)
        if begin is not None:
            place = Place(number, workers, self._ask if limited else None)
            self._thread.submit(begin, place).result()

    def run(self, items: Sequence[Any]) -> Iterator[tuple[str, Any]]:
        """Yield ``("results", list)`` as they come, and ``("ask", Asking)`` where money is needed."""
        done = self._thread.submit(self._do, items)
        waiting: list[Any] = []
        while True:
            kind, value = self._out.get()
            if kind == "result":
                waiting.append(value)
                if len(waiting) < _SENT_TOGETHER and not self._out.empty():
                    continue
            if waiting:
                yield "results", waiting
                waiting = []
            if kind == "ask":
                yield kind, value
            elif kind == "done":
                done.result()
                return

    def answer(self, loan: Loan) -> None:
        """Take the answer to what was asked last."""
        self._loans.put(loan)

    def _do(self, items: Sequence[Any]) -> None:
        try:
            for result in self._work(items):
                self._out.put(("result", result))
        finally:
            self._out.put(("done", None))

    def _ask(self, asking: Asking) -> Loan:
        self._out.put(("ask", asking))
        return self._loans.get()

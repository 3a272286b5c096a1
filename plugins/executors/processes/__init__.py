"""The executor ``processes[:N]``: over processes of this machine, as many as it has cores, or as its
GPUs have room for models.

Each is started once and keeps its work, and with it a model, between portions; given other work it
forgets the one before. What travels is pickled by value where it must be (single-file plugins).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imhi import Argument, Budget, Context, Executor, HarnessError, hookimpl

if TYPE_CHECKING:
    from imhi.plugins.executors.processes.crew import ProcessCrew
    from imhi.runs import Work


def create(context: Context, argument: str) -> Callable[..., Iterator[Any]]:
    """Make the executor; processes start when there is something to do.

    Raises:
        HarnessError: the argument is no number.
    """
    try:
        count = Argument.count(argument) if argument else None
    except ValueError as error:
        raise HarnessError(f"executor processes:{argument}: found '{argument}', {error}") from None
    return Pool(count, context.budget, context.note)


def _cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class Pool:
    """The processes of one executor, kept while they have the same work. ``budget`` is what they may
    spend together, ``note`` is told of those that died."""

    def __init__(self, count: int | None, budget: Budget, note: Callable[[str], None]) -> None:
        self.count = count
        self.budget = budget
        self.note = note
        self._crew: ProcessCrew | None = None

    def __call__(self, work: Work, items: Sequence[Any]) -> Iterator[Any]:
        """Yield what ``work`` yields for portions of the items, as it comes.

        Raises:
            HarnessError: as a process raised it; processes die again and again; there are too few
                GPUs for so many.
        """
        from imhi.plugins.executors.processes.crew import ProcessCrew
        from imhi.runs import Lender, copies, share_out, spread, visible_gpus

        if not items:
            return
        need, gpus = getattr(work, "gpus", 0), visible_gpus()
        count = self.count or copies(len(gpus), need) or _cores()
        shares = share_out("processes", gpus, count, need)
        lender = Lender(self.budget)
        if self._crew is None or self._crew.shares != shares:
            self.close()
            self._crew = ProcessCrew(shares)
        self._crew.lender = lender
        self._crew.begin(work)
        yield from spread(self._crew, work, items, count, self.note, lender)

    def close(self) -> None:
        """End the processes; what they were at is lost."""
        if self._crew is not None:
            self._crew.close()
            self._crew = None

    def __del__(self) -> None:
        self.close()


@hookimpl
def imhi_executors() -> Iterator[Executor]:
    yield Executor("processes", "Over processes of this machine (processes:N)", create)

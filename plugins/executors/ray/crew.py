"""The actors of ``ray``: started, given portions, heard, started again where one dies.

An actor is restarted by Ray, wherever the cluster has room. What it had in hand is not: Ray tells
the results of a task that it does again by their numbers, and a model's come in another order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import ray
from imhi import HarnessError

if TYPE_CHECKING:
    from imhi.runs import Asking, Event, Lender, Loan, Work

_SENT_TOGETHER = 64  # results that come at once at most; those of a model come one by one


class RayCrew:
    """Actors and what they are at; see :class:`imhi.runs.Crew`. ``gpus`` is set aside for each."""

    name = "ray"

    def __init__(self, work: Work, workers: int, gpus: float) -> None:
        self.ready: set[int] = set()
        self._count = workers
        # Put once: it is pickled for all, and again for none that is restarted.
        self._work = ray.put(work)
        self._actor = ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=-1, max_task_retries=0)(
            Worker
        )
        self._actors: dict[int, Any] = {}
        self._at: dict[Any, int] = {}  # what is awaited, and of whom
        self._streams: set[Any] = set()
        self._lender: Lender
        self._bank: Any = None

    def lend(self, lender: Lender) -> None:
        """Let workers ask for money here, until :meth:`settle`."""
        self._lender = lender

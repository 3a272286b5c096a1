"""The actors of ``ray``: started, given portions, heard, replaced where one dies.

Neither restarts of actors nor retries of their tasks are left to Ray. It tells the results of a task
that it does again by their numbers, and a model's come in another order the second time: some would
be lost and others doubled. And calls to an actor that restarts fail until it is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imhi import HarnessError
from imhi.runs import Event, Lender

if TYPE_CHECKING:
    from imhi.runs import Work


class RayCrew:
    """Actors and what they are at; see :class:`imhi.runs.Crew`. ``gpus`` is set aside for each."""

    name = "ray"

    def __init__(self, work: Work, workers: int, gpus: float) -> None:
        import ray

        from imhi.plugins.executors.ray.worker import Worker

        self.ready: set[int] = set()
        self.lender: Lender
        self._ray = ray
        self._count = workers
        # Put once: it is pickled for all of them, and not again for one that replaces another.
        self._work = ray.put(work)
        # Two calls at a time: a loan is answered while a portion is at work.
        self._actor = ray.remote(
            num_cpus=1, num_gpus=gpus, max_concurrency=2, max_restarts=0, max_task_retries=0
        )(Worker)
        self._actors: dict[int, Any] = {}
        self._awaited: dict[Any, int] = {}

    def start(self, worker: int) -> None:
        """See :meth:`imhi.runs.Crew.start`."""
        actor = self._actors[worker] = self._actor.remote()
        limited = self.lender.budget.limit is not None
        self._awaited[actor.begin.remote(self._work, worker, self._count, limited)] = worker

    def give(self, worker: int, items: Sequence[Any]) -> None:
        """See :meth:`imhi.runs.Crew.give`."""
        self.ready.discard(worker)
        stream = self._actors[worker].run.options(num_returns="streaming").remote(items)
        self._awaited[stream] = worker

    def events(self) -> Iterator[Event]:
        """See :meth:`imhi.runs.Crew.events`."""
        errors = self._ray.exceptions
        ready, _ = self._ray.wait(list(self._awaited), num_returns=1, fetch_local=False)
        for awaited in ready:
            worker = self._awaited[awaited]
            try:
                if isinstance(awaited, self._ray.ObjectRef):
                    self._ray.get(awaited)
                    yield self._finished(awaited, "ready")
                else:
                    yield from self._said(worker, self._ray.get(next(awaited)))
            except StopIteration:
                yield self._finished(awaited, "done")
            except errors.RayTaskError as error:
                del self._awaited[awaited]
                cause = error.cause
                yield Event(worker, "error", cause if isinstance(cause, HarnessError) else error)
            except errors.RayError as error:
                yield self._buried(awaited, error)

    def _finished(self, awaited: Any, kind: Any) -> Event:
        worker = self._awaited.pop(awaited)
        self.ready.add(worker)
        return Event(worker, kind)

    def _said(self, worker: int, said: tuple[str, Any]) -> Iterator[Event]:
        kind, value = said
        if kind == "ask":
            self._actors[worker].answer.remote(self.lender.ask(worker, value))
        else:
            yield Event(worker, "results", value)

    def _buried(self, awaited: Any, error: Exception) -> Event:
        worker = self._awaited.pop(awaited)
        actor = self._actors.pop(worker)
        self.ready.discard(worker)
        self._ray.kill(actor)  # one that cannot be reached must not keep its GPU
        return Event(worker, "died", type(error).__name__)

    def close(self) -> None:
        """See :meth:`imhi.runs.Crew.close`."""
        for actor in self._actors.values():
            self._ray.kill(actor)
        self._actors, self._awaited = {}, {}
        self.ready.clear()

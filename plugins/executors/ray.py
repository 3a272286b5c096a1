"""The executor ``ray[:WORKERS]``: shards over a Ray cluster, or over this machine's cores.

Each worker is an actor that makes the model once and streams its results back. Without a number
there is one worker per GPU of the cluster, or one where it has none. ``RAY_ADDRESS`` names the
cluster, as Ray itself has it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from imhi import Argument, Context, Executor, HarnessError, hookimpl, worker_modules


class _NoPlaces(list[str]):
    """Where ray would have workers import from besides: the working directory and the script's,
    before everything that is installed. None of them."""

    def extend(self, places: Iterable[str]) -> None:
        """Take no place."""


def create(context: Context, argument: str) -> Callable[..., Iterator[Any]]:
    """Make the executor.

    Raises:
        HarnessError: ray is not installed, the argument is no number, or the run has a budget
            (workers cannot share one).
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise HarnessError(
            "executor ray: the package ray is not installed: pip install 'imhi-harness[ray]'"
        ) from None
    if context.budget.limit is not None:
        raise HarnessError(
            "executor ray: --max-cost holds within one process only; use --executor local"
        )
    try:
        wanted = Argument.count(argument) if argument else None
    except ValueError as error:
        raise HarnessError(f"executor ray:{argument}: found '{argument}', {error}") from None
    if not ray.is_initialized():
        job = ray.job_config.JobConfig()
        job._py_driver_sys_path = _NoPlaces()
        ray.init(
            log_to_driver=False,
            logging_level=logging.ERROR,
            include_dashboard=False,
            job_config=job,
        )
    for module in worker_modules():
        ray.cloudpickle.register_pickle_by_value(module)
    gpus = int(ray.cluster_resources().get("GPU", 0))
    workers = wanted or max(gpus, 1)

    class Worker:
        """An actor: keeps the work, and with it the model, between shards."""

        def __init__(self, work: Callable[[Sequence[Any]], Iterator[Any]]) -> None:
            self.work = work

        def run(self, shard: Sequence[Any]) -> Iterator[Any]:
            yield from self.work(shard)

    share = min(1.0, gpus / workers) if gpus else 0
    remote = ray.remote(num_cpus=1, num_gpus=share)(Worker)
    actors: list[Any] = []
    at: list[Any] = []  # what they are at work on

    def run(work: Callable[[Sequence[Any]], Iterator[Any]], items: Sequence[Any]) -> Iterator[Any]:
        if not at or at[0] is not work:
            actors.clear()  # without a handle on them they end
            at[:] = [work]
            actors.extend(remote.remote(work) for _ in range(workers))
        # Every n-th item: shards of like mixture, whatever the order of the items.
        shards = [(actor, items[i :: len(actors)]) for i, actor in enumerate(actors)]
        streams = [
            actor.run.options(num_returns="streaming").remote(shard)
            for actor, shard in shards
            if shard
        ]
        yield from _as_they_come(ray, streams)

    return run


def _as_they_come(ray: Any, streams: list[Any]) -> Iterator[Any]:
    """Yield the results of several streams, whichever has one next.

    Raises:
        HarnessError: as the worker raised it.
    """
    while streams:
        ready, _ = ray.wait(streams, num_returns=1, fetch_local=False)
        for stream in ready:
            try:
                yield ray.get(next(stream))
            except StopIteration:
                streams.remove(stream)
            except ray.exceptions.RayTaskError as error:
                cause = error.cause if isinstance(error.cause, HarnessError) else None
                if cause is None:
                    raise
                raise cause from None


@hookimpl
def imhi_executors() -> Iterator[Executor]:
    yield Executor("ray", "Over a Ray cluster or this machine's cores (ray:WORKERS)", create)

"""The executor ``ray[:WORKERS]``: portions over a Ray cluster, or over this machine's cores.

Each worker is an actor that makes the model once and streams its results back. Without a number
there is one worker for each model that the GPUs of the cluster have room for, or one where it has none.
``RAY_ADDRESS`` names the cluster, as Ray itself has it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imhi import (
    Argument,
    Budget,
    Context,
    Executor,
    HarnessError,
    hookimpl,
    how_to_install,
    worker_modules,
)

if TYPE_CHECKING:
    from imhi.plugins.executors.ray.crew import RayCrew
    from imhi.runs import Work


class _NoPlaces(list[str]):
    """Where ray would have workers import from besides: the working directory and the script's,
    before everything that is installed. None of them."""

    def extend(self, places: Iterable[str]) -> None:
        """Take no place."""


def create(context: Context, argument: str) -> Callable[..., Iterator[Any]]:
    """Make the executor.

    Raises:
        HarnessError: ray is not installed or does not start, or the argument is no number.
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise HarnessError(
            f"executor ray: the package ray is not installed: {how_to_install('ray')}"
        ) from None
    try:
        wanted = Argument.count(argument) if argument else None
    except ValueError as error:
        raise HarnessError(f"executor ray:{argument}: found '{argument}', {error}") from None
    _off_standard_output(ray)
    if not ray.is_initialized():
        job = ray.job_config.JobConfig()
        job._py_driver_sys_path = _NoPlaces()
        try:
            ray.init(
                log_to_driver=False,
                logging_level=logging.ERROR,
                include_dashboard=False,
                job_config=job,
            )
        except Exception as error:
            told = " ".join(str(error).split())
            raise HarnessError(
                f"executor ray: Ray did not start, or the cluster of RAY_ADDRESS was not found ({told}); "
                "on a machine that is busy try again, or use --executor processes"
            ) from error
    for module in worker_modules():
        ray.cloudpickle.register_pickle_by_value(module)
    return Pool(wanted, int(ray.cluster_resources().get("GPU", 0)), context.budget, context.note)


def _off_standard_output(ray: Any) -> None:
    """Keep what Ray says of dead workers from standard output, where results go: it prints it there
    also with log_to_driver=False (``findings/ray_prints_deaths.sh``). The run tells it in a note."""
    worker = ray._private.worker
    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *args, **options: None


class Pool:
    """The actors of one executor, kept while they have the same work. ``budget`` is what they may
    spend together, ``note`` is told of those that died."""

    def __init__(
        self, wanted: int | None, gpus: int, budget: Budget, note: Callable[[str], None]
    ) -> None:
        self.wanted = wanted
        self.gpus = gpus
        self.budget = budget
        self.note = note
        self._work: Work | None = None
        self._crew: RayCrew | None = None

    def __call__(self, work: Work, items: Sequence[Any]) -> Iterator[Any]:
        """Yield what ``work`` yields for portions of the items, as it comes.

        Raises:
            HarnessError: as a worker raised it; workers die again and again; there are too few GPUs
                for so many.
        """
        from imhi.plugins.executors.ray.crew import RayCrew
        from imhi.runs import Lender, copies, spread

        need = getattr(work, "gpus", 0)
        workers = self.wanted or copies(self.gpus, need) or 1
        lender = Lender(self.budget)
        if self._crew is None or self._work is not work:
            if self._crew is not None:
                self._crew.close()
            self._work = work
            self._crew = RayCrew(work, workers, gpu_share(self.gpus, workers, need))
        self._crew.lender = lender
        yield from spread(self._crew, work, items, workers, self.note, lender)


def gpu_share(gpus: int, workers: int, need: int) -> float:
    """Return how many GPUs Ray is to set aside for each worker: what it needs, or a part of one that
    others have too.

    Raises:
        HarnessError: workers that need several would have to share them.
    """
    from imhi.runs import too_many

    if not gpus or not need:
        return 0.0
    if need * workers <= gpus:
        return float(need)
    if need > 1:
        raise too_many("ray", gpus, workers, need)
    return gpus / workers


@hookimpl
def imhi_executors() -> Iterator[Executor]:
    yield Executor("ray", "Over a Ray cluster or this machine's cores (ray:WORKERS)", create)

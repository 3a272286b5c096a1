"""The executor ``processes[:N]``: over processes of this machine, as many as it has cores.

Each is started once and keeps its work, and with it a model, between shards; given other work it
forgets the one before. What travels is pickled by value where it must be (single-file plugins).
"""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imhi import (
    Argument,
    Context,
    Executor,
    HarnessError,
    hookimpl,
    worker_import_path,
    worker_modules,
)

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Work = Callable[[Sequence[Any]], Iterator[Any]]
# With -c, Python itself puts the working directory first.
_CHILD = """import sys
sys.path[:] = [place for place in sys.path if place]
from imhi.plugins.executors.processes import serve
serve(int(sys.argv[1]))
"""
_SENT_TOGETHER = 64  # results a message carries at most; those of a model come one by one


def create(context: Context, argument: str) -> Callable[..., Iterator[Any]]:
    """Make the executor; processes start when there is something to do.

    Raises:
        HarnessError: the argument is no number, or there is a budget (processes cannot share one).
    """
    if context.budget.limit is not None:
        raise HarnessError(
            "executor processes: --max-cost holds within one process only; use --executor local"
        )
    try:
        count = Argument.count(argument) if argument else _cores()
    except ValueError as error:
        raise HarnessError(f"executor processes:{argument}: found '{argument}', {error}") from None
    return Pool(count)


def _cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class Pool:
    """Processes and what they are at."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._processes: list[subprocess.Popen[bytes]] = []
        self._pipes: list[Connection[Any, Any]] = []
        self._work: Work | None = None

    def __call__(self, work: Work, items: Sequence[Any]) -> Iterator[Any]:
        """Yield what ``work`` yields for shards of the items, as it comes.

        Raises:
            HarnessError: as a process raised it, or a process died.
        """
        import cloudpickle

        # Every n-th item: shards of like mixture, whatever the order of the items.
        shards = [items[i :: self.count] for i in range(min(self.count, len(items)))]
        finished = False
        try:
            self._start()
            if work is not self._work:
                payload = _by_value(cloudpickle, work)
                for pipe in self._pipes:
                    _send(pipe, ("work", payload))
                self._work = work
            at_work = self._pipes[: len(shards)]
            for pipe, shard in zip(at_work, shards, strict=True):
                _send(pipe, ("shard", cloudpickle.dumps(shard)))
            yield from _results(list(at_work))
            finished = True
        finally:
            if not finished:  # what is still coming would be taken for the results of other shards
                self.close()

    def _start(self) -> None:
        from multiprocessing import Pipe

        if self._processes:
            return
        # Not forked: a process that has threads (of torch, of a client) must not be. Nor spawned by
        # multiprocessing: that would run the caller's script once more in each.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(worker_import_path())}
        for _ in range(self.count):
            here, there = Pipe()
            number = str(there.fileno())
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, "-c", _CHILD, number],
                    env=environment,
                    pass_fds=(there.fileno(),),
                    stdin=subprocess.DEVNULL,
                )
            )
            there.close()
            self._pipes.append(here)
        for process, pipe in zip(self._processes, self._pipes, strict=True):
            _greeted(process, pipe)

    def close(self) -> None:
        """End the processes; what they were at is lost."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.terminate()
            process.wait()
        self._processes, self._pipes, self._work = [], [], None

    def __del__(self) -> None:
        self.close()


def _results(pipes: list[Connection[Any, Any]]) -> Iterator[Any]:
    import pickle
    from multiprocessing.connection import wait

    while pipes:
        for ready in wait(pipes):
            pipe: Any = ready
            try:
                kind, value = pipe.recv()
            except (EOFError, OSError):
                raise _died() from None
            if kind == "done":
                pipes.remove(pipe)
            elif kind == "results":
                yield from pickle.loads(value)
            else:
                raise _as_raised(value)


def _greeted(process: subprocess.Popen[bytes], pipe: Connection[Any, Any]) -> None:
    """Wait until a process is ready for work; raise HarnessError where it dies before."""
    try:
        pipe.recv()
    except (EOFError, OSError):
        code = process.wait()
        raise HarnessError(
            f"executor processes: a process ended while it started ({_ending(code)}): it could not "
            "import imhi and what that needs, its message stands above; run with --executor local, "
            f"or try: {sys.executable} -c 'import imhi.plugins.executors.processes'"
        ) from None


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _send(pipe: Connection[Any, Any], message: tuple[str, bytes]) -> None:
    try:
        pipe.send(message)
    except OSError:
        raise _died() from None


def _died() -> HarnessError:
    return HarnessError(
        "executor processes: a process died (out of memory?); what was finished is kept: run again, "
        "with fewer processes (--executor processes:1)"
    )


def _as_raised(value: tuple[bytes | None, str]) -> Exception:
    import pickle

    error, told = value
    if error is not None:
        found = pickle.loads(error)
        if isinstance(found, HarnessError):
            return found
    return RuntimeError(f"in a process of the executor:\n{told}")


def serve(number: int) -> None:
    """Do what is asked by file descriptor ``number``, until the other side is gone."""
    import pickle
    import signal
    from multiprocessing.connection import Connection

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other side is told, and ends this one
    pipe: Connection[Any, Any] = Connection(number)
    pipe.send(("ready", None))
    work: Work | None = None
    while True:
        try:
            kind, payload = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            if kind == "work":
                close = getattr(work, "close", None)
                if close is not None:
                    close()
                work = pickle.loads(payload)
                continue
            assert work is not None
            _send_results(pipe, work(pickle.loads(payload)))
            pipe.send(("done", None))
        except BrokenPipeError:
            return
        except BaseException as error:
            pipe.send(("error", (_pickled(error), traceback.format_exc())))
            work = None if kind == "work" else work


def _send_results(pipe: Connection[Any, Any], results: Iterator[Any]) -> None:
    import time

    import cloudpickle

    waiting: list[Any] = []
    sent = time.monotonic()
    for result in results:
        waiting.append(result)
        # What took a while is worth a message of its own: it is written down when it arrives.
        if len(waiting) >= _SENT_TOGETHER or time.monotonic() - sent > 0.05:
            pipe.send(("results", cloudpickle.dumps(waiting)))
            waiting, sent = [], time.monotonic()
    if waiting:
        pipe.send(("results", cloudpickle.dumps(waiting)))


def _pickled(error: BaseException) -> bytes | None:
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps(error))
    except Exception:
        return None


def _by_value(cloudpickle: Any, work: Work) -> bytes:
    """Pickle work; a single-file plugin has no place on another process's import path."""
    modules = worker_modules()
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(work))
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)


@hookimpl
def imhi_executors() -> Iterator[Executor]:
    yield Executor("processes", "Over processes of this machine (processes:N)", create)

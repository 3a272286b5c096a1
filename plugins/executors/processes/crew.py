"""The processes of ``processes``: started, given portions, heard, buried."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imhi import HarnessError, worker_import_path, worker_modules

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from imhi.runs import Event, Lender, Work

# With -c, Python itself puts the working directory first.
_CHILD = """import sys
sys.path[:] = [place for place in sys.path if place]
from imhi.plugins.executors.processes.worker import serve
serve(int(sys.argv[1]))
"""


class ProcessCrew:
    """Processes and their pipes; see :class:`imhi.runs.Crew`. ``shares`` are the GPUs of each."""

    name = "processes"

    def __init__(self, shares: Sequence[Sequence[str]]) -> None:
        self.shares = shares
        self.ready: set[int] = set()
        self.lender: Lender
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._pipes: dict[int, Connection[Any, Any]] = {}
        self._greeted: set[int] = set()
        self._work: Work | None = None
        self._payload = b""

    def begin(self, work: Work) -> None:
        """Take up work, unless it is what the processes have already."""
        if work is self._work:
            return
        self._work, self._payload = work, _by_value(work)
        self.ready.clear()

    def start(self, worker: int) -> None:
        """See :meth:`imhi.runs.Crew.start`."""
        if worker in self._processes:
            self._send(worker, ("work", self._payload))
            return
        from multiprocessing import Pipe

        # Not forked: a process that has threads (of torch, of a client) must not be. Nor spawned by
        # multiprocessing: that would run the caller's script once more in each.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(worker_import_path())}
        if self.shares[worker]:
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(self.shares[worker])
        here, there = Pipe()
        with there:
            self._processes[worker] = subprocess.Popen(
                [sys.executable, "-c", _CHILD, str(there.fileno())],
                env=environment,
                pass_fds=(there.fileno(),),
                stdin=subprocess.DEVNULL,
            )
        self._pipes[worker] = here

    def give(self, worker: int, items: Sequence[Any]) -> None:
        """See :meth:`imhi.runs.Crew.give`."""
        import cloudpickle

        self.ready.discard(worker)
        self._send(worker, ("portion", cloudpickle.dumps(items)))

    def events(self) -> Iterator[Event]:
        """See :meth:`imhi.runs.Crew.events`."""
        from multiprocessing.connection import wait

        workers = {pipe: worker for worker, pipe in self._pipes.items()}
        for pipe in wait(list(workers)):
            yield from self._heard(workers[pipe])  # type: ignore[index]

    def _heard(self, worker: int) -> Iterator[Event]:
        import pickle

        from imhi.runs import Event

        try:
            kind, value = self._pipes[worker].recv()
        except (EOFError, OSError):
            yield Event(worker, "died", self._buried(worker))
            return
        if kind == "alive":
            self._greeted.add(worker)
            place = (worker, len(self.shares), self.lender.budget.limit is not None)
            self._send(worker, ("place", place))
            self._send(worker, ("work", self._payload))
        elif kind == "ask":
            self._send(worker, ("loan", self.lender.ask(worker, value)))
        elif kind == "results":
            yield Event(worker, kind, pickle.loads(value))
        elif kind == "error":
            yield Event(worker, kind, _as_raised(value))
        else:
            self.ready.add(worker)
            yield Event(worker, kind)

    def _send(self, worker: int, message: tuple[str, Any]) -> None:
        # A process that died in between is heard of by its pipe's end.
        try:
            self._pipes[worker].send(message)
        except OSError:
            return

    def _buried(self, worker: int) -> str:
        """Take a dead process out; return how it ended.

        Raises:
            HarnessError: it could not even start.
        """
        self._pipes.pop(worker).close()
        code = self._processes.pop(worker).wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        self.ready.discard(worker)
        if worker not in self._greeted and code >= 0:
            raise HarnessError(
                f"executor processes: a process ended while it started ({how}): it could not "
                "import imhi and what that needs, its message stands above; run with --executor local, "
                f"or try: {sys.executable} -c 'import imhi.plugins.executors.processes'"
            )
        self._greeted.discard(worker)
        return how

    def close(self) -> None:
        """See :meth:`imhi.runs.Crew.close`."""
        for pipe in self._pipes.values():
            pipe.close()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes, self._pipes, self._work = {}, {}, None
        self.ready.clear()
        self._greeted.clear()


def _as_raised(value: tuple[bytes | None, str]) -> Exception:
    import pickle

    error, told = value
    if error is not None:
        found = pickle.loads(error)
        if isinstance(found, HarnessError):
            return found
    return RuntimeError(f"in a process of the executor:\n{told}")


def _by_value(work: Work) -> bytes:
    """Pickle work; a single-file plugin has no place on another process's import path."""
    import cloudpickle

    modules = worker_modules()
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(work))
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)

"""The other side of ``processes``: what runs in each process."""

from __future__ import annotations

import os
import threading
import traceback
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from imhi.runs import Asking, Loan, Work

_SENT_TOGETHER = 64  # results a message carries at most; those of a model come one by one


def serve(number: int) -> None:
    """Do what is asked by file descriptor ``number``, until the other side is gone."""
    import signal
    from multiprocessing.connection import Connection

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other side is told, and ends this one
    pipe: Connection[Any, Any] = Connection(number)
    _Worker(pipe).serve()


class _Worker:
    """A process at work. Results are sent by a thread of their own: what the model has given is on its
    way at once, whatever the model is at, and what comes faster than that goes together."""

    def __init__(self, pipe: Connection[Any, Any]) -> None:
        self._pipe = pipe
        self._sending = threading.Lock()
        self._out: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self._work: Work | None = None
        self._place: tuple[int, int, bool] = (0, 1, False)
        threading.Thread(target=self._send_results, daemon=True).start()

    def serve(self) -> None:
        """Do what is asked."""
        self._out.put(("alive", None))
        while True:
            try:
                kind, value = self._pipe.recv()
            except (EOFError, OSError):
                return
            try:
                if kind == "place":
                    self._place = value
                elif kind == "work":
                    self._take_up(value)
                    self._out.put(("ready", None))
                else:
                    self._do(value)
                    self._out.put(("done", None))
            except BaseException as error:
                self._out.put(("error", (_pickled(error), traceback.format_exc())))
                if kind == "work":
                    self._work = None

    def _take_up(self, payload: bytes) -> None:
        import pickle

        from imhi.runs import Place

        close = getattr(self._work, "close", None)
        if close is not None:
            close()
        self._work = pickle.loads(payload)
        begin = getattr(self._work, "begin", None)
        if begin is not None:
            number, workers, limited = self._place
            begin(Place(number, workers, self._ask if limited else None))

    def _do(self, portion: bytes) -> None:
        import pickle

        assert self._work is not None
        for result in self._work(pickle.loads(portion)):
            self._out.put(("result", result))

    def _ask(self, asking: Asking) -> Loan:
        # Nobody else reads while a portion is at work: what comes next is the answer.
        with self._sending:
            self._pipe.send(("ask", asking))
        loan: Loan = self._pipe.recv()[1]
        return loan

    def _send_results(self) -> None:
        import cloudpickle

        waiting: list[Any] = []
        while True:
            kind, value = self._out.get()
            message = (kind, value)
            if kind == "result":
                waiting.append(value)
                if len(waiting) < _SENT_TOGETHER and not self._out.empty():
                    continue
            try:
                with self._sending:
                    if waiting:
                        self._pipe.send(("results", cloudpickle.dumps(waiting)))
                    if kind != "result":
                        self._pipe.send(message)
            except OSError:
                os._exit(0)  # the other side is gone
            waiting = []


def _pickled(error: BaseException) -> bytes | None:
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps(error))
    except Exception:
        return None

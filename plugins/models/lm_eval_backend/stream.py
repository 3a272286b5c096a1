"""Makes lm-eval's one long call an iterator: answers come out while the backend works on."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from imhi.plugins.models.lm_eval_backend import compat
from imhi.plugins.models.lm_eval_backend.compat import Instance
from imhi.plugins.models.lm_eval_backend.compat_servers import Usage

# How long to wait for a backend to notice that nobody listens any more, in seconds.
_PATIENCE = 1.0


@dataclass(frozen=True)
class Finished:
    """The text for ``instances[index]``; ``announced`` if it came while the backend was at work."""

    index: int
    text: str
    usage: Usage
    announced: bool


class BackendFailed(Exception):
    """The call ended before everything was answered; ``__cause__`` says why, where known."""


class _Abandoned(BaseException):
    """Raised inside the backend when the consumer has gone; no Exception, as those are retried."""


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def stream(
    lm: Any, instances: Sequence[Instance], last_usage: Callable[[], Usage]
) -> Iterator[Finished]:
    """Yield each answer once, as the backend announces it; what it announces not, at the end.

    ``last_usage()`` is what is known of the answer being announced. Several may have the same
    context: each gets an answer.

    Raises:
        BackendFailed: after all answers that were finished have been yielded.
    """
    channel: queue.SimpleQueue[Finished | _End] = queue.SimpleQueue()
    abandoned = threading.Event()
    waiting: dict[Any, deque[int]] = {}
    for index, instance in enumerate(instances):
        waiting.setdefault(_key(instance.context), deque()).append(index)
    done: set[int] = set()

    def announced(context: Any, text: str) -> None:
        if abandoned.is_set():
            raise _Abandoned
        usage = last_usage()
        indices = waiting.get(_key(context))
        if indices:
            index = indices.popleft()
            done.add(index)
            channel.put(Finished(index, text, usage, announced=True))

    def work() -> None:
        try:
            texts = compat.generate(lm, instances, announced)
            # A list of another length cannot be matched: some backends break off and return less.
            if len(texts) == len(instances):
                for index, text in enumerate(texts):
                    if index not in done and isinstance(text, str):
                        done.add(index)
                        channel.put(Finished(index, text, Usage(), announced=False))
            channel.put(_End(None))
        except BaseException as error:  # handed to the consumer's thread
            channel.put(_End(error))

    # A daemon: a backend that hangs must not keep the process from ending.
    worker = threading.Thread(target=work, name="lm-eval", daemon=True)
    worker.start()
    try:
        while not isinstance(item := channel.get(), _End):
            yield item
    finally:
        abandoned.set()
        worker.join(_PATIENCE)
    if item.error is not None:
        raise BackendFailed(describe(item.error)) from item.error
    if len(done) < len(instances):
        raise BackendFailed(f"the backend gave {len(done)} answers to {len(instances)} requests")


def _key(context: Any) -> Any:
    return context if isinstance(context, (str, tuple)) else repr(context)


def describe(error: BaseException) -> str:
    """Return an exception as one line, with what the server said where that is known."""
    answer = getattr(getattr(error, "response", None), "text", "")
    text = " ".join(
        f"{type(error).__name__}: {error} {answer if isinstance(answer, str) else ''}".split()
    )
    return text if len(text) <= 300 else text[:297] + "..."


def scrubbed(text: str) -> str:
    """Return a message without the keys that stand in the environment."""
    for name, value in os.environ.items():
        if name.upper().endswith(("KEY", "TOKEN", "SECRET", "PASSWORD")) and len(value) >= 8:
            text = text.replace(value, "***")
    return text

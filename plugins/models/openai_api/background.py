"""An asynchronous producer behind a plain iterator: it runs in a thread of its own, so that it goes
on while the consumer writes, and also where an event loop runs already (a notebook)."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

T = TypeVar("T")


Outbox = queue.SimpleQueue[T | None]
"""Where the producer puts what is done. None ends it, and is put by :func:`stream` alone."""


def _taken(outbox: Outbox[T]) -> Iterator[T]:
    """Yield what is in there, and what comes, up to its end."""
    while True:
        try:
            # With a time limit Ctrl-C gets through on every platform.
            item = outbox.get(timeout=1.0)
        except queue.Empty:
            continue
        if item is None:
            return
        yield item


def stream(produce: Callable[[Outbox[T]], Awaitable[None]]) -> Iterator[T]:
    """Run ``produce(outbox)`` in an event loop in a background thread; yield what it puts.

    What ``produce`` raises is raised here after everything it had put was yielded. Closing the
    iterator cancels ``produce`` and waits for it. On Ctrl-C it is cancelled too, and what was
    finished by then is yielded before KeyboardInterrupt goes on.
    """
    outbox: Outbox[T] = queue.SimpleQueue()
    started = threading.Event()
    state: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Task[None] | None]] = {}
    errors: list[BaseException] = []

    async def main() -> None:
        state["running"] = (asyncio.get_running_loop(), asyncio.current_task())
        started.set()
        await produce(outbox)

    def run() -> None:
        try:
            asyncio.run(main())
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            errors.append(error)
        finally:
            started.set()
            outbox.put(None)

    # A daemon: a process that has to end does not wait for a server that hangs.
    thread = threading.Thread(target=run, name="openai-requests", daemon=True)
    thread.start()

    def cancel() -> None:
        started.wait()
        loop, task = state.get("running", (None, None))
        if thread.is_alive() and loop is not None and task is not None:
            # The loop may close in between; then there is nothing left to cancel.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(task.cancel)
        thread.join()

    try:
        yield from _taken(outbox)
        thread.join()
    except KeyboardInterrupt:
        cancel()
        yield from _taken(outbox)
        raise
    finally:
        cancel()
    for error in errors:
        raise error

"""Calls an observer so that nothing it raises ends the run, and Ctrl-C still does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


def call_observer(observer: Callable[[T], object], event: T) -> BaseException | None:
    """Tell an observer of an event; return what it raised.

    Everything is caught, SystemExit and a KeyboardInterrupt of the observer's own making included: a
    tracker that calls ``sys.exit`` has no say over the run. The user's Ctrl-C looks the same by its
    type, so the signal itself is watched for: where its handler stops the program, the run stops, also
    when the observer has swallowed the exception.

    Raises:
        KeyboardInterrupt: the user pressed Ctrl-C meanwhile.
    """
    error: BaseException | None = None
    with _interrupts() as interrupted:
        try:
            observer(event)
        except BaseException as raised:
            error = raised
    if interrupted:
        raise KeyboardInterrupt
    return error


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Give a list that is empty until SIGINT comes. The handler that was there is called all the
    same."""
    came: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    # Handlers run in the main thread only; elsewhere no interrupt can come.
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield came
        return

    def note(number: int, frame: FrameType | None) -> None:
        try:
            handler(number, frame)
        except BaseException:  # a handler that only takes note wants the run to go on
            came.append(number)
            raise

    signal.signal(signal.SIGINT, note)
    try:
        yield came
    finally:
        if signal.getsignal(signal.SIGINT) is note:  # else the observer has set its own
            signal.signal(signal.SIGINT, handler)

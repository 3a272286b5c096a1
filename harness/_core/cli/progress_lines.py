"""How far something is, where there is no terminal: a line a minute, for the logs of batch jobs."""

from __future__ import annotations

import time
from collections.abc import Callable

EVERY = 60.0
"""Seconds between two lines."""
ENOUGH = 0.05
"""Share that must be done before what is left is reckoned: a model may answer a batch at a time."""


class ProgressLines:
    """Says how many of ``total`` are done, at most once in ``EVERY`` seconds. What is done within the
    first of them is not mentioned."""

    def __init__(
        self,
        say: Callable[[str], None],
        total: int,
        done: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._say, self._total, self._clock = say, total, clock
        self._begun = self._told = clock()
        self._first = self.done = done

    def to(self, done: int, more: str = "") -> None:
        """Be told how many are done by now; ``more`` stands behind in the next line."""
        self.done = done
        now = self._clock()
        if now - self._told < EVERY:
            return
        self._told = now
        parts = [f"{done:,} of {self._total:,}"]
        if done - self._first >= ENOUGH * (self._total - self._first):
            left = (now - self._begun) / max(1, done - self._first) * (self._total - done)
            parts.append(f"{_duration(left)} left")
        self._say(", ".join([*parts, *([more] if more else [])]))


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

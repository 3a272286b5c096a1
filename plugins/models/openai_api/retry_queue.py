"""Requests that wait to be sent again. One that waits takes no place among those in flight."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass

from imhi import Request
from imhi.plugins.models.openai_api.failures import Failure


@dataclass(slots=True)
class OpenRequest:
    """A request without a response yet, and what its attempts have come to. ``without`` are parameters
    that are left out to see whether they are why it is refused; ``first_try`` in monotonic seconds,
    ``cost`` in US dollars."""

    request: Request
    first_try: float
    attempts: int = 0
    retries: int = 0
    ill_formed: int = 0
    cost: float | None = None
    without: tuple[str, ...] = ()
    first_refusal: Failure | None = None


class RetryQueue:
    """What waits, each until its time, in monotonic seconds.

    Args:
        room: how many may wait before it is full. It takes more; whoever asks for new requests is to
            wait then, since a server that refuses so many is not helped by others.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._waiting: list[tuple[float, int, OpenRequest]] = []
        self._count = itertools.count()

    @property
    def full(self) -> bool:
        """Return whether enough are waiting."""
        return len(self._waiting) >= self._room

    def put(self, asked: OpenRequest, at: float) -> None:
        """Let one wait until a time."""
        heapq.heappush(self._waiting, (at, next(self._count), asked))

    def due(self, now: float) -> OpenRequest | None:
        """Take out the one whose time came first; None where none's has come."""
        if not self._waiting or self._waiting[0][0] > now:
            return None
        return heapq.heappop(self._waiting)[2]

    def drain(self) -> list[OpenRequest]:
        """Take out all that wait."""
        left, self._waiting = [asked for _, _, asked in sorted(self._waiting)], []
        return left

    def wait(self, now: float) -> float | None:
        """Return the seconds until the next one's time; None where none waits."""
        return max(0.0, self._waiting[0][0] - now) if self._waiting else None

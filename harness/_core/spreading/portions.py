"""How much of a sequence a worker is given at a time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LEAST = 16
"""Items of a portion, where there are that many for everyone: a model batches what it is given."""
MOST = 1024
"""Items of a portion: what travels at once, and what is in memory of both sides."""
_SECONDS = 2.0  # a portion is no less than what a worker does in this time
_FIRST = 8  # of what each worker would get, this part is given before anyone's speed is known
_PIECES = 8  # into which what a dead worker had in hand is cut


@dataclass
class _Speed:
    """What a worker has done: items of all its portions, those before the present one, and the seconds
    these took; ``since`` it is at the present one."""

    done: int = 0
    before: int = 0
    seconds: float = 0.0
    since: float | None = None

    def at(self, now: float) -> float | None:
        """Return items per second; None where nothing is known yet. A model may give what it has done
        at the end of a portion, so one under way tells nothing where others are through."""
        if self.before:
            return self.before / max(self.seconds, 1e-6)
        if self.done and self.since is not None:
            return self.done / max(now - self.since, 1e-6)
        return None


class Portions:
    """What is left of a sequence, in portions that shrink towards its end.

    Each portion is half of what would be the worker's if everybody went on at the speed seen so far
    (guided self-scheduling, Polychronopoulos and Kuck 1987, weighted by speed), so that a slow worker
    holds nobody up at the end, and a fast one is given enough to batch. What a dead worker had in
    hand comes first, in small pieces: what killed it is then found in a few steps.
    """

    def __init__(
        self, count: int, workers: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._count = count
        self._workers = workers
        self._clock = clock
        self._next = 0
        self._again: deque[Sequence[int]] = deque()
        self._speeds: dict[int, _Speed] = {}

    def __bool__(self) -> bool:
        return bool(self._again) or self._next < self._count

    def take(self, worker: int) -> Sequence[int]:
        """Return the places of the items that a worker is to do next; empty where none are left."""
        portion = self._again.popleft() if self._again else self._following(worker)
        self._speeds.setdefault(worker, _Speed()).since = self._clock() if portion else None
        return portion

    def arrived(self, worker: int, count: int) -> None:
        """Say that so many items of a worker's portion are done."""
        self._speeds[worker].done += count

    def rest(self, worker: int) -> None:
        """Say that a worker is through with its portion, or dead."""
        speed = self._speeds.setdefault(worker, _Speed())
        if speed.since is not None:
            speed.seconds += self._clock() - speed.since
            speed.since, speed.before = None, speed.done

    def put_back(self, places: Sequence[int]) -> None:
        """Have items done by somebody else."""
        size = max(1, len(places) // _PIECES)
        pieces = [places[start : start + size] for start in range(0, len(places), size)]
        self._again.extendleft(reversed(pieces))

    def _following(self, worker: int) -> Sequence[int]:
        left = self._count - self._next
        size = min(max(self._least(), self._fair(worker, left)), MOST, left)
        portion = range(self._next, self._next + size)
        self._next += size
        return portion

    def _least(self) -> int:
        return min(LEAST, -(-self._count // self._workers))

    def _fair(self, worker: int, left: int) -> int:
        now = self._clock()
        speeds = {number: speed.at(now) for number, speed in self._speeds.items()}
        known = [speed for speed in speeds.values() if speed is not None]
        own = speeds.get(worker)
        if not own:
            return self._count // (self._workers * _FIRST)
        # Of whom nothing is known yet is thought to be like the others.
        unknown = self._workers - len(known)
        together = sum(known) * (1 + unknown / len(known))
        return max(int(left * own / together / 2), int(own * _SECONDS))

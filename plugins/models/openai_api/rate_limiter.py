"""How fast all workers together may send: one limit, so that one 429 slows every one of them."""

from __future__ import annotations

import asyncio

_ANSWERS_FOR_ONE = 4
"""Answers that make up for one refusal: a server that refuses less than a fifth is not overrun."""
_SLOTS_FOR_ONE = 8
"""Requests in flight for each refusal that is put up with: of 64, eight refused in a row are bad luck
once in 10^8 times where a tenth is refused at random."""


class Stopped(Exception):
    """No further request is to be sent."""


class RateLimiter:
    """Bounds requests in flight and per minute, and pauses everyone when the server says so.

    A rate limit halves how many may be in flight (once per pause); each answer lets it grow again
    by about one per round, up to ``concurrency``. A refusal among many answers is no rate limit:
    :meth:`refused` tells them apart. Use it in one event loop only.

    Of ``workers`` that ask at one time, each has an equal part of both bounds. ``next_slot`` (seconds
    of the loop's clock) is when the next request may be sent: that of the call before, so that the
    rate holds from one call to the next.
    """

    def __init__(
        self,
        concurrency: int,
        per_minute: int | None = None,
        workers: int = 1,
        next_slot: float = 0.0,
    ) -> None:
        self.concurrency = max(1, concurrency // workers)
        self.allowed = float(self.concurrency)
        self.in_flight = 0
        self.pauses = 0
        self.next_slot = next_slot
        self._interval = 60.0 * workers / per_minute if per_minute else 0.0
        self._resume_at = 0.0
        self._refusals = 0.0
        self._stop = asyncio.Event()
        self._changed = asyncio.Event()

    @property
    def stopped(self) -> bool:
        """Return whether nothing more is to be sent."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Let nothing more be sent; whoever waits gets :class:`Stopped`."""
        self._stop.set()
        self.wake()

    def wake(self) -> None:
        """Let those in :meth:`change` look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self) -> None:
        """Wait until something was finished or settled.

        Raises:
            Stopped: nothing more is to be sent.
        """
        if not self.stopped:
            await self._changed.wait()
        if self.stopped:
            raise Stopped

    async def rest(self, seconds: float) -> None:
        """Sleep.

        Raises:
            Stopped: nothing more is to be sent.
        """
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return
        raise Stopped

    async def enter(self) -> None:
        """Wait for leave to send one request; :meth:`leave` must follow.

        Raises:
            Stopped: nothing more is to be sent.
        """
        loop = asyncio.get_running_loop()
        while True:
            if self.stopped:
                raise Stopped
            now = loop.time()
            wait = max(self._resume_at, self.next_slot) - now
            if wait > 0:
                await self.rest(wait)
            elif self.in_flight >= int(self.allowed):
                await self.change()
            else:
                break
        self.in_flight += 1
        self.next_slot = max(now, self.next_slot) + self._interval

    def leave(self) -> None:
        """Give back the leave of :meth:`enter`: the request has come to its end."""
        self.in_flight -= 1
        self.wake()

    def pause(self, seconds: float) -> None:
        """Send nothing for this long."""
        now = asyncio.get_running_loop().time()
        self._resume_at = max(self._resume_at, now + seconds)

    def refused(self) -> bool:
        """Take note that the server put a request off; return whether that concerns everyone, as the
        first does where few are in flight, or the request alone, since most others are answered."""
        tolerated = self.concurrency // _SLOTS_FOR_ONE
        self._refusals = min(self._refusals + 1, tolerated + 1.0)
        return self._refusals > tolerated

    def slow_down(self, seconds: float) -> bool:
        """Pause, and halve the requests in flight unless that was done for this pause already; return
        whether this is a pause of its own."""
        new = asyncio.get_running_loop().time() >= self._resume_at
        if new:
            self.allowed = max(1.0, self.allowed / 2)
            self.pauses += 1
        self.pause(seconds)
        return new

    def speed_up(self) -> None:
        """An answer came: let a little more be in flight."""
        self.allowed = min(float(self.concurrency), self.allowed + 1 / self.allowed)
        self._refusals = max(0.0, self._refusals - 1 / _ANSWERS_FOR_ONE)

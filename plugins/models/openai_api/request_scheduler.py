"""Asks all requests: a fixed number of workers, retries, one shared limit, money kept in bounds."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from imhi import Request, Response, finish_reasons
from imhi.plugins.models.openai_api.background import Outbox
from imhi.plugins.models.openai_api.choosing import chosen
from imhi.plugins.models.openai_api.client_config import Session
from imhi.plugins.models.openai_api.failures import Failure, backoff
from imhi.plugins.models.openai_api.rate_limiter import RateLimiter, Stopped
from imhi.plugins.models.openai_api.wire import Payload, Reply

Send = Callable[[Payload], Awaitable[object]]
"""Sends one body and returns the answer as parsed JSON (or as text, where the server does not call
it JSON); raises what the client raises, and IllFormed for what is not JSON."""


class RequestScheduler:
    """Sends the requests of one call of the model, several at a time."""

    def __init__(self, session: Session, send: Send) -> None:
        self._session = session
        self._config = session.config
        self._options = session.config.options
        self._capabilities = session.capabilities
        self._budget = session.budget
        self._send = send
        self._limiter = RateLimiter(
            self._options.concurrency, self._options.max_requests_per_minute
        )
        self._random = random.Random()
        self._holding = 0
        self._last_contact = -1.0
        self._fatal = ""
        self.extra_cost = 0.0
        """US dollars that were paid before the first answer, which carries them."""

    async def run(self, requests: Sequence[Request], outbox: Outbox[Response]) -> None:
        """Ask every request and put each response into ``outbox`` as it is finished.

        Requests stay without a response only where the budget does not allow them.

        Raises:
            HarnessError: every further request is pointless; raised after what was in flight has
                been answered.
        """
        pending = iter(requests)
        count = min(len(requests), self._options.concurrency)
        workers = [asyncio.create_task(self._work(pending, outbox)) for _ in range(count)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            self._capabilities.rate_limit_pauses += self._limiter.pauses
        if self._fatal:
            raise self._session.error(self._fatal)

    async def _work(self, pending: Iterator[Request], outbox: Outbox[Response]) -> None:
        try:
            for request in pending:
                # A consumer that cannot keep up must not let paid answers pile up in memory.
                while outbox.qsize() > 8 * self._options.concurrency:
                    await self._limiter.rest(0.05)
                outbox.put(await self._answer(request))
        except Stopped:
            return

    async def _answer(self, request: Request) -> Response:
        """Ask until there is an answer or no use in asking.

        Raises:
            Stopped: nothing more is to be sent.
        """
        first_try = time.monotonic()
        attempts = retries = 0
        cost: float | None = None
        while True:
            attempts += 1
            changes = self._capabilities.dialect.changes
            started, outcome, spent = await self._attempt(request)
            if spent is not None:
                cost = (cost or 0.0) + spent
            if isinstance(outcome, Reply):
                self._limiter.speed_up()
                return self._response(
                    request,
                    attempts,
                    cost,
                    **outcome.fields(),
                    thought_open=self._session.opens_thought(request),
                    latency=round(time.monotonic() - started, 4),
                )
            message = self._session.scrub(outcome.message)
            if outcome.kind == "fatal":
                self._give_up(message)
            if outcome.kind == "filtered":
                return self._response(
                    request, attempts, cost, finish_reason=finish_reasons.FILTERED
                )
            if outcome.kind == "parameter" and self._adapt(request, outcome, changes):
                continue
            again = outcome.kind in ("passing", "rate", "unreachable")
            if not again or retries >= self._retries_for(outcome):
                if outcome.kind == "unreachable" and self._last_contact < first_try:
                    self._give_up(f"{message}; is the server running, is base_url= right?")
                return self._response(request, attempts, cost, error=message)
            await self._before_retry(outcome, retries)
            retries += 1
            self._capabilities.retries += 1

    def _retries_for(self, failure: Failure) -> int:
        # A server that was never there is most likely a wrong address: say so within seconds.
        never_there = failure.kind == "unreachable" and self._last_contact < 0
        return min(self._options.retries, 3) if never_there else self._options.retries

    async def _attempt(self, request: Request) -> tuple[float, Reply | Failure, float | None]:
        """Send once; return when it was sent, what came of it and its cost in US dollars."""
        most = self._session.most_cost(request)
        await self._reserve(most)
        spent = 0.0
        try:
            await self._limiter.enter()
            # From here until its fate is known, the attempt counts as what it can cost at most.
            spent = most
            started = time.monotonic()
            outcome: Reply | Failure
            try:
                outcome = await self._exchange(request)
                spent = self._session.record(outcome, most)
            except Exception as error:
                outcome = self._session.failure(error)
                if outcome.billed:
                    self._capabilities.assumed_cost += most
                else:
                    spent = 0.0
                if outcome.kind != "unreachable":
                    self._last_contact = time.monotonic()
            finally:
                self._limiter.leave()
        finally:
            self._holding -= 1
            self._budget.settle(most, spent)
            self._limiter.wake()
        return started, outcome, None if self._config.price is None else spent

    async def _exchange(self, request: Request) -> Reply:
        body = self._session.payload(request)
        # The client's own limit counts from byte to byte: a server that trickles would never end.
        answer = await asyncio.wait_for(self._send(body), self._options.timeout)
        self._last_contact = time.monotonic()
        return self._session.read(answer)

    async def _reserve(self, most: float) -> None:
        """Set the money for one attempt aside, waiting for others to settle if need be.

        Raises:
            Stopped: the budget does not allow it, and nothing in flight can change that.
        """
        while True:
            if self._limiter.stopped:
                raise Stopped
            if self._session.fits(most) or not self._holding:
                break
            await self._limiter.change()
        # Asked also where it does not fit, so that the budget knows it is exhausted.
        if not self._budget.reserve(most):
            self._limiter.stop()
            raise Stopped
        self._holding += 1

    async def _before_retry(self, failure: Failure, retry: int) -> None:
        wait = backoff(self._options.backoff, retry, self._random)
        if failure.kind == "rate":
            self._limiter.slow_down(wait if failure.wait is None else failure.wait)
        elif failure.wait is not None:
            self._limiter.pause(failure.wait)
        else:
            await self._limiter.rest(wait)

    def _adapt(self, request: Request, failure: Failure, changes: int) -> bool:
        """Return whether to send again in the form the server wants."""
        if self._capabilities.dialect.changes != changes:
            return True  # Another worker met the same refusal while this one was in flight.
        return self._session.adapt(failure, self._session.payload(request).keys())

    def _give_up(self, message: str) -> None:
        """End the round: nothing more is sent, what is in flight is waited for.

        Raises:
            Stopped: always.
        """
        self._fatal = self._fatal or message
        self._limiter.stop()
        raise Stopped

    def _response(
        self, request: Request, attempts: int, cost: float | None, **fields: Any
    ) -> Response:
        if cost is not None:
            cost, self.extra_cost = cost + self.extra_cost, 0.0
        if request.choices and fields.get("text"):
            fields["text"], fields["label"] = chosen(request, fields["text"])
        return Response(
            request.id, request.dataset, request.prompt_hash, attempts=attempts, cost=cost, **fields
        )

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
from imhi.plugins.models.openai_api.failures import AGAIN, Failure, NoAnswer, backoff
from imhi.plugins.models.openai_api.giving_up import GivingUp
from imhi.plugins.models.openai_api.rate_limiter import RateLimiter, Stopped
from imhi.plugins.models.openai_api.reply import Reply
from imhi.plugins.models.openai_api.retry_queue import OpenRequest, RetryQueue
from imhi.plugins.models.openai_api.transport import Answer
from imhi.plugins.models.openai_api.wire import Payload

Send = Callable[[Payload], Awaitable[Answer]]
"""Sends one body and returns what came; raises NoAnswer where nothing did that can be read."""
_ILL_FORMED_RETRIES = 2


class RequestScheduler:
    """Sends the requests of one call of the model, several at a time; ``workers`` is how many
    processes do so at one time."""

    def __init__(self, session: Session, send: Send, workers: int = 1) -> None:
        self._session = session
        self._config = session.config
        self._options = session.config.options
        self._capabilities = session.capabilities
        self._budget = session.budget
        self._send = send
        self._limiter = RateLimiter(
            self._options.concurrency,
            self._options.max_requests_per_minute,
            workers,
            session.capabilities.next_slot,
        )
        # Alone in flight, a request waits where it is: nothing is to be had from asking more.
        self._waiting: RetryQueue = RetryQueue(2 * self._options.concurrency - 1)
        self._giving_up = GivingUp(self._options.retries)
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
            for asked in self._waiting.drain():
                self._keep_what_was_paid(asked, outbox)
            self._capabilities.rate_limit_pauses += self._limiter.pauses
            self._capabilities.next_slot = self._limiter.next_slot
        if self._fatal:
            raise self._session.error(self._fatal)

    async def _work(self, pending: Iterator[Request], outbox: Outbox[Response]) -> None:
        try:
            while (asked := await self._next(pending)) is not None:
                # A consumer that cannot keep up must not let paid answers pile up in memory.
                while outbox.qsize() > 8 * self._options.concurrency:
                    await self._limiter.rest(0.05)
                try:
                    response = await self._ask(asked)
                except Stopped:
                    self._keep_what_was_paid(asked, outbox)
                    raise
                if response is not None:
                    outbox.put(response)
        except Stopped:
            return

    def _keep_what_was_paid(self, asked: OpenRequest, outbox: Outbox[Response]) -> None:
        """Hand out a failed response for a request that is not asked again but has cost something: the
        next run counts its budget from what is written down."""
        if asked.cost:
            outbox.put(self._response(asked, error="not asked again: the run was ended before"))

    async def _next(self, pending: Iterator[Request]) -> OpenRequest | None:
        """Return what to send next, what has waited for it first; None where nothing is left, but for
        what others have in flight and will send again themselves.

        Raises:
            Stopped: nothing more is to be sent.
        """
        while not self._limiter.stopped:
            now = time.monotonic()
            if (again := self._waiting.due(now)) is not None:
                return again
            if not self._waiting.full and (request := next(pending, None)) is not None:
                return OpenRequest(request, now)
            wait = self._waiting.wait(now)
            if wait is None:
                return None
            await self._limiter.rest(wait)
        raise Stopped

    async def _ask(self, asked: OpenRequest) -> Response | None:
        """Send once, or again at once in a form the server wants; return the response, or None where
        the request waits to be sent again.

        Raises:
            Stopped: nothing more is to be sent.
        """
        request = asked.request
        while True:
            asked.attempts += 1
            changes = self._capabilities.dialect.changes
            started, outcome, spent = await self._attempt(request, asked.without)
            if spent is not None:
                asked.cost = (asked.cost or 0.0) + spent
            if isinstance(outcome, Reply):
                self._limiter.speed_up()
                self._giving_up.answered()
                if asked.without:
                    self._session.gave_up_schema()
                return self._response(
                    asked,
                    **outcome.fields(),
                    thought_open=self._session.opens_thought(request),
                    latency=round(time.monotonic() - started, 4),
                )
            if outcome.kind == "content":
                self._giving_up.answered()
                return self._response(asked, finish_reason=finish_reasons.FILTERED)
            if outcome.kind == "parameter" and self._adapt(request, outcome, changes):
                continue
            if self._schema_may_be_why(outcome) and not asked.without:
                asked.without, asked.first_refusal = ("response_format",), outcome
                continue
            return self._failed(asked, asked.first_refusal or outcome)

    def _failed(self, asked: OpenRequest, failure: Failure) -> Response | None:
        """Return the response that says so, or None where the request waits to be sent again.

        Raises:
            Stopped: nothing more is to be sent.
        """
        asked.ill_formed += failure.kind == "ill_formed"
        spent = asked.retries >= self._retries_for(failure)
        if failure.kind in AGAIN and not spent and asked.ill_formed <= _ILL_FORMED_RETRIES:
            wait = self._wait_for(failure, asked)
            asked.retries += 1
            self._capabilities.retries += 1
            self._waiting.put(asked, time.monotonic() + wait)
            return None
        message = self._session.told(failure, asked.request)
        if failure.kind == "unreachable" and self._last_contact < asked.first_try:
            self._give_up(f"{message}; is the server running, is base_url= right?")
        if why := self._giving_up.failed(failure, message):
            if failure.fatal:
                self._give_up(why)
            self._stop_after(why)
        return self._response(asked, error=message)

    def _retries_for(self, failure: Failure) -> int:
        # A server that was never there is most likely a wrong address: say so within seconds.
        never_there = failure.kind == "unreachable" and self._last_contact < 0
        return min(self._options.retries, 3) if never_there else self._options.retries

    def _schema_may_be_why(self, failure: Failure) -> bool:
        """Return whether to try a refused request without its schema: servers refuse those in many
        words and without a field that names it."""
        capabilities = self._capabilities
        return (
            failure.kind in ("request", "parameter")
            and self._config.generation.answer_schema is not None
            and self._options.api == "chat"
            and not capabilities.schema_heeded
            and "response_format" not in capabilities.dialect.dropped
        )

    async def _attempt(
        self, request: Request, without: tuple[str, ...] = ()
    ) -> tuple[float, Reply | Failure, float | None]:
        """Send once, ``without`` some parameters; return when it was sent, what came of it and its
        cost in US dollars."""
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
                outcome = await self._exchange(request, without)
                spent = self._session.record(outcome, most, request)
            except NoAnswer as error:
                outcome = error.failure
                spent = self._session.cost_of(error, most)
                if outcome.kind != "unreachable":
                    self._last_contact = time.monotonic()
            finally:
                self._limiter.leave()
        finally:
            self._holding -= 1
            self._budget.settle(most, spent)
            self._limiter.wake()
        return started, outcome, None if self._config.price is None else spent

    async def _exchange(self, request: Request, without: tuple[str, ...]) -> Reply:
        body = self._session.payload(request)
        self._session.sends(request)
        for name in without:
            body.pop(name, None)
        answer = await self._send(body)
        self._last_contact = time.monotonic()
        reply = self._session.read_answer(answer)
        if "response_format" in body:
            self._capabilities.schema_heeded = True
        return reply

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

    def _wait_for(self, failure: Failure, asked: OpenRequest) -> float:
        """Return how many seconds a request is to wait, all others too where they would fare alike.

        Raises:
            Stopped: the server has put everyone off too often.
        """
        wait = failure.wait
        if wait is None:
            wait = backoff(self._options.backoff, asked.retries, self._random)
        if failure.kind == "rate":
            new = self._limiter.refused() and self._limiter.slow_down(wait)
            if new and (why := self._giving_up.paused()):
                self._give_up(f"{why} ({self._session.told(failure, asked.request)})")
        elif failure.wait is not None and self._limiter.refused():
            self._limiter.pause(wait)
        return wait

    def _adapt(self, request: Request, failure: Failure, changes: int) -> bool:
        """Return whether to send again in the form the server wants."""
        if self._capabilities.dialect.changes != changes:
            return True  # Another worker met the same refusal while this one was in flight.
        sent = set(self._session.payload(request))
        if request.system or self._config.generation.system:
            sent.add("system")
        return self._session.adapt(failure, sent)

    def _give_up(self, message: str) -> None:
        """End the round: nothing more is sent, what is in flight is waited for.

        Raises:
            Stopped: always.
        """
        self._stop_after(message)
        raise Stopped

    def _stop_after(self, message: str) -> None:
        """End the round with the request that is being dealt with."""
        self._fatal = self._fatal or message
        self._limiter.stop()

    def _response(self, asked: OpenRequest, **fields: Any) -> Response:
        request, cost = asked.request, asked.cost
        if cost is not None:
            cost, self.extra_cost = cost + self.extra_cost, 0.0
        if request.choices and fields.get("text"):
            fields["text"], fields["label"] = chosen(request, fields["text"])
        return Response(
            request.id,
            request.dataset,
            request.prompt_hash,
            attempts=asked.attempts,
            cost=cost,
            **fields,
        )

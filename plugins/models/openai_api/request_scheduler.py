"""Asks all requests: a fixed number of workers, retries, one shared pace, money kept in bounds."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from imhi import Budget, HarnessError, Request, Response
from imhi.plugins.models.openai_api.background import Outbox
from imhi.plugins.models.openai_api.client_config import (
    Learnt,
    Terms,
    adapt,
    most_cost,
    take_note_of,
)
from imhi.plugins.models.openai_api.failures import Failure, backoff, classify
from imhi.plugins.models.openai_api.rate_limiter import Pace, Stopped
from imhi.plugins.models.openai_api.wire import Reply, payload, read_reply

Send = Callable[[Mapping[str, Any]], Awaitable[Any]]
"""Sends one body and returns the answer as parsed JSON (or as text, where the server does not call
it JSON); raises what the client raises, and IllFormed for what is not JSON."""


class Asking:
    """One round of asking.

    Args:
        note: told once of everything a reader of the scores must know.
        scrub: makes a server's message fit to be written.
    """

    def __init__(
        self,
        terms: Terms,
        send: Send,
        budget: Budget,
        learnt: Learnt,
        note: Callable[[str], None],
        scrub: Callable[[str], str],
    ) -> None:
        self._terms = terms
        self._send = send
        self._budget = budget
        self._learnt = learnt
        self._note = note
        self._scrub = scrub
        self._pace = Pace(terms.concurrency, terms.per_minute)
        self._draw = random.Random()
        self._holding = 0
        self._last_contact = -1.0
        self._fatal = ""

    async def run(self, requests: Sequence[Request], outbox: Outbox[Response]) -> None:
        """Ask every request and put each response into ``outbox`` as it is finished.

        Requests stay without a response only where the budget does not allow them.

        Raises:
            HarnessError: every further request is pointless; raised after what was in flight has
                been answered.
        """
        pending = iter(requests)
        count = min(len(requests), self._terms.concurrency)
        workers = [asyncio.create_task(self._work(pending, outbox)) for _ in range(count)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            self._learnt.rate_limit_pauses += self._pace.pauses
        if self._fatal:
            raise HarnessError(f"{self._terms.name}: {self._terms.url}: {self._fatal}")

    async def _work(self, pending: Iterator[Request], outbox: Outbox[Response]) -> None:
        try:
            for request in pending:
                # A consumer that cannot keep up must not let paid answers pile up in memory.
                while outbox.waiting > 8 * self._terms.concurrency:
                    await self._pace.rest(0.05)
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
            changes = self._learnt.dialect.changes
            started, outcome, spent = await self._attempt(request)
            if spent is not None:
                cost = (cost or 0.0) + spent
            if isinstance(outcome, Reply):
                self._pace.speed_up()
                return self._response(
                    request,
                    attempts,
                    cost,
                    text=outcome.text,
                    finish_reason=outcome.finish_reason,
                    prompt_tokens=outcome.prompt_tokens,
                    completion_tokens=outcome.completion_tokens,
                    latency=round(time.monotonic() - started, 4),
                )
            message = self._scrub(outcome.message)
            if outcome.kind == "fatal":
                self._give_up(message)
            if outcome.kind == "filtered":
                return self._response(request, attempts, cost, finish_reason="content_filter")
            if outcome.kind == "parameter" and self._adapt(request, outcome, changes):
                continue
            again = outcome.kind in ("passing", "rate", "unreachable")
            if not again or retries >= self._retries_for(outcome):
                if outcome.kind == "unreachable" and self._last_contact < first_try:
                    self._give_up(f"{message}; is the server running, is base_url= right?")
                return self._response(request, attempts, cost, error=message)
            await self._before_retry(outcome, retries)
            retries += 1
            self._learnt.retries += 1

    def _retries_for(self, failure: Failure) -> int:
        # A server that was never there is most likely a wrong address: say so within seconds.
        never_there = failure.kind == "unreachable" and self._last_contact < 0
        return min(self._terms.retries, 3) if never_there else self._terms.retries

    async def _attempt(self, request: Request) -> tuple[float, Reply | Failure, float | None]:
        """Send once; return when it was sent, what came of it and its cost in US dollars."""
        most = most_cost(self._terms, request)
        await self._reserve(most)
        spent = 0.0
        try:
            await self._pace.enter()
            # From here until its fate is known, the attempt counts as what it can cost at most.
            spent = most
            started = time.monotonic()
            outcome: Reply | Failure
            try:
                outcome = await self._exchange(request)
                spent = take_note_of(outcome, most, self._terms, self._learnt, self._note)
            except Exception as error:
                outcome = classify(error, self._terms.timeout, self._terms.key_variable)
                if outcome.billed:
                    self._learnt.assumed_cost += most
                else:
                    spent = 0.0
                if outcome.kind != "unreachable":
                    self._last_contact = time.monotonic()
            finally:
                self._pace.leave()
        finally:
            self._holding -= 1
            self._budget.settle(most, spent)
            self._pace.wake()
        return started, outcome, None if self._terms.price is None else spent

    async def _exchange(self, request: Request) -> Reply:
        terms, learnt = self._terms, self._learnt
        body = payload(
            request, terms.model, terms.api, terms.generation, terms.seed, learnt.dialect
        )
        # The client's own limit counts from byte to byte: a server that trickles would never end.
        answer = await asyncio.wait_for(self._send(body), terms.timeout)
        self._last_contact = time.monotonic()
        return read_reply(answer, terms.api)

    async def _reserve(self, most: float) -> None:
        """Set the money for one attempt aside, waiting for others to settle if need be.

        Raises:
            Stopped: the budget does not allow it, and nothing in flight can change that.
        """
        budget = self._budget
        while True:
            if self._pace.stopped:
                raise Stopped
            fits = budget.limit is None or budget.spent + budget.reserved + most <= budget.limit
            if fits or not self._holding:
                break
            await self._pace.change()
        # Asked also where it does not fit, so that the budget knows it is exhausted.
        if not budget.reserve(most):
            self._pace.stop()
            raise Stopped
        self._holding += 1

    async def _before_retry(self, failure: Failure, retry: int) -> None:
        wait = backoff(self._terms.backoff, retry, self._draw)
        if failure.kind == "rate":
            self._pace.slow_down(wait if failure.wait is None else failure.wait)
        elif failure.wait is not None:
            self._pace.pause(failure.wait)
        else:
            await self._pace.rest(wait)

    def _adapt(self, request: Request, failure: Failure, changes: int) -> bool:
        """Return whether to send again in the form the server wants."""
        dialect = self._learnt.dialect
        if dialect.changes != changes:
            return True  # Another worker met the same refusal while this one was in flight.
        terms = self._terms
        sent = payload(request, terms.model, terms.api, terms.generation, terms.seed, dialect)
        return adapt(terms, self._learnt, failure, sent.keys(), self._note)

    def _give_up(self, message: str) -> None:
        """End the round: nothing more is sent, what is in flight is waited for.

        Raises:
            Stopped: always.
        """
        self._fatal = self._fatal or message
        self._pace.stop()
        raise Stopped

    def _response(
        self, request: Request, attempts: int, cost: float | None, **fields: Any
    ) -> Response:
        return Response(
            request.id, request.dataset, request.prompt_hash, attempts=attempts, cost=cost, **fields
        )

"""``openai:``: how fast requests are sent."""

from __future__ import annotations

import asyncio
import email.utils
import math
import time
from collections.abc import Sequence

import pytest

from imhi.plugins.models.openai_api.failures import retry_after
from imhi.plugins.models.openai_api.rate_limiter import RateLimiter
from tests.faulty_server import (
    Asked,
    FaultyServer,
    Reply,
    answer,
    echo,
    server_process,
    status,
)
from tests.openai_asking import Asker


def test_retry_after_is_honoured_and_holds_back_every_worker(asker: Asker) -> None:
    def script(asked: Asked) -> Reply:
        return status(429, retry_after="1") if asked.index == 0 else echo(asked).after(0.05)

    with FaultyServer(script) as server:
        responses = asker.ask(server.url, 40, "concurrency=4")
    first = server.asked[0].at
    # What was on its way when the 429 came (within the first moments) does not count.
    between = [a for a in server.asked if 0.5 < a.at - first < 0.98]
    assert between == []
    assert len(server.asked) == 41 and all(not response.error for response in responses)


def test_retry_after_reads_seconds_milliseconds_and_dates() -> None:
    now = 1_700_000_000.0
    date = email.utils.formatdate(now + 30, usegmt=True)
    assert retry_after({"retry-after": "7"}) == 7
    assert retry_after({"retry-after": "0.5"}) == 0.5
    assert retry_after({"retry-after-ms": "250", "retry-after": "9"}) == 0.25
    assert retry_after({"retry-after": date}, now) == 30
    assert retry_after({"retry-after": email.utils.formatdate(now - 5, usegmt=True)}, now) == 0
    assert retry_after({"retry-after": "86400"}) == 86400
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({"retry-after": "nan"}) is None
    assert retry_after({}) is None


def test_retry_after_as_a_date_is_honoured(asker: Asker) -> None:
    def script(asked: Asked) -> Reply:
        if asked.index:
            return answer("Yes.")
        return status(503, retry_after=email.utils.formatdate(time.time() + 2, usegmt=True))

    with FaultyServer(script) as server:
        [response] = asker.ask(server.url)
    # An HTTP date has whole seconds: 2 s from now is between 1 and 2.
    assert 0.9 < server.asked[1].at - server.asked[0].at < 2.5
    assert response.attempts == 2


def test_a_rate_limit_halves_what_is_in_flight_and_answers_raise_it_again() -> None:
    async def play() -> list[int]:
        limiter = RateLimiter(16)
        seen = []
        for _ in range(2):  # Twice within one pause is one event.
            limiter.slow_down(0.05)
        seen.append(int(limiter.allowed))
        await asyncio.sleep(0.06)
        limiter.slow_down(0.0)
        seen.append(int(limiter.allowed))
        for _ in range(200):
            limiter.speed_up()
        seen.append(int(limiter.allowed))
        return seen

    assert asyncio.run(play()) == [8, 4, 16]


def test_after_a_rate_limit_no_more_than_the_half_may_enter() -> None:
    async def play() -> int:
        limiter = RateLimiter(8)
        limiter.slow_down(0.0)

        async def worker() -> None:
            await limiter.enter()

        workers = [asyncio.create_task(worker()) for _ in range(8)]
        await asyncio.sleep(0.05)
        entered = limiter.in_flight
        for task in workers:
            task.cancel()
        return entered

    assert asyncio.run(play()) == 4


def test_a_few_refusals_among_answers_concern_nobody_else_and_many_in_a_row_everyone() -> None:
    limiter = RateLimiter(64)
    for _ in range(50):  # a tenth is refused
        assert not limiter.refused()
        for _ in range(9):
            limiter.speed_up()
    assert [limiter.refused() for _ in range(9)] == [False] * 8 + [True]
    assert limiter.refused(), "what was refused is not forgotten before others are answered"
    for _ in range(4 * 9):
        limiter.speed_up()
    assert not limiter.refused()


def test_a_refusal_concerns_everyone_where_few_are_in_flight() -> None:
    assert RateLimiter(4).refused()


def test_a_request_that_waits_to_be_sent_again_holds_no_slot(asker: Asker) -> None:
    def script(asked: Asked) -> Reply:
        return status(500) if asked.index < 2 else echo(asked).after(0.01)

    with FaultyServer(script) as server:
        responses = asker.ask(server.url, 12, "concurrency=2,backoff=2")
    # Both slots failed at once: the others are answered while the two wait for a second or more.
    assert sorted(response.attempts for response in responses) == [1] * 10 + [2, 2]
    assert [response.attempts for response in responses[-2:]] == [2, 2]


def test_among_many_in_flight_one_refused_waits_alone(asker: Asker) -> None:
    def script(asked: Asked) -> Reply:
        return status(429, retry_after="2") if asked.index == 5 else echo(asked).after(0.01)

    with FaultyServer(script) as server:
        responses = asker.ask(server.url, 60, "concurrency=16")
    refused, last = server.asked[5], server.asked[-1]
    assert last.prompt == refused.prompt and last.at - refused.at >= 2, "Retry-After is kept"
    assert len(server.asked) == 61 and not any(response.error for response in responses)
    assert responses[-1].attempts == 2


@pytest.mark.parametrize("concurrency", [1, 5])
def test_no_more_requests_are_in_flight_than_asked_for(asker: Asker, concurrency: int) -> None:
    with FaultyServer(lambda asked: echo(asked).after(0.1)) as server:
        asker.ask(server.url, 25, f"concurrency={concurrency}")
    assert server.max_in_flight == concurrency


def test_requests_per_minute_are_bounded(asker: Asker) -> None:
    with FaultyServer(echo) as server:
        asker.ask(server.url, 11, "max_requests_per_minute=600")
    assert server.asked[-1].at - server.asked[0].at >= 0.8


@pytest.mark.slow
def test_sixty_four_in_flight_come_near_the_ideal_rate(asker: Asker) -> None:
    count, latency = 640, 0.2
    with server_process("--latency", str(latency), "--answer", "No.") as url:
        asker.ask(url, 64, "concurrency=64")
        shares: Sequence[float] = []
        for _ in range(3):
            began = time.monotonic()
            asker.ask(url, count, "concurrency=64")
            ideal = math.ceil(count / 64) * latency
            shares = [*shares, ideal / (time.monotonic() - began)]
    # 87% on an idle machine; a busy one must not fail the test, a sequential client must.
    assert max(shares) > 0.4

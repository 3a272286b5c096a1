"""``openai:``: what goes wrong, fault by fault."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from imhi._core.errors import HarnessError
from tests.faulty_server import (
    Asked,
    FaultyServer,
    Reply,
    answer,
    cut_off,
    echo,
    empty_choices,
    garbled,
    hang,
    mixed,
    null_content,
    reset,
    status,
    wrong_form,
)
from tests.openai_asking import Asker, requests

PASSING = {
    "408": (status(408), "HTTP 408"),
    "409": (status(409), "HTTP 409"),
    "429": (status(429, "slow down"), "HTTP 429: slow down"),
    "500": (status(500), "HTTP 500"),
    "503": (status(503), "HTTP 503"),
    "page": (Reply(502, body=b"<html>Bad gateway</html>"), "HTTP 502"),
    "hang": (hang(), "no answer within 0.3 s"),
    "reset": (reset(), "connection was lost"),
    "cut": (cut_off(), "connection was lost"),
    "garbled": (garbled(), "not JSON"),
    "empty": (empty_choices(), "has no choice"),
    "null": (null_content(), "content is missing or null"),
}
FOREIGN = {
    "form": (wrong_form(), "has no list 'choices'"),
    "list": (wrong_form([1, 2]), "a JSON list, expected an object"),
    "text": (wrong_form({"choices": [{"message": {"content": 5}}]}), "content is a JSON int"),
    "error": (
        wrong_form({"error": "Unexpected endpoint"}),
        "error as an answer: Unexpected endpoint",
    ),
    "page": (
        Reply(body=b"<html><title>Sign in</title></html>"),
        "not JSON: a page titled 'Sign in'",
    ),
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_is_retried_until_the_answer_comes(asker: Asker, fault: str) -> None:
    with FaultyServer([PASSING[fault][0], PASSING[fault][0], answer("Yes.")]) as server:
        [response] = asker.ask(server.url, arguments="timeout=2")
    assert (response.text, response.error, response.attempts) == ("Yes.", None, 3)


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_stays_becomes_that_examples_error(asker: Asker, fault: str) -> None:
    reply, message = PASSING[fault]
    with FaultyServer([reply]) as server:
        [response] = asker.ask(server.url, arguments="timeout=0.3,retries=2")
    assert response.error is not None and message in response.error
    assert (response.text, response.attempts, len(server.asked)) == ("", 3, 3)


@pytest.mark.parametrize("fault", FOREIGN)
def test_what_is_no_answer_of_this_interface_is_not_asked_for_again(
    asker: Asker, fault: str
) -> None:
    reply, message = FOREIGN[fault]
    with FaultyServer([answer("Yes."), reply, answer("No.")]) as server:
        responses = asker.ask(server.url, 3, "concurrency=1")
    assert [response.text for response in responses] == ["Yes.", "", "No."]
    assert message in (responses[1].error or "")
    assert responses[1].attempts == 1 and len(server.asked) == 3


@pytest.mark.parametrize("fault", FOREIGN)
def test_a_server_that_answers_nothing_else_is_given_up_after_three(
    asker: Asker, fault: str
) -> None:
    with (
        FaultyServer([FOREIGN[fault][0]]) as server,
        pytest.raises(HarnessError, match=r"3 requests in a row failed alike: .*ends in /v1"),
    ):
        asker.ask(server.url, 50, "concurrency=1")
    assert len(server.asked) == 3


def test_a_server_that_trickles_is_cut_off_at_the_time_limit(asker: Asker) -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 1000\r\n\r\n")  # fmt: skip
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass

    port: list[int] = []
    ready, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        server = await asyncio.start_server(trickle, "127.0.0.1", 0)
        port.append(server.sockets[0].getsockname()[1])
        ready.set()
        await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    began = time.monotonic()
    [response] = asker.ask(f"http://127.0.0.1:{port[0]}/v1", arguments="timeout=0.4,retries=0")
    took = time.monotonic() - began
    stop.set()
    thread.join()
    assert response.error == "no answer within 0.4 s"
    assert took < 30  # it goes on trickling for ever


@pytest.mark.parametrize("code", [400, 413, 422])
def test_a_request_the_server_will_never_take_fails_alone_and_at_once(
    asker: Asker, code: int
) -> None:
    def script(asked: Asked) -> Reply:
        return status(code, "context length exceeded") if "post 2" in asked.prompt else echo(asked)

    with FaultyServer(script) as server:
        responses = asker.ask(server.url, 6)
    [failed] = [response for response in responses if response.error]
    assert (failed.id, failed.attempts) == ("2", 1)
    assert f"HTTP {code}: context length exceeded" in str(failed.error)
    assert "does not fit the model's window" in str(failed.error)
    assert len(responses) == len(server.asked) == 6


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (status(401, "bad key"), "refuses requests without a key; set OPENAI_API_KEY"),
        (status(402, "no money"), "credit, or a quota"),
        (status(403, "not yours"), "access is denied"),
        (status(404, "model gone"), "no such model or address"),
        (status(429, "quota", code="insufficient_quota"), "credit, or a quota"),
    ],
)
def test_what_makes_every_request_pointless_ends_the_run_after_answers_in_flight(
    asker: Asker, reply: Reply, said: str
) -> None:
    def script(asked: Asked) -> Reply:
        return reply.after(0.1) if asked.index == 3 else echo(asked).after(0.4)

    responses = []
    with (
        FaultyServer(script) as server,
        pytest.raises(HarnessError, match=said) as raised,
    ):
        for response in asker.model(server.url, "concurrency=4").generate(requests(50)):
            responses.append(response)
    assert len(server.asked) == 4, "nothing was sent after the fatal answer"
    assert len(responses) == 3 and all(not response.error for response in responses)
    assert "\n" not in str(raised.value) and server.url in str(raised.value)


def test_a_server_that_is_not_there_is_said_to_be_not_there(asker: Asker) -> None:
    with FaultyServer(echo) as server:
        gone = server.url
    with pytest.raises(HarnessError, match=r"no connection.*is the server running"):
        asker.ask(gone, 40)


def test_under_mixed_faults_every_request_is_answered_once(asker: Asker) -> None:
    shares = dict.fromkeys(("429", "500", "503", "reset", "cut", "garbled", "empty"), 0.05)
    with FaultyServer(mixed(shares, seed=1, latency=0.002)) as server:
        responses = asker.ask(server.url, 80, "retries=12")
    assert sorted(int(response.id) for response in responses) == list(range(80))
    assert all(response.text.endswith(f"post {response.id} sad?") for response in responses)
    assert sum(response.attempts for response in responses) == len(server.asked) > 100

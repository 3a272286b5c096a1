"""``openai:...,mode=batch``: calls that go wrong. Whatever does, no batch is made twice."""

from __future__ import annotations

import time
from collections import Counter
from itertools import pairwise

import pytest

from imhi._core.errors import HarnessError
from tests.batch_results import End, Fault, garbled_reply
from tests.batch_server import BatchServer, Endpoint
from tests.openai_asking import PRICED
from tests.plugins.models.openai_api.batch_asking import BatchAsker

ENDPOINTS: tuple[Endpoint, ...] = ("upload", "create", "list", "retrieve", "download")
PASSING = {
    "429": Fault(status=429, headers={"Retry-After": "0"}),
    "500": Fault(),
    "page": Fault(status=502, body=b"<html>Bad gateway</html>"),
    "hang": Fault("hang"),
    "reset": Fault("reset"),
    "cut": Fault("cut"),
    "garbled": garbled_reply(done=False),
}


@pytest.mark.parametrize("shift", range(len(PASSING)), ids=lambda shift: f"from-{shift}")
def test_every_call_may_fail_for_any_passing_reason_and_is_repeated(
    batches: BatchAsker, shift: int
) -> None:
    kinds = list(PASSING.values())
    with BatchServer() as server:
        for number, endpoint in enumerate(ENDPOINTS):
            server.faults[endpoint].append(kinds[(number + shift) % len(kinds)])
        # The list is read only where it is not known whether the batch was made.
        server.faults["create"].append(Fault("reset", done=True))
        responses = batches.ask(server.url, 3, "timeout=0.2,retries=9")
    assert not any(server.faults.values()), "each fault was met"
    assert all(server.calls(endpoint) >= 2 for endpoint in ENDPOINTS)
    assert [(response.attempts, response.error) for response in responses] == [(1, None)] * 3
    assert len(server.made) == 1 and Counter(server.charged.values()) == {1: 3}


UNKNOWN = {
    "500": Fault(done=True),
    "409": Fault(status=409, done=True),
    "hang": Fault("hang", done=True),
    "reset": Fault("reset", done=True),
    "cut": Fault("cut", done=True),
    "garbled": garbled_reply(),
    "form": Fault(status=200, body=b'{"object": "batch"}', done=True),
    "zipped": Fault(status=200, headers={"Content-Encoding": "gzip"}, body=b"no zip", done=True),
}


@pytest.mark.parametrize("fault", UNKNOWN)
def test_a_batch_that_was_made_unheard_is_found_and_not_made_again(
    batches: BatchAsker, fault: str
) -> None:
    with BatchServer() as server:
        server.faults["create"].append(UNKNOWN[fault])
        responses = batches.ask(server.url, 3, "timeout=0.3")
    assert len(responses) == 3 and server.calls("list") == 1
    assert len(server.made) == 1 and Counter(server.charged.values()) == {1: 3}


@pytest.mark.parametrize("forgets", ["metadata", "input_file_id"])
def test_a_batch_is_known_by_its_key_or_by_its_file(batches: BatchAsker, forgets: str) -> None:
    with BatchServer(forgets=forgets) as server:
        server.faults["create"].append(Fault("reset", done=True))
        assert len(batches.ask(server.url, 3)) == 3
    assert len(server.made) == 1


def test_a_batch_is_found_among_many_and_before_the_server_lists_it(batches: BatchAsker) -> None:
    with BatchServer() as server:
        batches.ask(server.url, 50, "batch_requests=1")
        waiting = "batch_requests=1,poll=0.2"
        server.faults["create"].append(Fault("reset", done=True))
        server.unlisted = 1
        context = batches.context(seed=1)
        [response] = batches.ask(server.url, 1, waiting, context)
        assert server.calls("list") == 2 and not response.error
        server.faults["create"].append(Fault("reset"))
        batches.ask(server.url, 1, waiting, batches.context(seed=2))
    # Three pages, twice: the second time when a batch just made has had time to be listed.
    assert server.calls("list") == 2 + 2 * 3
    assert len(server.made) == 52


def test_it_waits_as_long_as_the_server_asks(batches: BatchAsker) -> None:
    with BatchServer() as server:
        for endpoint in ("upload", "create", "retrieve", "download"):
            fault = Fault(status=429, headers={"Retry-After": "0.15"})
            server.faults[endpoint].append(fault)
        batches.ask(server.url, 1)
    waited = [
        later.at - earlier.at
        for earlier, later in pairwise(server.called)
        if earlier.endpoint == later.endpoint
    ]
    assert len(waited) == 4 and min(waited) >= 0.15
    assert server.calls("list") == 0, "what is refused with 429 was not made"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_when_the_tries_are_used_up_another_process_goes_on(
    batches: BatchAsker, endpoint: str
) -> None:
    with BatchServer() as server:
        if endpoint == "list":
            server.faults["create"].append(Fault(done=True))
        server.faults[endpoint].extend([Fault(done=endpoint == "create")] * 3)
        if endpoint == "create":
            server.faults["list"].extend([Fault()] * 3)
        with pytest.raises(HarnessError, match="run the same command again to go on") as raised:
            batches.ask(server.url, 4, "retries=2")
        assert "\n" not in str(raised.value) and "HTTP 500: it broke" in str(raised.value)
        for faults in server.faults.values():
            faults.clear()
        responses = batches.ask(server.url, 4)
    assert [response.attempts for response in responses] == [1] * 4
    assert len(server.made) == 1 and Counter(server.charged.values()) == {1: 4}


def test_a_server_that_does_not_tell_whether_it_made_a_batch_is_not_asked_again(
    batches: BatchAsker,
) -> None:
    with BatchServer() as server:
        server.faults["create"].append(Fault(done=True))
        server.faults["list"].extend([Fault(status=404)] * 2)
        for _ in range(2):
            with pytest.raises(
                HarnessError, match=r"whether the batch was made is not known.*cancel"
            ):
                batches.ask(server.url, 4)
        assert len(server.made) == 1 and server.calls("create") == 1
        assert len(batches.ask(server.url, 4)) == 4
    assert Counter(server.charged.values()) == {1: 4}


@pytest.mark.parametrize("endpoint", ["retrieve", "download"])
def test_what_the_server_lost_is_not_asked_again_unless_the_user_says_so(
    batches: BatchAsker, endpoint: str
) -> None:
    with BatchServer() as server:
        server.faults[endpoint].extend([Fault(status=404)] * 2)
        for _ in range(2):
            with pytest.raises(
                HarnessError, match=r"HTTP 404.*ask \(and pay\) again, remove"
            ) as said:
                batches.ask(server.url, 2)
        assert len(server.made) == 1
        [file] = batches.folder.glob("*.jsonl")
        assert str(file) in str(said.value)
        file.unlink()
        assert len(batches.ask(server.url, 2)) == 2
    assert len(server.made) == 2


def test_a_refused_batch_is_sent_anew_by_the_next_command(batches: BatchAsker) -> None:
    with BatchServer() as server:
        server.faults["create"].append(Fault(status=400, body=b'{"error": {"message": "no"}}'))
        with pytest.raises(HarnessError, match=r"making the batch: HTTP 400: no; .*mode=live"):
            batches.ask(server.url, 2)
        assert not server.made
        assert len(batches.ask(server.url, 2)) == 2
    assert server.calls("upload") == 2 and Counter(server.charged.values()) == {1: 2}


def test_a_server_without_a_batch_api_is_said_to_have_none(batches: BatchAsker) -> None:
    with BatchServer() as server:
        server.faults["upload"].append(Fault(status=404))
        with pytest.raises(HarnessError, match=r"sending the requests: .*404.*mode=live needs no"):
            batches.ask(server.url, 2)


def test_a_server_that_is_not_there_is_said_to_be_not_there(batches: BatchAsker) -> None:
    with BatchServer() as server:
        gone = server.url
    began = time.monotonic()
    with pytest.raises(HarnessError, match=r"sending the requests: no connection"):
        batches.ask(gone, 2, "retries=9")
    assert time.monotonic() - began < 30


def test_a_bad_copy_of_the_answers_is_read_again_at_no_cost(batches: BatchAsker) -> None:
    context = batches.context()
    with BatchServer() as server:
        server.faults["download"].append(Fault(status=200, body=b'{"custom_id": "a\n{}\n'))
        responses = batches.ask(server.url, 3, PRICED, context)
    assert not any(response.error for response in responses)
    assert server.calls("download") == 2 and len(server.made) == 1
    assert context.budget.spent == pytest.approx(0.06)
    assert not any("could not be read" in note for note in context.notes)


def test_the_key_stands_in_no_message_whatever_the_server_quotes(
    batches: BatchAsker, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-test-0123456789abcdefSECRET"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    quoting = b'{"error": {"message": "Incorrect API key provided: %s"}}' % key.encode()
    said = []
    for endpoint in ("upload", "create", "retrieve", "download"):
        with BatchServer() as server:
            server.faults[endpoint].append(Fault(status=401, body=quoting))
            with pytest.raises(HarnessError, match="refuses the key") as raised:
                batches.ask(server.url)
            said.append(f"{raised.value} {raised.value!r} {raised.value.__context__!r}")
    with BatchServer(ends=[End("failed", 0, ({"message": f"key {key}"},))]) as server:
        [response] = batches.ask(server.url)
    said.append(str(response.error))
    assert "[key]" in said[-1]
    assert not [text for text in (*said, str(batches.kept())) if key in text]

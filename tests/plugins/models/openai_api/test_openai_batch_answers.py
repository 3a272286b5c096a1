"""``openai:...,mode=batch``: what is sent, and what comes of it."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import overload

import pytest

from imhi._core.errors import HarnessError
from imhi._core.models import ModelSpec
from imhi._core.records import Request
from imhi._core.settings import Generation
from tests.batch_results import End, Line, Result, answer, refused
from tests.batch_server import BatchServer
from tests.openai_asking import FREE, PRICED, Asker, requests
from tests.plugins.models.openai_api.batch_asking import BatchAsker, by_id


def sent(server: BatchServer) -> list[list[Line]]:
    """The lines of each batch the server made."""
    return [list(made.lines) for made in server.made.values()]


def test_every_request_is_answered_as_it_would_be_alone(batches: BatchAsker) -> None:
    def script(line: Line) -> Result:
        return answer(line, f"Yes: {line.prompt}", usage=(11, 7), finish_reason="length")

    with BatchServer(script) as server:
        responses = by_id(batches.ask(server.url, 7, PRICED))
    assert list(server.charged.values()) == [1] * 7
    for request in requests(7):
        found = responses[request.id]
        assert (found.text, found.finish_reason) == (f"Yes: {request.prompt}", "length")
        assert (found.dataset, found.prompt_hash) == ("DR", request.prompt_hash)
        assert (found.prompt_tokens, found.completion_tokens) == (11, 7)
        assert (found.cost, found.attempts) == (pytest.approx(0.025), 1)
        assert found.error is None and found.latency is None


@pytest.mark.parametrize(
    ("api", "endpoint", "field"),
    [("chat", "/v1/chat/completions", "messages"), ("completions", "/v1/completions", "prompt")],
)
def test_a_line_holds_the_body_that_would_be_sent_alone(
    batches: BatchAsker, asker: Asker, api: str, endpoint: str, field: str
) -> None:
    generation = Generation(max_new_tokens=9, temperature=0.5, top_p=0.9, stop=("\n",))
    context = dataclasses.replace(batches.context(), generation=generation, seed=4)
    with BatchServer() as server:
        batches.ask(server.url, 1, f"api={api}", context)
    [[line]] = sent(server)
    [made] = server.made.values()
    assert made.shown["endpoint"] == line.url == endpoint
    assert {name: value for name, value in line.body.items() if name != field} == {
        "model": "m", "max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop": ["\n"], "seed": 4,
    }  # fmt: skip
    assert line.prompt == "Is post 0 sad?"


def test_calls_and_batches_carry_what_they_are_known_by(
    batches: BatchAsker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-batch-0123456789")
    with BatchServer() as server:
        batches.ask(server.url, 3)
    assert {call.headers["authorization"] for call in server.called} == {
        "Bearer sk-test-batch-0123456789"
    }
    [made] = server.made.values()
    [key] = made.shown["metadata"].values()
    [create] = [call for call in server.called if call.endpoint == "create"]
    assert create.headers["idempotency-key"] == key and len(key) == 32
    kept = json.dumps(batches.kept())
    assert key in kept and "sk-test" not in kept and "post 0" not in kept


def test_requests_are_split_by_their_number(batches: BatchAsker) -> None:
    with BatchServer(most=3) as server:
        responses = by_id(batches.ask(server.url, 8, "batch_requests=3"))
    assert [len(lines) for lines in sent(server)] == [3, 3, 2]
    assert all(responses[r.id].text.endswith(r.prompt) for r in requests(8))
    assert Counter(server.charged.values()) == {1: 8}


def test_requests_are_split_by_bytes_and_one_that_is_too_long_fails_alone(
    batches: BatchAsker,
) -> None:
    asked = requests(6)
    asked[2] = dataclasses.replace(asked[2], prompt="long " * 400)
    with BatchServer() as server:
        responses = by_id(list(batches.model(server.url, "batch_bytes=700").generate(asked)))
    assert all(len(data) <= 700 for data in server.files.values() if b'"method"' in data)
    assert len(server.made) > 1
    error = responses.pop("2").error
    assert error is not None and "bytes, a batch 700 at most" in error
    assert not any(response.error for response in responses.values())
    assert Counter(server.charged.values()) == {1: 5}


def test_a_prompt_that_cannot_be_sent_fails_alone(batches: BatchAsker) -> None:
    asked = requests(2)
    asked[0] = dataclasses.replace(asked[0], prompt="half of a pair: \ud83d")
    with BatchServer() as server:
        responses = by_id(list(batches.model(server.url).generate(asked)))
    assert "cannot be sent" in str(responses["0"].error) and responses["1"].error is None


class Counted(str):
    """A text that knows how many of its kind there are, and were at most."""

    alive = most = 0

    def __init__(self, _: str) -> None:
        Counted.alive += 1
        Counted.most = max(Counted.most, Counted.alive)

    def __del__(self) -> None:
        Counted.alive -= 1


class OnDisk(Sequence[Request]):
    """Requests that are made whenever they are looked at."""

    def __init__(self, rows: Sequence[int]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Request: ...
    @overload
    def __getitem__(self, index: slice) -> OnDisk: ...
    def __getitem__(self, index: int | slice) -> Request | OnDisk:
        if isinstance(index, slice):
            return OnDisk(self.rows[index])
        row = self.rows[index]
        return Request(str(row), "DR", Counted(f"Is post {row} sad?"), f"h{row}", "", "")


def test_prompts_stay_on_disk_until_they_are_written_to_a_file(batches: BatchAsker) -> None:
    Counted.most = Counted.alive
    with BatchServer(
        lambda line: answer(line) if "7" in line.prompt else refused(line, 503)
    ) as server:
        answers = batches.model(server.url, "retries=1").generate(OnDisk(range(300)))
        assert len(list(answers)) == 300
    assert [len(lines) for lines in sent(server)] == [300, 243]
    assert Counted.alive <= 1 and Counted.most <= 3


def test_waiting_takes_as_many_looks_as_it_takes(batches: BatchAsker) -> None:
    with BatchServer(ends=[End(looks=4)]) as server:
        responses = batches.ask(server.url, 2, "poll=0.02")
    assert len(responses) == 2 and server.calls("retrieve") == 5
    looks = [call.at for call in server.called if call.endpoint == "retrieve"]
    assert all(later - earlier >= 0.02 for earlier, later in pairwise(looks))
    statuses = [row["value"]["status"] for row in batches.kept() if row["key"] == "1"]
    assert statuses == ["", "", "", "in_progress", "completed", "completed"]


def test_files_that_are_named_later_than_the_batch_is_done_are_waited_for(
    batches: BatchAsker,
) -> None:
    with BatchServer(ends=[End(nameless=3)]) as server:
        responses = batches.ask(server.url, 2)
        assert [response.error for response in responses] == [None, None]
        server.ends.append(End(nameless=100))
        with pytest.raises(HarnessError, match=r"batch_2 is completed and does not name the file"):
            list(batches.model(server.url).generate(requests(2, start=2)))
    assert server.calls("retrieve") == 4 + 11


def test_a_batch_of_refusals_only_has_no_file_of_answers(batches: BatchAsker) -> None:
    with BatchServer(lambda line: refused(line, 400, "too long")) as server:
        responses = batches.ask(server.url, 2)
    assert [response.error for response in responses] == ["HTTP 400: too long"] * 2
    assert not server.charged.total() and len(server.made) == 1


def test_the_record_says_how_it_was_asked_and_what_answered(batches: BatchAsker) -> None:
    context = batches.context()
    with BatchServer() as server:
        batches.ask(server.url, 1, FREE)
        model = batches.model(server.url, FREE, context)
        list(model.generate(requests(3, start=1)))
    described = json.loads(json.dumps(model.describe()))
    # Also those that an earlier process has collected.
    assert (described["mode"], described["batches"]) == ("batch", ["batch_1", "batch_2"])
    assert described["served_models"] == ["m-served"]
    assert described["system_fingerprints"] == ["fp_batch"]
    [note] = context.notes
    assert "answers came by the Batch API" in note
    assert "goes on with its batches when the same command is given again" in note


def test_how_it_is_asked_does_not_make_another_model(batches: BatchAsker, asker: Asker) -> None:
    def identity(text: str) -> object:
        return ModelSpec.parse(text, asker.families).fingerprint(batches.context())

    plain = identity("openai:m,base_url=http://127.0.0.1:9/v1")
    more = "mode=batch,poll=5,batch_requests=10,batch_bytes=1000"
    assert plain == identity(f"openai:m,base_url=http://127.0.0.1:9/v1,{more}")


@pytest.mark.parametrize("argument", ["mode=later", "poll=0", "batch_requests=0", "batch_bytes=x"])
def test_a_bad_argument_of_batches_is_named(asker: Asker, argument: str) -> None:
    name, _, value = argument.partition("=")
    with pytest.raises(HarnessError, match=f"argument {name}: found '{value}', expected"):
        ModelSpec.parse(f"openai:m,{argument}", asker.families)


def test_without_a_run_folder_nothing_is_sent(batches: BatchAsker, asker: Asker) -> None:
    nowhere = batches.context().without_observers()
    with BatchServer() as server:
        with pytest.raises(HarnessError, match=r"no run folder here.*--executor local") as raised:
            batches.ask(server.url, 2, context=nowhere)
        assert server.called == [] and "\n" not in str(raised.value)


def test_nothing_asked_is_nothing_sent(batches: BatchAsker) -> None:
    with BatchServer() as server:
        assert batches.ask(server.url, 0) == []
    assert server.called == []

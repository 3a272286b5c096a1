"""``openai:``: servers that say what no server should; a row may fail for it, a run may not."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from imhi._core.budget import Budget
from imhi._core.errors import HarnessError
from imhi._core.records import Request, as_row
from imhi.plugins.models.openai_api.credentials import is_loopback
from imhi.plugins.models.openai_api.event_stream import assemble
from imhi.plugins.models.openai_api.transport import proxy_for
from tests.faulty_server import Asked, FaultyServer, Reply, answer, echo, status
from tests.openai_asking import PRICED, Asker, requests


def nested(depth: int, make: Any) -> Any:
    value: Any = "m"
    for _ in range(depth):
        value = make(value)
    return value


def good(usage: dict[str, Any] | None = None, **choice: Any) -> Reply:
    message = {"role": "assistant", "content": "Yes."}
    body = {"choices": [{"finish_reason": "stop", "message": message, **choice}], "usage": usage}
    return Reply(body=body)


ODD: dict[str, Reply] = {
    "usage beyond all measure": good({"prompt_tokens": 10**400, "completion_tokens": 1}),
    "usage that no float holds": good({"prompt_tokens": 10**308, "completion_tokens": 1}),
    "code of other digits": status(400, code="²²²"),
    "error within error within": Reply(400, body={"error": nested(500, lambda one: {"message": one})}),
    "date of a far year": status(
        429, retry_after="Fri, 31 Dec 99999999999999999999 23:59:59 GMT"
    ),
    "thought within thought within": good(
        message={"content": [{"type": "thinking", "thinking": nested(600, lambda one: [one])}]}
    ),
    "half a surrogate as a reason": good(finish_reason="x\ud800"),
    "reason as long as a book": good(finish_reason="x" * 500_000),
    "nothing but brackets": Reply(body=b'{"choices": [' + b"{}," * 1_000_000 + b"{}]}"),
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_answer_is_the_matter_of_one_row(asker: Asker, odd: str) -> None:
    def script(asked: Asked) -> Reply:
        return ODD[odd] if "post 2" in asked.prompt else echo(asked)

    context = asker.context(budget=Budget(limit=100.0))
    responses = []
    with FaultyServer(script) as server:
        model = asker.model(server.url, f"concurrency=1,retries=1,{PRICED}", context)
        try:
            responses = list(model.generate(requests(5)))
        except HarnessError as error:  # asked to wait for ever
            assert "run the same command again" in str(error)
            return
    assert len(responses) == 5
    # What is kept can be written and read again.
    for response in responses:
        assert json.loads(json.dumps(as_row(response), allow_nan=False).encode())
    assert sum(response.cost or 0 for response in responses) < 100
    json.dumps(model.describe()).encode()


@pytest.mark.parametrize("field", ["response_format.type=json_object", "repetition_penalty=1.1"])
def test_a_field_given_by_hand_that_is_refused_is_not_asked_for_again_and_again(
    asker: Asker, field: str
) -> None:
    name = field.partition(".")[0].partition("=")[0]
    refused = status(400, "no", param=name, code="unsupported_parameter")
    places = {"/v1/models": Reply(body={"data": [{"id": "m", "owned_by": "vllm"}]})}
    with FaultyServer([refused], places=places) as server:
        [response] = asker.ask(server.url, 1, f"body.{field}")
    assert len(server.asked) == 1 and "HTTP 400: no" in str(response.error)


def test_the_message_that_stops_a_run_repeats_no_post(asker: Asker) -> None:
    def script(asked: Asked) -> Reply:
        return status(429, f"too many: {asked.prompt}")

    with FaultyServer(script) as server, pytest.raises(HarnessError) as raised:
        asker.ask(server.url, 3, "retries=2,concurrency=1")
    assert "nothing but HTTP 429" in str(raised.value) and "post 0" not in str(raised.value)


def test_a_server_that_mixes_up_requests_gets_no_post_written_down(asker: Asker) -> None:
    posts = [f"Sister {word} left in the night and nobody asks me how." for word in "ABC"]
    asked = [Request(str(i), "DR", f"Post: {p}", str(i), p, "") for i, p in enumerate(posts)]
    seen: list[str] = []

    def script(one: Asked) -> Reply:
        seen.append(one.prompt)
        return status(400, f"cannot do {seen[-2]}") if len(seen) == 2 else echo(one)

    with FaultyServer(script) as server:
        responses = list(asker.model(server.url, "concurrency=1").generate(asked))
    [failed] = [response for response in responses if response.error]
    assert "Sister" not in str(failed.error) and "[post]" in str(failed.error)


def test_a_post_as_the_name_of_a_model_is_no_name(asker: Asker) -> None:
    context = asker.context()
    post = "我三个月没睡好了谁也不知道"
    request = Request("0", "DR", f"Post: {post}", "0", post, "")
    with FaultyServer([answer("No.", model=post)]) as server:
        model = asker.model(server.url, context=context)
        list(model.generate([request]))
    assert post not in json.dumps(model.describe(), ensure_ascii=False) + repr(context.notes)


def test_a_version_that_no_file_can_hold_is_none(asker: Asker) -> None:
    places = {
        "/v1/models": Reply(body={"data": [{"id": "m", "owned_by": "vllm"}]}),
        "/version": Reply(body={"version": "1\ud800"}),
    }
    with FaultyServer(echo, places=places) as server:
        model = asker.model(server.url)
        list(model.generate(requests(1)))
    assert model.describe()["engine"] == {"name": "vllm", "version": "", "bos": "tokenizer"}


def test_requests_refused_in_words_that_differ_by_a_number_are_refused_alike(asker: Asker) -> None:
    def script(asked: Asked) -> Reply:
        return status(400, f"bad request (request id req_{asked.index}7f)")

    with FaultyServer(script) as server, pytest.raises(HarnessError, match="10 requests in a row"):
        asker.ask(server.url, 60, "concurrency=1")
    assert len(server.asked) == 10


def test_a_server_that_fails_in_turns_is_given_up_too(asker: Asker) -> None:
    def script(asked: Asked) -> Reply:
        return status(500) if asked.index % 2 else Reply(body=b"<p>Hello</p>")

    with FaultyServer(script) as server, pytest.raises(HarnessError, match="20 requests in a row"):
        asker.ask(server.url, 60, "concurrency=1,retries=0")
    assert len(server.asked) == 20


def test_a_stream_of_many_lists_takes_no_longer_than_its_size() -> None:
    first = json.dumps({"choices": [{"delta": {"content": [0] * 400_000}}]})
    more = json.dumps({"choices": [{"delta": {"content": [0]}}]})
    stream = f"data: {first}\n\n" + f"data: {more}\n\n" * 2000 + "data: [DONE]\n\n"
    began = time.monotonic()
    body = assemble(stream)
    assert len(body["choices"][0]["message"]["content"]) == 402_000
    assert time.monotonic() - began < 60  # of the square: hours


def test_a_line_end_of_another_kind_within_an_event_ends_nothing() -> None:
    data = json.dumps({"choices": [{"delta": {"content": "a\u2028b\x85c"}}]}, ensure_ascii=False)
    body = assemble(f"data: {data}\n\ndata: [DONE]\n\n")
    assert body["choices"][0]["message"]["content"] == "a\u2028b\x85c"


LOOPBACK = ["localhost", "127.0.0.1", "127.1", "0.0.0.0", "2130706433", "[::1]", "a.localhost",
            "[::ffff:127.0.0.1]"]  # fmt: skip
ELSEWHERE = ["127.evil.example", "localhost.example", "10.0.0.1", "[2001:db8::1]", "example.org"]


def test_which_addresses_are_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    for host in LOOPBACK:
        assert is_loopback(f"http://{host}:8000/v1")
        assert proxy_for(f"http://{host}:8000/v1") is None
    for host in ELSEWHERE:
        assert not is_loopback(f"http://{host}:8000/v1")
        assert proxy_for(f"http://{host}:8000/v1") == "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ("body.a=1,body.a.b=2", "contradict each other"),
        ("body.a.b=2,body.a=1", "contradict each other"),
        ("body.a=1,body.a=2", "given twice"),
        ("body.max_tokens.x=null", "use --max-new-tokens"),
        ("body.best_of=4", "the harness writes itself"),
        ("body.a=1e999", "numbers that JSON can hold"),
        ("query.subscription-key=x", "would store a secret"),
        ('body.auth={"api_key": "x"}', "would store a secret"),
        ('body.a={"api_key": "x"}', "would store a secret"),
        ("concurrency=" + "9" * 400, "whole number above 0"),
        ("header.content-type=HOME", "what the harness sends itself"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(
    asker: Asker, arguments: str, advice: str
) -> None:
    with pytest.raises(HarnessError, match=advice):
        asker.model("http://127.0.0.1:9/v1", arguments)


def test_the_key_in_a_field_is_refused(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "zq81-kkw0-99ab-lmno")
    with pytest.raises(HarnessError, match="holds the key") as raised:
        asker.model("http://127.0.0.1:9/v1", "body.user=zq81-kkw0-99ab-lmno")
    assert "holds the key" in str(raised.value)

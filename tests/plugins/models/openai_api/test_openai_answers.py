"""``openai:``: what is asked, and what comes back."""

from __future__ import annotations

import pytest

from imhi._core.errors import HarnessError
from imhi._core.records import Request
from imhi._core.settings import Generation
from tests.faulty_server import (
    FaultyServer,
    Reply,
    echo,
    filtered,
    refused,
    status,
)
from tests.openai_asking import Asker, requests


def test_each_response_carries_its_requests_key_and_everything_the_server_said(
    asker: Asker,
) -> None:
    with FaultyServer(echo) as server:
        responses = {response.id: response for response in asker.ask(server.url, 20)}
    assert sorted(responses, key=int) == [str(i) for i in range(20)]
    for request in requests(20):
        response = responses[request.id]
        assert response.text == f"No. Reasoning: echo of {request.prompt}"
        assert (response.dataset, response.prompt_hash) == ("DR", request.prompt_hash)
        assert (response.finish_reason, response.attempts, response.error) == ("stop", 1, None)
        assert (response.prompt_tokens, response.completion_tokens) == (4, 8)
        assert response.latency is not None and 0 < response.latency < 5


def test_what_is_sent_is_the_prompt_and_the_decoding_settings(asker: Asker) -> None:
    generation = Generation(64, 0.7, 0.9, ("\n\n",), system="Be brief.")
    with FaultyServer(echo) as server:
        asker.ask(server.url, context=asker.context(generation, seed=5))
    assert server.asked[0].path == "/v1/chat/completions"
    assert server.asked[0].body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Is post 0 sad?"},
        ],
        "max_tokens": 64,
        "temperature": 0.7,
        "top_p": 0.9,
        "stop": ["\n\n"],
        "seed": 5,
    }


def test_a_sampled_answer_is_not_left_to_the_servers_own_top_p(asker: Asker) -> None:
    with FaultyServer(echo) as server:
        asker.ask(server.url, context=asker.context(Generation(8, temperature=1.0)))
        asker.ask(server.url, context=asker.context(Generation(8)))
    assert server.asked[0].body["top_p"] == 1.0
    assert "top_p" not in server.asked[1].body


def test_the_completions_interface_gets_the_bare_prompt(asker: Asker) -> None:
    with FaultyServer(echo) as server:
        [response] = asker.ask(server.url, arguments="api=completions")
    assert server.asked[0].path == "/v1/completions"
    assert server.asked[0].body["prompt"] == "Is post 0 sad?"
    assert response.text == "No. Reasoning: echo of Is post 0 sad?"


@pytest.mark.parametrize(
    ("generation", "arguments", "advice"),
    [
        (Generation(8, chat_template="off"), "api=chat", "add api=completions"),
        (Generation(8, chat_template="on"), "api=completions", "use api=chat"),
        (Generation(8, system="Be brief."), "api=completions", "leave --system out"),
    ],
)
def test_a_setting_the_interface_cannot_honour_is_refused(
    asker: Asker, generation: Generation, arguments: str, advice: str
) -> None:
    with pytest.raises(HarnessError, match=advice):
        asker.model("http://127.0.0.1:9/v1", arguments, asker.context(generation))


@pytest.mark.parametrize(
    ("reply", "finish_reason"),
    [
        (refused(), "content_filter"),
        (filtered(), "content_filter"),
        (status(400, "filtered", code="content_filter"), "content_filter"),
        (status(403, "your input was flagged by moderation"), "content_filter"),
        (Reply(text=None, body={"choices": [{"finish_reason": "length",
                                             "message": {"content": None}}]}), "length"),
    ],
)  # fmt: skip
def test_a_refused_or_filtered_answer_is_an_empty_answer_and_no_error(
    asker: Asker, reply: Reply, finish_reason: str
) -> None:
    with FaultyServer([reply]) as server:
        [response] = asker.ask(server.url)
    assert (response.text, response.finish_reason) == ("", finish_reason)
    assert response.error is None and response.attempts == 1


def test_half_a_surrogate_pair_in_an_answer_can_be_written_to_a_file(asker: Asker) -> None:
    body = b'{"choices": [{"finish_reason": "stop", "message": {"content": "No \\ud83d."}}]}'
    with FaultyServer([Reply(body=body)]) as server:
        [response] = asker.ask(server.url)
    assert response.text.encode("utf-8").decode() == "No \N{REPLACEMENT CHARACTER}."


def test_a_prompt_that_cannot_be_encoded_fails_alone(asker: Asker) -> None:
    bad = Request("bad", "DR", "half \ud83d", "h", "p", "q")
    with FaultyServer(echo) as server:
        responses = list(asker.model(server.url).generate([bad, *requests(3)]))
    assert [r.id for r in responses if r.error] == ["bad"]
    assert len(responses) == 4

"""``openai:``: answers held to a JSON schema, and servers that know of no such thing."""

from __future__ import annotations

from typing import Any

import pytest

from imhi._core.models import ModelSpec
from imhi._core.settings import Generation
from imhi.plugins.models.openai_api.model import estimate
from tests.faulty_server import Asked, FaultyServer, Reply, answer, echo, status
from tests.openai_asking import PRICED, Asker, requests

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
HELD = Generation(max_new_tokens=32, answer_schema=SCHEMA)


def test_a_schema_is_sent_strictly_to_chat_servers_and_to_no_others(asker: Asker) -> None:
    with FaultyServer(echo) as server:
        asker.ask(server.url, context=asker.context(HELD))
        asker.ask(server.url, 1, "api=completions", asker.context(HELD))
        asker.ask(server.url)
        chat, bare, ordinary = (asked.body for asked in server.asked)
    assert chat["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
    }
    assert "response_format" not in bare and "response_format" not in ordinary


# The words of servers that are in use: OpenAI's older models, DeepSeek, Groq, Azure, a schema that a
# server's grammar cannot express.
REFUSALS: list[Reply] = [
    status(400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported with "
           "this model.", param="response_format"),
    status(400, "This response_format type is unavailable now", param=None),
    status(400, "This model does not support response format `json_schema`."),
    status(400, "response_format value as json_schema is enabled only for api versions 2024-08-01"),
    status(400, "Invalid schema for response_format 'answer'", param="response_format"),
    Reply(422, body={"detail": [{"type": "extra_forbidden", "loc": ["body", "response_format"]}]}),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_server_that_refuses_a_schema_is_asked_without_and_a_note_says_so(
    asker: Asker, refusal: Reply
) -> None:
    def script(asked: Asked) -> Reply:
        return refusal if "response_format" in asked.body else answer('{"a": 1}')

    context = asker.context(HELD)
    with FaultyServer(script) as server:
        responses = asker.ask(server.url, 4, "concurrency=1,retries=0", context)
        assert len(server.asked) == 5, "learnt once"
        assert server.asked[-1].body["max_tokens"] == 32, "nothing else was given up"
    assert all(response.text == '{"a": 1}' for response in responses)
    assert any("response_format is not taken and was left out" in note for note in context.notes)


def test_a_refusal_of_something_else_keeps_the_schema(asker: Asker) -> None:
    def script(asked: Asked) -> Reply:
        if "seed" in asked.body:
            return status(400, "Known: 'response_format', 'stop'.", param="seed")
        return answer('{"a": 1}')

    with FaultyServer(script) as server:
        [response] = asker.ask(server.url, 1, "retries=0", asker.context(HELD))
        assert "response_format" in server.asked[-1].body
    assert response.text == '{"a": 1}'


def test_a_bad_request_is_no_refusal_of_the_schema(asker: Asker) -> None:
    with FaultyServer([status(400, "the prompt is too long")]) as server:
        [response] = asker.ask(server.url, 1, "retries=0", asker.context(HELD))
        assert len(server.asked) == 1
    assert response.error is not None and "HTTP 400: the prompt is too long" in response.error


def test_the_schema_counts_as_part_of_the_prompt_where_money_is_counted(asker: Asker) -> None:
    spec: Any = ModelSpec.parse(f"openai:m,{PRICED}", asker.families)
    plain = estimate(spec, ["a prompt"], asker.context())
    held = estimate(spec, ["a prompt"], asker.context(HELD))
    assert held.prompt_tokens > plain.prompt_tokens


def test_each_round_is_asked_with_the_seed_of_its_time(asker: Asker) -> None:
    context = asker.context()
    with FaultyServer(echo) as server:
        model = asker.model(server.url, context=context)

        for seed in (3, 8):
            context.seed = seed
            list(model.generate(requests(1)))
        assert [asked.body["seed"] for asked in server.asked] == [3, 8]

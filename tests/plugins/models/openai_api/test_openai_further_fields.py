"""``openai:``: fields, headers and parameters of the address beyond those the harness knows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from imhi._core.errors import HarnessError
from imhi._core.models import ModelSpec
from imhi._core.settings import Generation
from tests.faulty_server import Asked, FaultyServer, Reply, answer, echo, status
from tests.openai_asking import FREE, Asker, requests


def test_further_fields_are_sent_as_the_json_they_are(asker: Asker) -> None:
    arguments = (
        "body.reasoning_effort=low,body.chat_template_kwargs.enable_thinking=false,"
        'body.provider={"order": ["a", "b"]},body.top_k=20,body.seed=null'
    )
    with FaultyServer(echo) as server:
        model = asker.model(server.url, arguments)
        list(model.generate(requests(1)))
    body = server.asked[0].body
    assert body["reasoning_effort"] == "low" and body["top_k"] == 20
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert body["provider"] == {"order": ["a", "b"]}
    assert "seed" not in body
    assert model.describe()["parameters"]["body"]["reasoning_effort"] == "low"


def test_further_fields_make_another_model_and_headers_do_not(asker: Asker) -> None:
    def identity(text: str) -> Any:
        return ModelSpec.parse(text, asker.families).fingerprint(asker.context())

    plain = identity("openai:m")
    assert "body" not in json.dumps(plain)
    assert identity("openai:m,body.reasoning_effort=low") != plain
    assert identity("openai:m,system=folded") != plain
    assert identity("openai:m,query.api-version=2024-10-21") != plain
    assert identity("openai:m,header.api-key=AZURE_KEY,stream=true,longest_wait=9") == plain


@pytest.mark.parametrize(
    ("argument", "advice"),
    [
        ("body.temperature=0.5", "use --temperature"),
        ("body.max_tokens=5", "use --max-new-tokens"),
        ("body.messages=x", "the harness writes itself"),
        ("body.stream=true", "the harness writes itself"),
        ("body.n=5", "the harness writes itself"),
        ("body.api_key=hunter2", "header.NAME=VARIABLE"),
        ("query.key=hunter2", "header.NAME=VARIABLE"),
        ("body.extra.access_token=hunter2", "header.NAME=VARIABLE"),
    ],
)
def test_what_is_ours_or_secret_is_refused(asker: Asker, argument: str, advice: str) -> None:
    with pytest.raises(HarnessError) as raised:
        asker.model("http://127.0.0.1:9/v1", argument)
    assert advice in str(raised.value)


def test_a_header_comes_from_the_environment_and_stands_in_for_the_key(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_KEY", "f3a9c07b5d1e4826a0b7")
    with FaultyServer(lambda a: answer(f"No. {a.headers['api-key']}")) as server:
        model = asker.model(server.url, "header.api-key=AZURE_KEY")
        [response] = list(model.generate(requests(1)))
    assert server.asked[0].headers["api-key"] == "f3a9c07b5d1e4826a0b7"
    assert "authorization" not in server.asked[0].headers
    assert response.text == "No. [key]"
    assert "f3a9c07b5d1e" not in json.dumps(model.describe()) + repr(vars(model))


def test_a_header_whose_variable_is_not_set_is_an_error(asker: Asker) -> None:
    with pytest.raises(HarnessError, match=r"AZURE_KEY is not set; export AZURE_KEY=VALUE"):
        asker.model("http://127.0.0.1:9/v1", "header.api-key=AZURE_KEY")


@pytest.mark.parametrize(
    "model",
    [
        "openai:m,base_url={}?api-version=2024-10-21",
        "openai:m,base_url={},query.api-version=2024-10-21",
    ],
)
def test_azures_version_goes_into_the_address(asker: Asker, model: str) -> None:
    with FaultyServer(echo) as server:
        spec = ModelSpec.parse(model.format(server.url), asker.families)
        [response] = list(spec.create(asker.context()).generate(requests(1)))
    assert response.error is None
    assert server.asked[0].query == "api-version=2024-10-21"


def test_a_limit_that_is_left_out_leaves_answers_unbounded_only_without_a_budget(
    asker: Asker,
) -> None:
    from imhi._core.budget import Budget

    with FaultyServer(echo) as server:
        asker.ask(server.url, 1, "body.max_tokens=null")
    assert "max_tokens" not in server.asked[0].body
    with pytest.raises(HarnessError, match="no token limit"):
        bounded = asker.context(budget=Budget(limit=1.0))
        asker.model(server.url, f"body.max_tokens=null,{FREE}", bounded)


def system_refused(asked: Asked) -> Reply:
    if asked.body["messages"][0]["role"] == "system":
        return status(400, "m", param="messages[0].role", code="unsupported_value")
    return echo(asked)


def test_a_refused_system_role_is_folded_into_the_message_and_recorded(asker: Asker) -> None:
    context = asker.context(Generation(8, system="Be brief."))
    with FaultyServer(system_refused) as server:
        model = asker.model(server.url, "concurrency=1", context)
        responses = list(model.generate(requests(3)))
    assert len(server.asked) == 4 and not any(response.error for response in responses)
    assert server.asked[-1].body["messages"] == [
        {"role": "user", "content": "Be brief.\n\nIs post 2 sad?"}
    ]
    assert model.describe()["parameters"]["system"] == "folded"
    assert any("system prompt went with the user's message" in note for note in context.notes)


def test_the_system_prompt_is_folded_where_that_is_asked_for(asker: Asker) -> None:
    context = asker.context(Generation(8, system="Be brief."))
    with FaultyServer(system_refused) as server:
        asker.ask(server.url, 1, "system=folded", context)
    assert len(server.asked) == 1


def test_another_model_than_the_one_asked_is_noted(asker: Asker) -> None:
    context = asker.context()
    replies = [answer("Yes.", model=name) for name in ("m", "m-2024-07-18", "m:latest", "mini")]
    with FaultyServer(replies) as server:
        asker.ask(server.url, 4, "concurrency=1", context)
    assert [note for note in context.notes if "asked for" in note] == [
        f"openai:m,base_url={server.url},backoff=0.02,concurrency=1: asked for m, the server says "
        "mini answered"
    ]


def test_a_path_of_the_servers_machine_is_not_written_down(asker: Asker) -> None:
    with FaultyServer([answer("Yes.", model="/home/ann/models/m.gguf")]) as server:
        model = asker.model(server.url)
        list(model.generate(requests(1)))
    assert model.describe()["served_models"] == ["m.gguf"]


def test_tokens_of_thoughts_are_paid_for_wherever_they_are_counted(asker: Asker) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 35}
    body = {"choices": [{"finish_reason": "stop", "message": {"content": "Yes."}}], "usage": usage}
    with FaultyServer([Reply(body=body)]) as server:
        priced = "price_prompt=1000,price_completion=2000"
        [response] = asker.ask(server.url, 1, priced)
    assert response.cost == pytest.approx(0.01 + 25 * 0.002)
    assert (response.completion_tokens, response.thought_tokens) == (5, 20)


def test_an_answer_cut_by_the_servers_window_is_noted(asker: Asker) -> None:
    context = asker.context()
    with FaultyServer([answer("Yes", finish_reason="length", usage=(90, 3))]) as server:
        model = asker.model(server.url, context=context)
        list(model.generate(requests(1)))
    assert model.describe()["shortened"] == 1
    assert any("before the 32 tokens" in note for note in context.notes)

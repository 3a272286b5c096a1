"""``openai:``: engines are recognised, and sent what takes habits of their own away."""

from __future__ import annotations

from typing import Any

import pytest

from imhi._core.settings import Generation
from tests.faulty_server import Asked, FaultyServer, Reply, answer, echo, status
from tests.openai_asking import Asker, requests


def models(owner: str, **more: Any) -> Reply:
    entry = {"id": "m", "object": "model", "owned_by": owner, **more}
    return Reply(body={"object": "list", "data": [entry]})


VLLM = {"/v1/models": models("vllm"), "/version": Reply(body={"version": "0.32.0"})}
LLAMA_CPP = {
    "/v1/models": Reply(body={"data": []}, headers={"Server": "llama.cpp"}),
    "/props": Reply(body={"build_info": "b1-abc"}),
}
SERVE = {"/openapi.json": Reply(body={"paths": {"/v1/systemone": {}}})}
OLLAMA = {"/": Reply(body=b"Ollama is running"), "/api/version": Reply(body={"version": "0.9"})}
TGI = {"/v1/models": models("m"), "/info": Reply(body={"version": "3.3", "max_total_tokens": 9})}


@pytest.mark.parametrize(
    ("places", "engine"),
    [
        (VLLM, {"name": "vllm", "version": "0.32.0", "bos": "tokenizer"}),
        (LLAMA_CPP, {"name": "llamacpp", "version": "b1-abc", "bos": "tokenizer"}),
        (SERVE, {"name": "transformers-serve", "version": "", "bos": "tokenizer"}),
        (OLLAMA, {"name": "ollama", "version": "0.9", "bos": "tokenizer"}),
        (TGI, {"name": "tgi", "version": "3.3", "bos": "tokenizer"}),
    ],
)
def test_an_engine_is_recognised_by_what_it_says_of_itself(
    asker: Asker, places: dict[str, Reply], engine: dict[str, str]
) -> None:
    with FaultyServer(echo, places=places) as server:
        model = asker.model(server.url)
        for _ in range(2):
            list(model.generate(requests(2)))
    assert model.describe()["engine"] == engine
    # Found out once, without a post.
    assert len(server.looked_up) <= 6 and len(server.asked) == 4


def test_a_server_that_does_not_say_what_it_is_gets_openais_parameters_alone(asker: Asker) -> None:
    with FaultyServer(echo) as server:
        model = asker.model(server.url)
        list(model.generate(requests(1)))
    assert "engine" not in model.describe()
    assert set(server.asked[0].body) == {"model", "messages", "max_tokens", "temperature", "seed"}


def test_greedy_answers_are_asked_for_without_penalties(asker: Asker) -> None:
    with FaultyServer(echo, places=VLLM) as server:
        model = asker.model(server.url)
        list(model.generate(requests(1)))
    body = server.asked[0].body
    assert body["repetition_penalty"] == 1 and body["presence_penalty"] == 0
    assert "top_k" not in body, "no part of greedy decoding"
    assert model.describe()["parameters"]["neutral"]["repetition_penalty"] == 1


def test_sampled_answers_are_drawn_from_all_tokens(asker: Asker) -> None:
    context = asker.context(Generation(8, temperature=1.0))
    with FaultyServer(echo, places=LLAMA_CPP) as server:
        asker.ask(server.url, 1, "", context)
    body = server.asked[0].body
    assert (body["top_p"], body["top_k"], body["min_p"]) == (1.0, 0, 0.0)


def test_what_is_given_by_hand_wins(asker: Asker) -> None:
    with FaultyServer(echo, places=VLLM) as server:
        asker.ask(server.url, 1, "body.repetition_penalty=1.2,body.presence_penalty=null")
    assert server.asked[0].body["repetition_penalty"] == 1.2
    assert "presence_penalty" not in server.asked[0].body


def test_a_neutral_value_that_is_refused_is_left_out_and_noted(asker: Asker) -> None:
    def script(asked: Asked) -> Reply:
        if "repetition_penalty" in asked.body:
            return status(400, "m", param="repetition_penalty", code="unknown_parameter")
        return echo(asked)

    context = asker.context()
    with FaultyServer(script, places=VLLM) as server:
        model = asker.model(server.url, "concurrency=1", context)
        responses = list(model.generate(requests(3)))
    assert len(server.asked) == 4 and not any(response.error for response in responses)
    assert any("repetition_penalty is not taken" in note for note in context.notes)


def test_an_engine_whose_answers_depend_on_company_is_noted(asker: Asker) -> None:
    def notes(arguments: str) -> list[str]:
        context = asker.context()
        with FaultyServer(echo, places=LLAMA_CPP) as server:
            asker.ask(server.url, 1, arguments, context)
        return [note for note in context.notes if "in flight" in note]

    assert notes("concurrency=1") == []
    [note] = notes("concurrency=8")
    assert "concurrency=1 makes them repeatable" in note and "--repeat-check" in note


def test_a_stop_text_that_the_server_leaves_in_is_cut(asker: Asker) -> None:
    context = asker.context(Generation(8, stop=("\n\n", "END")))
    with FaultyServer([answer("Yes. END more\n\n", finish_reason="length")]) as server:
        [response] = asker.ask(server.url, 1, "", context)
    assert (response.text, response.finish_reason) == ("Yes. ", "stop")

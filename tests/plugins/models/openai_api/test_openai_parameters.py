"""``openai:``: settings a server does not take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imhi._core.models import ModelSpec
from tests.faulty_server import (
    Asked,
    FaultyServer,
    Reply,
    answer,
    echo,
    status,
)
from tests.openai_asking import Asker, requests


def picky(*refused_names: str) -> Callable[[Asked], Reply]:
    def script(asked: Asked) -> Reply:
        for name in refused_names:
            if name in asked.body:
                return status(400, f"Unsupported parameter: '{name}' is not supported with this "
                              "model.", code="unsupported_parameter", param=name)  # fmt: skip
        return echo(asked).after(0.02)

    return script


def test_a_refused_parameter_is_left_out_or_renamed_and_a_note_says_so(asker: Asker) -> None:
    context = asker.context()
    model: Any
    with FaultyServer(picky("max_tokens", "temperature", "seed")) as server:
        model = asker.model(server.url, "concurrency=4,retries=0", context)
        responses = list(model.generate(requests(30)))
    assert len(responses) == 30 and all(not response.error for response in responses)
    last = server.asked[-1].body
    assert last["max_completion_tokens"] == 32
    assert not {"max_tokens", "temperature", "seed"} & set(last)
    assert len(server.asked) <= 30 + 3 * 4, "learnt once, not once per request"
    assert model.describe()["parameters"]["left_out"] == ["seed", "temperature"]
    assert any("temperature is not taken" in note for note in context.notes)


def test_a_server_that_refuses_both_names_of_the_token_limit_gets_no_unbounded_request(
    asker: Asker,
) -> None:
    with FaultyServer(picky("max_tokens", "max_completion_tokens")) as server:
        [response] = asker.ask(server.url)
    assert response.error is not None and "max_completion_tokens" in response.error
    assert all({"max_tokens", "max_completion_tokens"} & set(a.body) for a in server.asked)


def test_a_parameter_named_only_in_a_validation_report_is_found(asker: Asker) -> None:
    def script(asked: Asked) -> Reply:
        if "seed" in asked.body:
            report = {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"]}]}
            return Reply(422, body=report)
        return answer("Yes.")

    with FaultyServer(script) as server:
        [response] = asker.ask(server.url)
    assert (response.text, response.attempts) == ("Yes.", 2)


def test_models_known_to_want_another_form_get_it_at_once(asker: Asker) -> None:
    context = asker.context()
    with FaultyServer(echo) as server:
        spec = ModelSpec.parse(f"openai:o3-mini,base_url={server.url}", asker.families)
        list(spec.create(context).generate(requests(1)))
    assert server.asked[0].body["max_completion_tokens"] == 32
    assert "temperature" not in server.asked[0].body
    assert any("takes no temperature" in note for note in context.notes)

"""``anthropic:...,mode=batch`` and ``gemini:...,mode=batch``: what is asked and what is answered."""

from __future__ import annotations

import pytest

from imhi._core.budget import Budget
from imhi._core.errors import HarnessError
from imhi._core.models import ModelSpec
from imhi._core.settings import Generation
from imhi.plugins.models.openai_api.prices import Known, Price
from tests.openai_asking import PRICED, requests
from tests.plugins.models.openai_api.batch_asking import MOST, by_id
from tests.plugins.models.openai_api.provider_asking import MODEL, ProviderAsker, charged_once
from tests.provider_batches import Ending, Fate, Line


def test_every_request_is_answered_whatever_the_order_of_the_results(
    provider: ProviderAsker,
) -> None:
    context = provider.context()
    with provider.server(endings=[Ending(looks=2)]) as server:
        model = provider.model(server.url, PRICED, context)
        responses = by_id(list(model.generate(requests(5))))
    assert {id: response.text for id, response in responses.items()} == {
        str(post): f"No. Reasoning: echo of Is post {post} sad?" for post in range(5)
    }
    assert {response.attempts for response in responses.values()} == {1}
    assert {response.finish_reason for response in responses.values()} == {"stop"}
    assert server.sizes == [5] and charged_once(server, 5)
    usage = {(r.prompt_tokens, r.completion_tokens) for r in responses.values()}
    assert usage == {(10, 5)}
    assert context.budget.spent == pytest.approx(5 * 0.02)
    [note] = [note for note in context.notes if "Batch API" in note]
    assert "came by the Batch API at the price given" in note
    described = model.describe()
    assert described["mode"] == "batch" and described["batches"] == list(server.made)
    assert len(described["served_models"]) == 1


SENT = {
    "anthropic": {
        "model": MODEL,
        "max_tokens": 32,
        "messages": [{"role": "user", "content": "Is post 0 sad?"}],
        "system": "Be kind.",
        "temperature": 0.7,
        "top_p": 0.9,
        "stop_sequences": ["END"],
    },
    "gemini": {
        "contents": [{"role": "user", "parts": [{"text": "Is post 0 sad?"}]}],
        "systemInstruction": {"parts": [{"text": "Be kind."}]},
        "generationConfig": {
            "temperature": 0.7,
            "topP": 0.9,
            "stopSequences": ["END"],
            "seed": 7,
            "maxOutputTokens": 32,
        },
    },
}


def test_a_request_is_written_in_the_form_of_the_provider(provider: ProviderAsker) -> None:
    generation = Generation(
        max_new_tokens=32, temperature=0.7, top_p=0.9, system="Be kind.", stop=("END",)
    )
    context = provider.context(generation, seed=7)
    with provider.server() as server:
        [response] = provider.ask(server.url, 1, "", context)
    assert not response.error
    [made] = server.made.values()
    assert made.lines[0].body == SENT[provider.scheme]
    assert any("takes no seed" in note for note in context.notes) == (
        provider.scheme == "anthropic"
    )


def test_greedy_decoding_is_asked_for_in_so_many_words(provider: ProviderAsker) -> None:
    with provider.server() as server:
        provider.ask(server.url)
    [made] = server.made.values()
    sent = made.lines[0].body
    settings = sent.get("generationConfig", sent)
    assert settings["temperature"] == 0 and not {"top_p", "topP"} & set(settings)


def test_an_answer_is_held_to_a_schema_in_the_form_of_the_provider(
    provider: ProviderAsker,
) -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    generation = Generation(max_new_tokens=32, answer_schema=schema)
    with provider.server() as server:
        provider.ask(server.url, 1, "", provider.context(generation))
    [made] = server.made.values()
    sent = made.lines[0].body
    if provider.scheme == "anthropic":
        assert sent["output_config"] == {"format": {"type": "json_schema", "schema": schema}}
    else:
        assert sent["generationConfig"]["responseJsonSchema"] == schema
        assert sent["generationConfig"]["responseMimeType"] == "application/json"


def test_a_thought_is_told_from_the_answer_and_paid_as_output(provider: ProviderAsker) -> None:
    with provider.server(lambda line: Fate(text="Yes.", thought="Let me see.")) as server:
        [response] = provider.ask(server.url, 1, PRICED)
    assert (response.text, response.thought) == ("Yes.", "Let me see.")
    assert (response.completion_tokens, response.thought_tokens) == (5, 3)
    assert response.cost == pytest.approx(0.02)


def test_what_is_held_back_or_cut_off_is_an_answer_and_says_so(provider: ProviderAsker) -> None:
    kinds = ("filtered", "blocked", "long", "empty")

    def script(line: Line) -> Fate:
        return Fate(kinds[int(line.prompt.split()[2])], text="Half an ans")  # type: ignore[arg-type]

    with provider.server(script) as server:
        responses = by_id(provider.ask(server.url, 4))
    assert {id: (r.text, r.finish_reason) for id, r in responses.items()} == {
        "0": ("", "content_filter"),
        "1": ("", "content_filter"),
        "2": ("Half an ans", "length"),
        "3": ("", "stop"),
    }
    assert not any(response.error for response in responses.values())


def test_an_answer_without_usage_counts_as_the_most_it_can_cost(provider: ProviderAsker) -> None:
    context = provider.context()
    with provider.server(lambda line: Fate(usage=False)) as server:
        [response] = provider.ask(server.url, 1, PRICED, context)
    assert response.cost == pytest.approx(MOST)
    assert any("reports no token usage" in note for note in context.notes)


def test_the_price_of_the_table_is_halved_and_says_where_that_stands(
    provider: ProviderAsker, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Known(Price(3.0, 15.0, "the list"))
    monkeypatch.setattr("imhi.plugins.models.openai_api.prices.known_model", lambda model: known)
    context = provider.context()
    with provider.server() as server:
        model = provider.model(server.url, "", context)
        [response] = list(model.generate(requests(1)))
    assert response.cost == pytest.approx((10 * 3.0 + 5 * 15.0) / 1e6 / 2)
    source = model.describe()["price"]["source"]
    assert "the list; half of it in batches: " in source and "OpenAI" not in source
    assert "came by the Batch API at half price" in context.notes[0]


def test_the_budget_is_kept_and_what_does_not_fit_stays_unanswered(
    provider: ProviderAsker,
) -> None:
    context = provider.context(budget=Budget(limit=1.0))
    with provider.server() as server:
        responses = provider.ask(server.url, 100, PRICED, context)
    assert context.budget.exhausted and 0.8 < context.budget.spent <= 1.0
    assert len(responses) == server.charged.total() and charged_once(server, len(responses))
    assert context.budget.reserved == pytest.approx(0)


def test_many_requests_go_in_several_batches(provider: ProviderAsker) -> None:
    with provider.server(endings=[Ending(looks=3), Ending(), Ending(looks=1)]) as server:
        responses = provider.ask(server.url, 10, "batch_requests=4")
    assert server.sizes == [4, 4, 2]
    assert len(by_id(responses)) == 10 and charged_once(server, 10)


def test_the_same_request_twice_is_asked_twice(provider: ProviderAsker) -> None:
    with provider.server() as server:
        responses = list(provider.model(server.url).generate(requests(1) * 2))
    assert len(responses) == 2 and server.sizes == [2]


def test_a_prompt_that_cannot_be_sent_fails_alone(provider: ProviderAsker) -> None:
    import dataclasses

    bad, good = requests(2)
    bad = dataclasses.replace(bad, prompt="half of a pair: \ud800")
    with provider.server() as server:
        responses = by_id(list(provider.model(server.url).generate([bad, good])))
    assert "cannot be sent" in str(responses["0"].error) and not responses["1"].error


def test_requests_in_batches_are_not_asked_one_by_one_as_well(provider: ProviderAsker) -> None:
    with provider.server(endings=[Ending(looks=10**9)]) as server:
        answers = provider.model(server.url, "timeout=1").generate(requests(2))
        server_is_asked = _in_the_background(answers)
        server.wait_for(lambda: server.calls("retrieve") > 0)
        text = f"{provider.scheme}:{MODEL},base_url={server.url}"
        live = ModelSpec.parse(text, provider.asker.families).create(provider.context())
        with pytest.raises(HarnessError, match="2 of 2 requests are in batches"):
            list(live.generate(requests(2)))
        next(iter(server.made.values())).looks = 10**9
        server_is_asked.join(timeout=20)
    assert charged_once(server, 2)


def _in_the_background(answers):  # type: ignore[no-untyped-def]
    import threading

    thread = threading.Thread(target=lambda: list(answers), daemon=True)
    thread.start()
    return thread


def test_a_limit_on_new_tokens_is_what_anthropic_insists_on(
    provider: ProviderAsker,
) -> None:
    with provider.server() as server:
        context = provider.context(Generation())
        if provider.scheme == "anthropic":
            with pytest.raises(HarnessError, match="set --max-new-tokens"):
                provider.model(server.url, "", context)
        else:
            assert len(provider.ask(server.url, 1, "", context)) == 1


def test_other_interfaces_than_chat_are_refused(provider: ProviderAsker) -> None:
    with pytest.raises(HarnessError, match="expected chat"):
        provider.model("http://127.0.0.1:1/v1", "api=completions")

"""``anthropic:...,mode=batch`` and ``gemini:...,mode=batch``: requests and batches that fail, end early or
are found again."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from imhi._core.errors import HarnessError
from imhi._core.records import Response
from imhi._core.settings import Generation
from tests.anthropic_batch_server import AnthropicBatchServer
from tests.batch_results import Fault
from tests.openai_asking import PRICED, requests
from tests.plugins.models.openai_api.batch_asking import MOST, by_id
from tests.plugins.models.openai_api.provider_asking import (
    ProviderAsker,
    charged_once,
    first_time,
)
from tests.provider_batches import Ending, Fate, Line, Made, ProviderBatches


@pytest.mark.parametrize("kind", ["busy", "broken"])
def test_what_fails_for_a_passing_reason_is_asked_again_in_another_batch(
    provider: ProviderAsker, kind: Any
) -> None:
    with provider.server(first_time(Fate(kind), 1, 3)) as server:
        responses = by_id(provider.ask(server.url, 5, PRICED))
    assert server.sizes == [5, 2] and charged_once(server, 5)
    assert {id: r.attempts for id, r in responses.items()} == {
        "0": 1, "1": 2, "2": 1, "3": 2, "4": 1,
    }  # fmt: skip
    assert [r.cost for r in responses.values()] == [pytest.approx(0.02)] * 5


def test_a_request_that_is_to_blame_fails_alone(provider: ProviderAsker) -> None:
    with provider.server(first_time(Fate("invalid", said="too long"), 1)) as server:
        responses = by_id(provider.ask(server.url, 3))
    assert {id: r.error for id, r in responses.items()} == {
        "0": None, "1": "HTTP 400: too long", "2": None,
    }  # fmt: skip
    assert server.sizes == [3]


@pytest.mark.parametrize("kind", ["garbled", "silent"])
def test_an_answer_that_cannot_be_read_is_asked_for_again_and_counted_as_dear(
    provider: ProviderAsker, kind: Any
) -> None:
    context = provider.context()
    with provider.server(first_time(Fate(kind), 2)) as server:
        responses = by_id(provider.ask(server.url, 5, PRICED, context))
    assert server.sizes == [5, 1] and server.calls(provider.results) == 3
    assert not any(response.error for response in responses.values())
    assert responses["2"].cost == pytest.approx(MOST + 0.02)
    assert context.budget.spent == pytest.approx(MOST + 5 * 0.02)


def test_what_a_batch_that_expired_did_not_come_to_goes_in_another(
    provider: ProviderAsker,
) -> None:
    context = provider.context()
    with provider.server(endings=[Ending("expired", run=2)]) as server:
        responses = by_id(provider.ask(server.url, 5, PRICED, context))
    assert not any(response.error for response in responses.values())
    if provider.scheme == "anthropic":
        assert server.sizes == [5, 3] and charged_once(server, 5)
        assert context.budget.spent == pytest.approx(5 * 0.02)
    else:
        # There are no results of it: what it did come to may have been charged, and is lost.
        assert server.sizes == [5, 5]
        assert context.budget.spent == pytest.approx(5 * MOST + 5 * 0.02)


def test_what_a_cancelled_batch_did_not_come_to_is_reported(provider: ProviderAsker) -> None:
    with provider.server(endings=[Ending("cancelled", run=2, looks=2)]) as server:
        responses = provider.ask(server.url, 5)
        failed = [response for response in responses if response.error]
        assert {r.error for r in failed} == {"the batch was cancelled before it was asked"}
        assert len(failed) == (3 if provider.scheme == "anthropic" else 5)
        # The next command asks them again.
        left = [request for request in requests(5) if request.id in {r.id for r in failed}]
        again = list(provider.model(server.url).generate(left))
    assert not any(response.error for response in again)


@pytest.mark.parametrize("provider", ["gemini"], indirect=True)
@pytest.mark.parametrize("code", [13, 8, 14, None])
def test_a_batch_that_failed_for_a_passing_reason_is_tried_again(
    provider: ProviderAsker, code: int | None
) -> None:
    with provider.server(endings=[Ending("failed", error=code)] * 2) as server:
        responses = provider.ask(server.url, 3)
    assert [response.attempts for response in responses] == [3] * 3
    assert server.sizes == [3, 3, 3] and charged_once(server, 3)


@pytest.mark.parametrize("provider", ["gemini"], indirect=True)
def test_a_batch_that_was_refused_says_why_of_each_of_its_requests(
    provider: ProviderAsker,
) -> None:
    with provider.server(endings=[Ending("failed", error=3)]) as server:
        responses = provider.ask(server.url, 3)
    said = "the server refused the batch: the file is no good"
    assert [response.error for response in responses] == [said] * 3
    assert server.sizes == [3]


@pytest.mark.parametrize("provider", ["gemini"], indirect=True)
def test_a_batch_refused_for_what_every_batch_would_be_ends_the_run(
    provider: ProviderAsker,
) -> None:
    with provider.server(endings=[Ending("failed", error=7)]) as server:
        with pytest.raises(HarnessError, match="the server refused the batch: the file"):
            provider.ask(server.url, 3)
        assert len(provider.ask(server.url, 3)) == 3
    assert charged_once(server, 3)


@pytest.mark.parametrize("provider", ["gemini"], indirect=True)
def test_results_of_a_job_that_succeeded_in_part_are_taken(provider: ProviderAsker) -> None:
    with provider.server(first_time(Fate("broken"), 1), partial=True) as server:
        responses = provider.ask(server.url, 3)
    assert not any(response.error for response in responses)
    assert server.sizes == [3, 1] and charged_once(server, 3)


@pytest.mark.parametrize("provider", ["anthropic"], indirect=True)
@pytest.mark.parametrize("names", [("temperature", "top_p"), ("top_p",)])
def test_settings_that_newer_models_do_not_take_are_left_out_of_the_next_batch(
    provider: ProviderAsker, names: tuple[str, ...]
) -> None:
    generation = Generation(max_new_tokens=32, temperature=0.7, top_p=0.9)
    context = provider.context(generation)
    with provider.server() as server:
        assert isinstance(server, AnthropicBatchServer)
        server.without = names
        responses = provider.ask(server.url, 3, "retries=0", context)
    assert not any(response.error for response in responses)
    assert server.sizes == [3] * (1 + len(names)) and charged_once(server, 3)
    sent = list(server.made.values())[-1].lines[0].body
    assert not set(names) & set(sent)
    for name in names:
        assert any(f"{name} is not taken" in note for note in context.notes)


@pytest.mark.parametrize("provider", ["gemini"], indirect=True)
def test_a_schema_that_a_model_does_not_take_is_left_out_of_the_next_batch(
    provider: ProviderAsker,
) -> None:
    def script(line: Line) -> Fate:
        refused = "responseJsonSchema" in line.body["generationConfig"]
        said = "response_json_schema is not supported by this model"
        return Fate("invalid", said=said) if refused else Fate()

    generation = Generation(max_new_tokens=32, answer_schema={"type": "object"})
    context = provider.context(generation)
    with provider.server(script) as server:
        responses = provider.ask(server.url, 2, "", context)
    assert not any(response.error for response in responses) and server.sizes == [2, 2]
    assert any("response_format is not taken" in note for note in context.notes)


# --- which batch is ours --------------------------------------------------------------------------


def strangers_batch(server: ProviderBatches, ending: Ending) -> Made:
    """Let somebody else with the same account make a batch of three."""
    server.endings.appendleft(ending)
    lines = [Line(f"s-{number}", "Who?", {}) for number in range(3)]
    return server.execute(f"msgbatch_{len(server.made) + 1:02}", "", lines)


@pytest.mark.parametrize("provider", ["anthropic"], indirect=True)
def test_a_batch_without_a_name_is_told_from_others_by_the_ids_in_its_results(
    provider: ProviderAsker,
) -> None:
    with provider.server() as server:
        older = strangers_batch(server, Ending(looks=10**9))
        server.faults["create"].append(Fault("reset", done=True))
        responses = provider.ask(server.url, 3)
        ours = list(server.made.values())[-1]
    assert not any(response.error for response in responses)
    assert server.sizes == [3, 3] and server.calls("create") == 1
    assert ours.id != older.id and not older.done, "what is older than the order is none of ours"


@pytest.mark.parametrize("provider", ["anthropic"], indirect=True)
def test_while_a_strangers_batch_may_be_ours_nothing_is_asked_twice(
    provider: ProviderAsker,
) -> None:
    with provider.server() as server:
        # The order comes to nothing, and somebody makes a batch of as many requests right then.
        server.faults["create"].append(Fault("reset"))
        found: list[Response] = []
        asking = threading.Thread(
            target=lambda: found.extend(provider.ask(server.url, 3, "backoff=0.5")), daemon=True
        )
        asking.start()
        server.wait_for(lambda: server.calls("create") == 1)
        stranger = strangers_batch(server, Ending(looks=10**9))
        server.wait_for(lambda: server.calls("list") >= 5)
        assert server.calls("create") == 1, "nothing is asked while it is not known"
        stranger.looks = 10**9
        asking.join(timeout=20)
    assert len(found) == 3 and not any(response.error for response in found)
    assert server.sizes == [3, 3] and server.calls("create") == 2

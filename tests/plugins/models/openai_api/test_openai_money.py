"""``openai:``: what it costs, and when it stops."""

from __future__ import annotations

import itertools

import pytest

from imhi._core.budget import Budget
from imhi._core.errors import HarnessError
from imhi._core.models import ModelSpec
from imhi._core.settings import Generation
from imhi.plugins.models.openai_api.arguments import OpenAIArguments
from imhi.plugins.models.openai_api.prices import price_of
from tests.faulty_server import (
    FaultyServer,
    answer,
    cut_off,
    echo,
    hang,
    status,
)
from tests.openai_asking import PRICED, Asker, requests


def test_cost_is_counted_from_what_the_server_reports(asker: Asker) -> None:
    context = asker.context()
    with FaultyServer([answer("No.", usage=(10, 5))]) as server:
        responses = asker.ask(server.url, 8, PRICED, context)
    assert [response.cost for response in responses] == [pytest.approx(0.02)] * 8
    assert context.budget.spent == pytest.approx(0.16)
    assert context.budget.reserved == pytest.approx(0)


@pytest.mark.parametrize("concurrency", [1, 16])
def test_the_budget_ends_the_run_cleanly_and_is_never_exceeded(
    asker: Asker, concurrency: int
) -> None:
    context = asker.context(budget=Budget(limit=1.0))
    with FaultyServer(lambda _: answer("No.", usage=(20, 10)).after(0.005)) as server:
        responses = asker.ask(server.url, 200, f"{PRICED},concurrency={concurrency}", context)
    true_cost = 0.04 * len(server.asked)
    assert context.budget.exhausted
    assert context.budget.spent == pytest.approx(true_cost) and true_cost <= 1.0
    assert len(responses) == len(server.asked) and all(not r.error for r in responses)
    # One request can cost at most 0.15 or so; no more than that is left over.
    assert true_cost > 0.8
    assert context.budget.reserved == pytest.approx(0)


def test_an_attempt_of_unknown_fate_counts_as_the_most_it_can_have_cost(asker: Asker) -> None:
    context = asker.context(budget=Budget(limit=50.0))
    most = 0.001 * (len("Is post 0 sad?") + 64) + 0.002 * 32
    with FaultyServer([hang(), answer("No.", usage=(20, 10))]) as server:
        model = asker.model(server.url, "timeout=0.2," + PRICED, context)
        [response] = list(model.generate(requests(1)))
    assert response.cost == pytest.approx(most + 0.04)
    assert context.budget.spent == pytest.approx(most + 0.04)
    assert model.describe()["assumed_cost"] == pytest.approx(most)


def test_what_was_paid_for_a_request_that_is_not_asked_again_is_written_down(asker: Asker) -> None:
    """Half of the answers are cut off, and billed; the budget ends while some wait to be asked again."""
    context = asker.context(budget=Budget(limit=3.0))
    turns = itertools.count()
    with FaultyServer(
        lambda _: cut_off() if next(turns) % 2 == 0 else answer("No.", usage=(200, 100))
    ) as server:
        responses = asker.ask(server.url, 60, f"{PRICED},concurrency=8,backoff=0.01", context)
    assert context.budget.exhausted
    assert any("not asked again" in (one.error or "") for one in responses)
    assert sum(one.cost or 0.0 for one in responses) == pytest.approx(context.budget.spent)


def test_errors_cost_nothing(asker: Asker) -> None:
    context = asker.context(budget=Budget(limit=50.0))
    with FaultyServer([status(500), status(429), answer("No.", usage=(20, 10))]) as server:
        asker.ask(server.url, 1, PRICED, context)
    assert context.budget.spent == pytest.approx(0.04)


def test_a_server_without_usage_is_counted_as_the_most_and_a_note_says_so(asker: Asker) -> None:
    context = asker.context()
    with FaultyServer([answer("No.", usage=None)]) as server:
        [response] = asker.ask(server.url, 1, PRICED, context)
    assert response.prompt_tokens is None and response.cost is not None and response.cost > 0.1
    assert any("no token usage" in note for note in context.notes)


def test_a_budget_without_a_price_is_refused_before_anything_is_sent(asker: Asker) -> None:
    with (
        FaultyServer(echo) as server,
        pytest.raises(
            HarnessError, match=r"nor whose server .* price_prompt=USD,price_completion=USD"
        ),
    ):
        asker.model(server.url, "", asker.context(budget=Budget(limit=1.0)))
    assert server.asked == []


def test_a_budget_for_a_model_that_is_not_listed_names_those_nearest(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    spec = ModelSpec.parse("openai:gpt-5.9-mini", asker.families)
    with pytest.raises(HarnessError) as raised:
        spec.create(asker.context(budget=Budget(limit=1.0)))
    assert str(raised.value).startswith(
        "openai:gpt-5.9-mini: --max-cost is set but no price of 'gpt-5.9-mini' is known; nearest: "
    )
    assert "gpt-5-mini" in str(raised.value) and "add price_prompt=" in str(raised.value)


def test_one_price_of_the_pair_is_refused(asker: Asker) -> None:
    with pytest.raises(HarnessError, match="price_completion= is missing"):
        asker.model("http://127.0.0.1:9/v1", "price_prompt=1")


def test_the_papers_models_have_prices_and_snapshots_are_told_apart() -> None:
    options = OpenAIArguments()
    price = price_of("gpt-4", options)
    assert price is not None and (price.prompt, price.completion) == (30, 60)
    assert price.cost(1_000_000, 500_000) == 60
    assert price_of("gpt-4o-mini-2024-07-18", options) == price_of("gpt-4o-mini", options)
    assert price_of("gpt-3.5-turbo", options) != price_of("gpt-3.5-turbo-0613", options)
    assert price_of("somebody/llama-7b", options) is None


def test_estimate_needs_neither_key_nor_server(asker: Asker) -> None:
    spec = ModelSpec.parse("chatgpt", asker.families)
    context = asker.context(Generation(max_new_tokens=100))
    from imhi.plugins.models.openai_api.model import estimate

    found = estimate(spec, ["x" * 400, "y" * 400], context)
    assert (found.requests, found.prompt_tokens, found.completion_tokens) == (2, 200, 200)
    assert found.cost == pytest.approx((200 * 0.5 + 200 * 1.5) / 1e6)
    unknown = estimate(ModelSpec.parse("openai:mine", asker.families), ["x"], context)
    assert unknown.cost is None and "no price of 'mine'" in unknown.note

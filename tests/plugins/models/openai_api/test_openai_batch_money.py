"""``openai:...,mode=batch``: half the price, and within the budget."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from imhi._core.budget import Budget
from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.models import ModelSpec
from imhi._core.settings import Generation
from imhi.plugins.models.openai_api.arguments import OpenAIArguments
from imhi.plugins.models.openai_api.client_config import ClientConfig
from imhi.plugins.models.openai_api.credentials import Secrets
from imhi.plugins.models.openai_api.model import OpenAIModel, estimate
from imhi.plugins.models.openai_api.prices import Price, price_of
from tests.batch_results import End, Fault, Line, Result, answer, garbled, refused
from tests.batch_server import BatchServer
from tests.openai_asking import PRICED, Asker, requests
from tests.plugins.models.openai_api.batch_asking import MOST, BatchAsker, by_id


def test_batches_are_paid_at_the_price_listed_for_them(batches: BatchAsker) -> None:
    context = batches.context()
    with BatchServer(lambda line: answer(line, usage=(1000, 500))) as server:
        text = f"openai:gpt-4o-mini,base_url={server.url},mode=batch,poll=0.02"
        spec = ModelSpec.parse(text, batches.asker.families)
        # A server on loopback has no price: that of OpenAI is given to it.
        config = ClientConfig(
            spec.name,
            spec.target,
            server.url,
            context.generation,
            context.seed,
            price_of("gpt-4o-mini", OpenAIArguments(mode="batch")),
            OpenAIArguments(**spec.arguments),
        )
        model = OpenAIModel(config, context, Secrets("no-key", {}))
        responses = list(model.generate(requests(2)))
    whole = (1000 * 0.15 + 500 * 0.60) / 1e6
    assert [response.cost for response in responses] == [pytest.approx(whole / 2)] * 2
    assert context.budget.spent == pytest.approx(whole)
    price: Any = model.describe()["price"]
    assert price["prompt_usd_per_million"] == pytest.approx(0.075)
    assert "genai-prices" in price["source"] and "batches at half price" in price["source"]
    assert "came by the Batch API at half price" in context.notes[0]


def test_a_price_that_is_given_is_what_is_paid(batches: BatchAsker) -> None:
    context = batches.context()
    with BatchServer() as server:
        [response] = batches.ask(server.url, 1, PRICED, context)
    assert response.cost == pytest.approx(0.001 * 10 + 0.002 * 5)
    assert "came by the Batch API at the price given" in context.notes[0]


def test_an_estimate_takes_the_half_into_account(asker: Asker) -> None:
    def found(text: str) -> Any:
        context = asker.context(Generation(max_new_tokens=100))
        return estimate(ModelSpec.parse(text, asker.families), ["x" * 400], context)

    live, batch = found("openai:gpt-4o-mini"), found("openai:gpt-4o-mini,mode=batch")
    assert live.cost == pytest.approx(2 * batch.cost) and batch.cost > 0
    assert "by the Batch API at half price" in batch.note
    assert "Batch" not in live.note
    given = found(f"openai:mine,mode=batch,{PRICED}")
    assert given.cost == pytest.approx(0.1 + 0.2)
    assert "by the Batch API at the price given" in given.note
    assert found("openai:mine,mode=batch").cost is None


def test_only_batches_are_half_the_price_and_not_those_of_every_model() -> None:
    def prices(model: str) -> tuple[Price, Price]:
        live, batch = (
            price_of(model, OpenAIArguments()),
            price_of(model, OpenAIArguments(mode="batch")),
        )
        assert live is not None and batch is not None and "batches" not in live.source
        return live, batch

    live, batch = prices("gpt-4")
    assert (batch.prompt, batch.completion) == (live.prompt / 2, live.completion / 2)
    assert batch.source.endswith("batches at half price")
    live, batch = prices("gpt-3.5-turbo-1106")
    assert (batch.prompt, batch.completion) == (live.prompt, live.completion)
    assert batch.source.endswith("; batches at the whole price")
    live, batch = prices("gpt-4-32k")
    assert (batch.prompt, batch.completion) == (live.prompt, live.completion)
    assert batch.source.endswith("no price of batches is listed: at the whole price")
    assert price_of("somebody/llama-7b", OpenAIArguments(mode="batch")) is None


def test_the_budget_is_never_exceeded_and_what_does_not_fit_stays_unanswered(
    batches: BatchAsker,
) -> None:
    context = batches.context(budget=Budget(limit=1.0))
    with BatchServer(lambda line: answer(line, usage=(20, 10))) as server:
        responses = batches.ask(server.url, 100, PRICED, context)
    cost = 0.04 * server.charged.total()
    assert context.budget.exhausted and context.budget.spent == pytest.approx(cost)
    assert 1.0 - MOST - 0.01 < cost <= 1.0
    assert len(responses) == server.charged.total() and not any(r.error for r in responses)
    # What one batch leaves of the money that was set aside for it serves the next.
    sizes = [len(made.lines) for made in server.made.values()]
    assert sizes[0] == int(1.0 / MOST) == 7 and sizes == sorted(sizes, reverse=True)
    assert context.budget.reserved == pytest.approx(0)


def test_a_budget_with_room_for_all_is_no_reason_to_split(batches: BatchAsker) -> None:
    context = batches.context(budget=Budget(limit=10 * MOST + 0.001))
    with BatchServer() as server:
        assert len(batches.ask(server.url, 10, PRICED, context)) == 10
    assert len(server.made) == 1 and not context.budget.exhausted


def test_a_budget_used_up_before_sends_nothing(batches: BatchAsker) -> None:
    context = batches.context(budget=Budget(limit=1.0, spent=1.0))
    with BatchServer() as server:
        assert batches.ask(server.url, 5, PRICED, context) == []
    assert server.called == [] and context.budget.exhausted


def test_a_budget_without_a_price_is_refused_before_anything_is_sent(batches: BatchAsker) -> None:
    with BatchServer() as server:
        with pytest.raises(HarnessError, match=r"price_prompt=USD,price_completion=USD"):
            batches.ask(server.url, 1, "", batches.context(budget=Budget(limit=1.0)))
        assert server.called == []


def left_under_way(batches: BatchAsker, server: BatchServer, context: Context) -> None:
    """Make a batch of two, whose first answer is taken, and one of two that is not done."""
    model = batches.model(server.url, f"{PRICED},batch_requests=2", context)
    answers = model.generate(requests(4))
    first = next(answers)
    assert first.id == "0" and len(server.made) == 2
    answers.close()


def test_a_batch_under_way_is_collected_whatever_the_budget_and_counts_against_it(
    batches: BatchAsker,
) -> None:
    with BatchServer(ends=[End(), End(looks=5)]) as server:
        left_under_way(batches, server, batches.context(budget=Budget(limit=100.0)))
        # One answer is written; the limit has become less than the rest may cost.
        context = batches.context(budget=Budget(limit=0.1, spent=0.02))
        model = batches.model(server.url, f"{PRICED},batch_requests=2", context)
        responses = by_id(list(model.generate(requests(9)[1:])))
    assert sorted(responses) == ["1", "2", "3"]
    assert len(server.made) == 2 and Counter(server.charged.values()) == {1: 4}
    assert context.budget.exhausted and context.budget.spent == pytest.approx(4 * 0.02)


def test_what_is_set_aside_for_a_batch_under_way_is_not_spent_on_another(
    batches: BatchAsker,
) -> None:
    with BatchServer(ends=[End(), End(looks=5)]) as server:
        left_under_way(batches, server, batches.context(budget=Budget(limit=100.0)))
        context = batches.context(budget=Budget(limit=0.02 + 3.5 * MOST, spent=0.02))
        model = batches.model(server.url, f"{PRICED},batch_requests=2", context)
        answers = model.generate(requests(9)[1:])
        next(answers)
        assert len(server.made) == 2, "half of the most that one more can cost was left"
        responses = list(answers)
    assert len(responses) > 3 and context.budget.spent <= 0.02 + 3.5 * MOST
    assert set(server.charged.values()) == {1}


def test_what_lost_attempts_cost_is_counted_in_the_next_process_too(batches: BatchAsker) -> None:
    def script(line: Line) -> Result:
        if server.calls("create") == 0:
            return garbled(line)
        return refused(line, 503) if server.calls("create") == 1 else answer(line)

    with BatchServer(script) as server:
        server.faults["upload"].extend([None, None, *[Fault()] * 3])
        with pytest.raises(HarnessError, match="sending the requests"):
            batches.ask(server.url, 1, f"{PRICED},retries=2")
        # The first answer was garbled, the second attempt failed: neither stands in a response.
        context = batches.context(budget=Budget(limit=1.0))
        [response] = batches.ask(server.url, 1, f"{PRICED},retries=2", context)
    assert (response.attempts, response.cost) == (3, pytest.approx(MOST + 0.02))
    assert context.budget.spent == pytest.approx(MOST + 0.02)

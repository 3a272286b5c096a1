"""``--answer choice`` at servers: those that hold answers to a choice, those that know of no such
thing, and those that say nothing and do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from imhi._core.budget import Budget
from imhi._core.errors import HarnessError
from imhi._core.records import Request, Response
from imhi._core.settings import Generation
from tests.faulty_server import Asked, FaultyServer, Reply, answer, status
from tests.openai_asking import PRICED, Asker

CHOICES = {"yes": 'Yes, it "is".', "no": "No, it is not."}
CHOOSING = Generation(max_new_tokens=32, answer="choice")


def asked(count: int) -> list[Request]:
    return [
        Request.of(str(i), "DR", f"Is post {i} sad?", f"post {i}", "sad?", choices=CHOICES)
        for i in range(count)
    ]


def ask(
    asker: Asker, server: FaultyServer, arguments: str = "", count: int = 3, **more: Any
) -> tuple[list[Response], Any]:
    context = asker.context(CHOOSING, **more)
    model = asker.model(server.url, f"concurrency=1,retries=0{arguments}", context)
    return list(model.generate(asked(count))), model


def allowed(body: Any, form: str) -> list[str]:
    """What a request allows as answers, in the wire form of OpenAI and of vLLM."""
    if form not in body:
        return []
    if form == "structured_outputs":
        return list(body[form]["choice"])
    if form == "guided_choice":
        return list(body[form])
    if form == "grammar":
        return [json.loads(part) for part in body[form].removeprefix("root ::= ").split(" | ")]
    schema = body[form]["json_schema"]["schema"]
    assert schema["additionalProperties"] is False and body[form]["json_schema"]["strict"]
    return list(schema["properties"]["answer"]["enum"])


def obeying(form: str) -> Callable[[Asked], Reply]:
    """A server that knows one form, and lets what it does not know go by."""

    def script(request: Asked) -> Reply:
        wordings = allowed(request.body, form)
        if not wordings:
            return answer("Paris, of course.")
        wording = wordings[-1]
        return answer(json.dumps({"answer": wording}) if form == "response_format" else wording)

    return script


@pytest.mark.parametrize("api", ["chat", "completions"])
@pytest.mark.parametrize(
    ("form", "probes"),
    [("response_format", 1), ("structured_outputs", 2), ("guided_choice", 3), ("grammar", 4)],
)
def test_the_first_form_that_a_server_heeds_is_used(
    asker: Asker, form: str, probes: int, api: str
) -> None:
    with FaultyServer(obeying(form)) as server:
        responses, model = ask(asker, server, f",api={api}")
        assert len(server.asked) == probes + 3, "found out once"
        assert "France" in server.asked[0].prompt
        bodies = [request.body for request in server.asked[probes:]]
        space = " " if api == "completions" and form != "response_format" else ""
        wordings = [space + wording for wording in CHOICES.values()]
        assert all(allowed(body, form) == wordings for body in bodies)
        assert not any(other in body for body in bodies for other in _others(form))
        list(model.generate(asked(2)))
        assert len(server.asked) == probes + 5
    assert [(r.text, r.label) for r in responses] == [("No, it is not.", "no")] * 3
    told = model.describe()["choice"]
    assert told["form"] == form
    assert [probe["obeyed"] for probe in told["probes"]] == [False] * (probes - 1) + [True]


def _others(form: str) -> list[str]:
    return [name for name in ("response_format", "structured_outputs") if name != form]


@pytest.mark.parametrize(
    "script",
    [
        lambda request: answer("Paris"),
        lambda request: answer('{"city": "Paris"}'),
        lambda request: status(400, "Unrecognized request argument", param=None),
    ],
    ids=["ignores every form", "writes JSON of its own", "refuses every form"],
)
def test_a_server_that_heeds_no_form_is_refused_before_anything_is_asked(
    asker: Asker, script: Callable[[Asked], Reply]
) -> None:
    with FaultyServer(script) as server:
        with pytest.raises(HarnessError, match="does not hold answers to a choice") as refused:
            ask(asker, server)
        assert all("France" in request.prompt for request in server.asked)
        assert len(server.asked) == 4
    assert "\n" not in str(refused.value) and "use --answer text" in str(refused.value)


def test_what_is_no_choice_after_all_stays_text_without_a_label(asker: Asker) -> None:
    texts = iter(['{"answer": "qvorrel"}', '{"answer": "Yes, it', "I cannot say.", '{"answer": 3}'])
    with FaultyServer(lambda request: answer(next(texts))) as server:
        responses, _ = ask(asker, server)
    assert [r.label for r in responses] == [None, None, None]
    assert [r.text for r in responses] == ['{"answer": "Yes, it', "I cannot say.", '{"answer": 3}']


def test_the_form_is_not_given_up_when_a_request_is_refused_for_it(asker: Asker) -> None:
    def script(request: Asked) -> Reply:
        if "post 1" in request.prompt:
            return status(400, "Invalid schema for response_format", param="response_format")
        return obeying("response_format")(request)

    with FaultyServer(script) as server:
        responses, _ = ask(asker, server)
        assert all("response_format" in request.body for request in server.asked)
    failed = [r for r in responses if r.error]
    assert [r.id for r in failed] == ["1"] and "Invalid schema" in str(failed[0].error)


def test_the_probe_is_paid_for_and_its_cost_is_in_the_run(asker: Asker) -> None:
    budget = Budget(1000.0)
    with FaultyServer(obeying("structured_outputs")) as server:
        responses, model = ask(asker, server, f",{PRICED}", budget=budget)
    costs = [probe["cost"] for probe in model.describe()["choice"]["probes"]]
    assert len(costs) == 2 and all(cost > 0 for cost in costs)
    assert sum(r.cost or 0 for r in responses) == pytest.approx(budget.spent)
    assert (responses[0].cost or 0) > sum(costs)


def test_a_budget_that_has_no_room_for_the_probe_asks_nothing(asker: Asker) -> None:
    with FaultyServer(obeying("response_format")) as server:
        responses, _ = ask(asker, server, f",{PRICED}", budget=Budget(0.0001))
        assert not server.asked and not responses


def test_batches_cannot_be_tried_before_they_are_paid(asker: Asker) -> None:
    with FaultyServer(obeying("response_format")) as server:
        with pytest.raises(HarnessError, match="leave mode=batch out"):
            ask(asker, server, ",mode=batch")
        assert not server.asked

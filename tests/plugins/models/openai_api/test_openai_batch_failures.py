"""``openai:...,mode=batch``: requests and batches that fail."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from imhi._core.errors import HarnessError
from tests.batch_results import (
    End,
    Fault,
    Line,
    Result,
    answer,
    doubled,
    failed,
    garbled,
    not_run,
    refused,
    silent,
    with_stranger,
)
from tests.batch_server import BatchServer
from tests.openai_asking import PRICED
from tests.plugins.models.openai_api.batch_asking import MOST, BatchAsker, by_id


def first_time(odd: Callable[[Line], Result], *posts: int) -> Callable[[Line], Result]:
    """A script by which these posts meet something odd the first time they are asked about."""
    met: set[int] = set()

    def script(line: Line) -> Result:
        post = int(line.prompt.split()[2])
        if post in posts and post not in met:
            met.add(post)
            return odd(line)
        return answer(line)

    return script


PASSING: dict[str, Callable[[Line], Result]] = {
    "429": lambda line: refused(line, 429, "slow down"),
    "500": lambda line: refused(line, 500),
    "503": lambda line: refused(line, 503),
    "timeout": lambda line: not_run(line, "request_timeout"),
    "expired": lambda line: not_run(line, "batch_expired"),
}


@pytest.mark.parametrize("fault", PASSING)
def test_what_fails_for_a_passing_reason_is_asked_again_in_another_batch(
    batches: BatchAsker, fault: str
) -> None:
    with BatchServer(first_time(PASSING[fault], 1, 3)) as server:
        responses = by_id(batches.ask(server.url, 5, PRICED))
    assert [len(made.lines) for made in server.made.values()] == [5, 2]
    assert {id: response.attempts for id, response in responses.items()} == {
        "0": 1, "1": 2, "2": 1, "3": 2, "4": 1,
    }  # fmt: skip
    assert not any(response.error for response in responses.values())
    assert Counter(server.charged.values()) == {1: 5}
    assert [response.cost for response in responses.values()] == [pytest.approx(0.02)] * 5


def test_what_keeps_failing_is_an_error_after_so_many_retries(batches: BatchAsker) -> None:
    def script(line: Line) -> Result:
        return refused(line, 500, "overloaded") if "post 1" in line.prompt else answer(line)

    with BatchServer(script) as server:
        responses = by_id(batches.ask(server.url, 3, "retries=2"))
    assert [len(made.lines) for made in server.made.values()] == [3, 1, 1]
    assert (responses["1"].error, responses["1"].attempts) == ("HTTP 500: overloaded", 3)
    assert responses["0"].error is responses["2"].error is None


@pytest.mark.parametrize("code", [400, 413, 422])
def test_what_will_never_be_taken_fails_alone_and_at_once(batches: BatchAsker, code: int) -> None:
    script = first_time(lambda line: refused(line, code, "context length exceeded"), 2)
    with BatchServer(script) as server:
        responses = by_id(batches.ask(server.url, 4))
    assert f"HTTP {code}: context length exceeded" in str(responses["2"].error)
    assert len(server.made) == 1 and sum(bool(r.error) for r in responses.values()) == 1


def test_a_prompt_that_a_filter_holds_back_is_an_answer(batches: BatchAsker) -> None:
    def script(line: Line) -> Result:
        return refused(line, 400, "flagged", code="content_filter")

    with BatchServer(script) as server:
        [response] = batches.ask(server.url)
    assert (response.text, response.finish_reason, response.error) == ("", "content_filter", None)


@pytest.mark.parametrize("told", [True, False])
def test_what_an_expired_batch_answered_is_kept_and_the_rest_asked_again(
    batches: BatchAsker, told: bool
) -> None:
    with BatchServer(ends=[End("expired", run=3, told=told)]) as server:
        responses = by_id(batches.ask(server.url, 8))
    assert [len(made.lines) for made in server.made.values()] == [8, 5]
    assert Counter(server.charged.values()) == {1: 8}
    assert Counter(response.attempts for response in responses.values()) == {1: 3, 2: 5}
    assert not any(response.error for response in responses.values())


@pytest.mark.parametrize("told", [True, False])
def test_what_a_cancelled_batch_answered_is_kept_and_the_rest_not_asked_again(
    batches: BatchAsker, told: bool
) -> None:
    with BatchServer(ends=[End("cancelled", run=3, told=told)]) as server:
        responses = by_id(batches.ask(server.url, 8))
    assert len(server.made) == 1 and Counter(server.charged.values()) == {1: 3}
    errors = [response.error for response in responses.values() if response.error]
    assert len(errors) == 5 and all("cancelled" in error for error in errors)


def test_why_a_batch_was_refused_is_said_of_each_of_its_requests(batches: BatchAsker) -> None:
    end = failed("invalid_json_line", "not parseable", 1, 2, 3)
    with BatchServer(ends=[end]) as server:
        responses = batches.ask(server.url, 3)
    said = "the server refused the batch: not parseable (line 1) and 2 more"
    assert [response.error for response in responses] == [said] * 3
    assert len(server.made) == 1 and not server.charged


def test_what_is_said_of_a_batch_repeats_none_of_its_posts(batches: BatchAsker) -> None:
    """It is told of every request, or of none: it may quote a post that is another's."""
    asked = [
        replace(one, post=f"{one.id}: nothing helps me sleep any more") for one in _requests("0123")
    ]
    quoting = f"not parseable: {asked[2].post}"
    with BatchServer(ends=[failed("invalid_json_line", quoting, 1, 2)]) as server:
        responses = list(batches.model(server.url, "retries=0").generate(asked))
    said = [str(response.error) for response in responses if response.error]
    assert said and all("[post]" in text and "helps me" not in text for text in said)
    with BatchServer() as server:
        body = json.dumps({"error": {"message": quoting}}).encode()
        server.faults["create"].append(Fault(status=400, body=body))
        with pytest.raises(HarnessError, match=r"not parseable: .*\[post\]") as raised:
            list(batches.model(server.url).generate(asked))
    assert "helps me" not in str(raised.value)


def test_lines_that_are_to_blame_for_a_refusal_fail_alone(batches: BatchAsker) -> None:
    with BatchServer(ends=[failed("invalid_request", "too long", 2, 4)]) as server:
        responses = by_id(batches.ask(server.url, 5))
    assert {id for id, response in responses.items() if response.error} == {"1", "3"}
    assert [len(made.lines) for made in server.made.values()] == [5, 3]
    assert Counter(server.charged.values()) == {1: 3}


def test_a_refusal_for_a_passing_reason_is_tried_again(batches: BatchAsker) -> None:
    with BatchServer(ends=[failed("server_error"), failed("rate_limit_exceeded")]) as server:
        responses = batches.ask(server.url, 3)
    assert [response.attempts for response in responses] == [3] * 3
    assert len(server.made) == 3 and Counter(server.charged.values()) == {1: 3}


def test_a_server_with_little_room_gets_smaller_batches(batches: BatchAsker) -> None:
    with BatchServer(queue=3) as server:
        responses = batches.ask(server.url, 10, "retries=0")
    # Half of what was refused; twice what was taken, since others may have made room.
    sizes = [len(made.lines) for made in server.made.values()]
    assert sizes == [10, 5, 2, 4, 2, 4, 2, 4, 2, 2]
    assert not any(response.error for response in responses)
    assert Counter(server.charged.values()) == {1: 10}
    assert all(response.attempts == 1 for response in responses), "a refused batch asked nothing"


def test_a_batch_there_is_no_room_for_waits_for_the_one_before_it(batches: BatchAsker) -> None:
    with BatchServer(ends=[End(looks=3)], queue=4) as server:
        responses = batches.ask(server.url, 8, "batch_requests=4,retries=0")
    assert [len(made.lines) for made in server.made.values()] == [4, 4, 4]
    assert [made.shown["status"] for made in server.made.values()] == [
        "completed", "failed", "completed",
    ]  # fmt: skip
    assert not any(response.error for response in responses)
    assert Counter(server.charged.values()) == {1: 8}


def test_a_server_without_any_room_ends_it_when_the_retries_are_used_up(
    batches: BatchAsker,
) -> None:
    with BatchServer(queue=0) as server:
        responses = batches.ask(server.url, 2, "retries=1")
    assert [response.error for response in responses] == [
        "the server refused the batch: Enqueued token limit reached"
    ] * 2
    assert not server.charged


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (lambda line: refused(line, 401, "bad key"), "refuses requests without a key"),
        (lambda line: refused(line, 429, "quota", code="insufficient_quota"), "credit, or"),
    ],
)
def test_what_makes_every_batch_pointless_ends_the_run_after_the_answers(
    batches: BatchAsker, line: Callable[[Line], Result], said: str
) -> None:
    answered = []
    with BatchServer(first_time(line, 1, 2)) as server:
        with pytest.raises(HarnessError, match=said) as raised:
            for response in batches.model(server.url).generate(_requests("01234")):
                answered.append(response)
        assert "\n" not in str(raised.value) and server.url in str(raised.value)
        assert sorted(response.id for response in answered) == ["0", "3", "4"]
        # Put right, the same command asks the others, and only them.
        rest = list(batches.model(server.url).generate(_requests("12")))
    assert sorted(response.id for response in rest if not response.error) == ["1", "2"]
    assert Counter(server.charged.values()) == {1: 5}


def test_a_batch_refused_for_what_every_batch_would_be_ends_the_run(batches: BatchAsker) -> None:
    with BatchServer(ends=[failed("model_not_found", "no model m")]) as server:
        with pytest.raises(HarnessError, match="the server refused the batch: no model m"):
            batches.ask(server.url, 3)
        assert len(batches.ask(server.url, 3)) == 3
    assert Counter(server.charged.values()) == {1: 3}


UNREADABLE = {"garbled": garbled, "silent": silent}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_an_answer_that_cannot_be_read_is_asked_for_again_and_counted_as_dear(
    batches: BatchAsker, fault: str
) -> None:
    context = batches.context()
    with BatchServer(first_time(UNREADABLE[fault], 2)) as server:
        model = batches.model(server.url, PRICED, context)
        responses = by_id(list(model.generate(_requests("01234"))))
    assert [len(made.lines) for made in server.made.values()] == [5, 1]
    assert not any(response.error for response in responses.values())
    assert responses["2"].attempts == 2
    assert responses["2"].cost == pytest.approx(MOST + 0.02)
    assert context.budget.spent == pytest.approx(MOST + 5 * 0.02)
    assert model.describe()["assumed_cost"] == pytest.approx(MOST)


def test_odd_lines_are_counted_in_one_note_and_change_no_answer(batches: BatchAsker) -> None:
    def script(line: Line) -> Result:
        odd = {"post 0": doubled, "post 1": with_stranger, "post 2": with_stranger}
        return next((f for key, f in odd.items() if key in line.prompt), answer)(line)

    context = batches.context()
    with BatchServer(script) as server:
        responses = by_id(batches.ask(server.url, 4, context=context))
    assert all(r.text.endswith(f"post {r.id} sad?") for r in responses.values())
    [note] = [note for note in context.notes if "lines of batch batch_1" in note]
    assert "2 named no request of it, 2 named a request that had a line before" in note
    assert "could not be read" not in note
    assert len(server.made) == 1


def test_a_parameter_the_server_does_not_take_is_left_out_of_the_next_batch(
    batches: BatchAsker,
) -> None:
    def script(line: Line) -> Result:
        if "max_tokens" in line.body:
            return refused(line, 400, "no", param="max_tokens", code="unsupported_parameter")
        return answer(line)

    context = batches.context()
    with BatchServer(script) as server:
        responses = batches.ask(server.url, 4, "retries=0", context)
        assert [len(made.lines) for made in server.made.values()] == [4, 4]
        assert not any(response.error for response in responses)
        assert any("max_tokens is called max_completion_tokens" in n for n in context.notes)
        # Another process asks other requests in the form that was learnt.
        list(batches.model(server.url).generate(_requests("789")))
    assert [len(made.lines) for made in server.made.values()] == [4, 4, 3]
    assert Counter(server.charged.values()) == {1: 7}


def _requests(ids: str) -> list:
    from tests.openai_asking import requests

    return [request for request in requests(10) if request.id in ids]

"""``openai:``: thoughts in fields, parts and texts; one word for what was held back; a gateway's error
is no answer."""

from __future__ import annotations

from typing import Any

import pytest

from imhi._core.answered import CUT_OFF, WITHHELD, take_apart, why_unanswered
from imhi._core.records import Request, Response
from imhi._core.registry import Registry
from imhi._core.settings import Generation
from tests.batch_results import Line, Result, answer as batch_answer
from tests.batch_server import BatchServer
from tests.conftest import Imhi
from tests.faulty_server import FaultyServer, Reply, answer, status
from tests.openai_asking import Asker
from tests.plugins.models.openai_api.batch_asking import BatchAsker


@pytest.fixture
def families(registry: Registry) -> Registry:
    """All plugins: the formats of thoughts are among them."""
    return registry


def says(message: dict[str, Any], finish: str | None = "stop", **more: Any) -> Reply:
    choice = {"index": 0, "finish_reason": finish, "message": message, **more.pop("choice", {})}
    return Reply(body={"model": "m", "choices": [choice], **more})


def asked(asker: Asker, reply: Reply, arguments: str = "") -> Response:
    with FaultyServer([reply]) as server:
        [response] = asker.ask(server.url, arguments=arguments)
    return response


@pytest.mark.parametrize(
    "message",
    [
        {"content": "Yes.", "reasoning_content": "I muse."},
        {"content": "Yes.", "reasoning": "I muse."},
        {"content": "Yes.", "reasoning": "I muse.", "reasoning_content": "I muse."},
        {"content": "Yes.", "thinking": "I muse."},
        {"content": "Yes.", "reasoning_details": [{"type": "reasoning.text", "text": "I muse."}]},
        {"content": "Yes.", "reasoning": None,
         "reasoning_details": [{"type": "reasoning.summary", "summary": "I muse."}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "I muse."}]},
                     {"type": "text", "text": "Yes."}]},
        {"content": [{"type": "thinking", "thinking": "I muse.", "signature": "x"},
                     {"type": "text", "text": "Y"}, {"type": "text", "text": "es."}]},
        {"content": [{"thought": True, "text": "I muse."}, {"text": "Yes."}]},
    ],
)  # fmt: skip
def test_a_thought_in_a_field_or_a_part_is_kept_apart(
    asker: Asker, message: dict[str, Any]
) -> None:
    response = asked(asker, says(message))
    assert (response.text, response.thought) == ("Yes.", "I muse.")


def test_a_thought_in_the_text_is_kept_as_it_came(asker: Asker, registry: Registry) -> None:
    response = asked(asker, answer("I muse.</think>\n\nYes."))
    assert (response.text, response.thought) == ("I muse.</think>\n\nYes.", "")
    (parts,) = take_apart([response], registry.thought_formats)
    assert (parts.text, parts.thought) == ("Yes.", "I muse.")


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"completion_tokens_details": {"reasoning_tokens": 7}}, 7),
        ({"reasoning_tokens": 7}, 7),
        ({"completion_tokens_details": {"reasoning_tokens": 0}}, None),
        ({"completion_tokens_details": None}, None),
    ],
)
def test_the_tokens_of_a_thought_are_those_the_server_counts(
    asker: Asker, usage: dict[str, Any], tokens: int | None
) -> None:
    counts = {"prompt_tokens": 3, "completion_tokens": 9, **usage}
    assert asked(asker, says({"content": "Yes."}, usage=counts)).thought_tokens == tokens


@pytest.mark.parametrize("finish", ["length", "stop"])
def test_a_thought_without_an_answer_is_no_fault_of_the_server_s(
    asker: Asker, registry: Registry, finish: str
) -> None:
    response = asked(asker, says({"content": None, "reasoning_content": "I muse."}, finish))
    assert (response.text, response.thought, response.attempts) == ("", "I muse.", 1)
    (parts,) = take_apart([response], registry.thought_formats)
    assert bool(why_unanswered(parts))
    assert (why_unanswered(parts) == CUT_OFF) == (finish == "length")


@pytest.mark.parametrize(
    "reply",
    [
        says({"content": None, "refusal": "I cannot."}),
        says({"content": [{"type": "refusal", "refusal": "I cannot."}]}),
        says({"content": ""}, "content_filter"),
        says({"content": "Yes, the po"}, "content_filter"),
        says({"content": ""}, "refusal"),
        says({"content": None}, "SAFETY"),
        says({"content": None}, "PROHIBITED_CONTENT"),
        says({"content": ""}, "stop", choice={"native_finish_reason": "RECITATION"}),
        status(400, "filtered", code="content_filter"),
        status(400, "risky", code="data_inspection_failed"),
        status(400, "no", code="content_policy_violation"),
        status(400, "Invalid prompt: your prompt was flagged", code="invalid_prompt"),
    ],
)
def test_what_is_held_back_or_refused_is_one_class_with_every_provider(
    asker: Asker, reply: Reply
) -> None:
    response = asked(asker, reply)
    assert (response.finish_reason, response.error) == ("content_filter", None)
    assert why_unanswered(response) == WITHHELD


@pytest.mark.parametrize(
    "broken",
    [
        says({"content": "Yes, the p"}, "error"),
        says({"content": ""}, "error", choice={"error": {"code": 502, "message": "upstream"}}),
        says({"content": "Yes, the p"}, None, choice={"error": {"message": "overloaded"}}),
        says({"content": ""}, "abort"),
    ],
)
def test_a_gateway_s_error_is_asked_again(asker: Asker, broken: Reply) -> None:
    with FaultyServer([broken, answer("Yes.")]) as server:
        [response] = asker.ask(server.url)
    assert (response.text, response.attempts, response.error) == ("Yes.", 2, None)
    with FaultyServer([broken]) as server:
        [response] = asker.ask(server.url, arguments="retries=1")
    assert "ended the answer with an error" in str(response.error)
    assert response.text == ""


def test_batches_tell_the_same(batches: BatchAsker, registry: Registry) -> None:
    attempts: list[str] = []

    def script(line: Line) -> Result:
        number = int(line.prompt.split()[2])
        ends = ("error", "refusal", "max_tokens", "stop")
        attempts.append(ends[number])
        end = "stop" if attempts.count("error") > 1 and number == 0 else ends[number]
        return batch_answer(line, "<think>a</think>Yes.", finish_reason=end)

    with BatchServer(script) as server:
        found = {r.id: r for r in batches.ask(server.url, 4)}
    assert [found[str(n)].finish_reason for n in range(4)] == [
        "stop", "content_filter", "length", "stop",
    ]  # fmt: skip
    assert found["0"].attempts == 2
    assert {r.text for r in take_apart(list(found.values()), registry.thought_formats)} == {"Yes."}


def test_a_run_notes_how_its_answers_ended(imhi_here: Imhi) -> None:
    replies = [
        says({"content": None, "reasoning": "I muse"}, "length"),
        says({"content": "Yes, the poster suffers from depression. Reasoning: th"}, "length"),
        says({"content": None, "refusal": "I cannot."}),
        says(
            {"content": "No, the poster does not suffer from depression.", "reasoning": "I muse."}
        ),
    ]
    with FaultyServer(replies) as server:
        done = imhi_here(
            "run", "-m", f"openai:m,base_url={server.url},concurrency=1", "-d", "DR", "--limit", "4",
            "--max-new-tokens", "16", "--labeler", "reference-rule", "--resamples", "100", "--json",
        )  # fmt: skip
    assert done.code == 0, done.err
    [counts] = done.json["labelling"]
    assert (counts["cut_off"], counts["filtered"], counts["thoughts"]) == (2, 1, 2)
    assert counts["why"] == {CUT_OFF: 1, WITHHELD: 1}
    assert counts["unparsed"] == 2
    notes = [one["note"] for one in done.json["notes"]]
    assert (
        "2 answers were cut off at max_new_tokens=16 (1 in a thought, which is no answer): raise "
        "--max-new-tokens" in notes
    )
    assert any(note.startswith("1 answer was held back by a content filter") for note in notes)
    shown = " ".join(imhi_here("show", "last", "--labeler", "reference-rule").out.split())
    assert all(note in shown for note in notes)


def test_a_bare_prompt_that_ends_in_a_thought_is_known_to(asker: Asker) -> None:
    request = Request("1", "DR", "Is it?\n<think>\n", "h", "p", "q")
    with FaultyServer([answer("I muse, and yes", finish_reason="length")]) as server:
        context = asker.context(Generation(max_new_tokens=4))
        model = asker.model(server.url, "api=completions", context)
        [response] = model.generate([request])
    assert response.thought_open and response.text == "I muse, and yes"

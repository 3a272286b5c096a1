"""A thought is told from the answer by its marks; where there are none, a text is left alone."""

from __future__ import annotations

import time

import pytest

from imhi._core.answered import (
    CUT_OFF,
    CUT_SHORT,
    ONLY_THOUGHT,
    WITHHELD,
    take_apart,
    why_unanswered,
)
from imhi._core.errors import HarnessError
from imhi._core.extensions import ThoughtFormat
from imhi._core.finish_reasons import normalised
from imhi._core.records import Response
from imhi._core.registry import Registry
from imhi._core.thoughts import ends_in_thought, split_thoughts
from tests.thinking import FORMS, THOUGHT, cut_off, thinking

ANSWER = "Yes, the poster suffers from depression. Reasoning: they say so."


@pytest.fixture(scope="module")
def formats(registry: Registry) -> tuple[ThoughtFormat, ...]:
    return tuple(registry.thought_formats)


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_comes_out_without_its_thought(
    formats: tuple[ThoughtFormat, ...], form: str
) -> None:
    parts = split_thoughts(thinking(form, ANSWER), formats)
    assert parts.text == ANSWER
    assert "Hmm." in parts.thought
    assert not parts.open


@pytest.mark.parametrize("form", [form for form in FORMS if "prompt" not in form])
def test_a_thought_without_an_end_leaves_no_answer(
    formats: tuple[ThoughtFormat, ...], form: str
) -> None:
    parts = split_thoughts(cut_off(form), formats)
    assert (parts.text, parts.open) == ("", True)
    assert THOUGHT[-20:] in parts.thought


@pytest.mark.parametrize("form", FORMS)
def test_a_text_that_was_taken_apart_stays_as_it_is(
    formats: tuple[ThoughtFormat, ...], form: str
) -> None:
    once = split_thoughts(thinking(form, ANSWER), formats).text
    assert split_thoughts(once, formats).text == once


@pytest.mark.parametrize(
    "text",
    [
        ANSWER,
        'Yes. Reasoning: the poster ends each line with "</think>", as if it were a joke.',
        "Yes. Reasoning: the post has a `<think>` in it and says: I give up.",
        "Yes. Reasoning: the <think> tag shows that the post was copied.",
        "Yes. Reasoning: they write <think> and then nothing.",
        "Yes. Reasoning: they close with </think>, which says nothing.",
        "Analysis: the poster is sad. Answer: yes.",
        "analysis of the post shows stress. Yes.",
        "final answer: yes",
        "Here is my response: Yes. Reasoning: they say so.",
        "<answer>yes</answer>\n<reasoning>They say so.</reasoning>",
        "I think the reason is work. [THINKING of school]",
        "",
    ],
)
def test_a_text_without_a_thought_is_left_alone(
    formats: tuple[ThoughtFormat, ...], text: str
) -> None:
    assert split_thoughts(text, formats) == split_thoughts(text, ())


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think></think>Yes.", "Yes."),
        ("<think>a</think></think>Yes.", "Yes."),
        ("<think>a</think> more of it </think>\nYes.", "Yes."),
        ("<think>a <think> b</think>Yes.", "Yes."),
        ("<think>Should I write <think>? No.</think>Yes.", "Yes."),
        ('<think>I end with "</think>" now: no.</think>Yes.', "Yes."),
        ("<think>a</think>Yes. Reasoning: b </think>", "Yes. Reasoning: b"),
        ("<think>a</think>Yes. Reasoning: he ends </think> so", "Yes. Reasoning: he ends  so"),
        ("Yes. Reasoning: b\n<think>Or not?</think>", "Yes. Reasoning: b"),
        ("Yes. Reasoning: b\n<think>Or not? No,", "Yes. Reasoning: b"),
        ('<think>He says "no"</think>"Yes."', '"Yes."'),
        ("<think>a</think>", ""),
        ("<think>a</think>assistantfinalYes.", "Yes."),
        ("finalYes.", "Yes."),
    ],
)
def test_marks_that_stand_oddly(formats: tuple[ThoughtFormat, ...], text: str, answer: str) -> None:
    assert split_thoughts(text, formats).text == answer
    assert split_thoughts(answer, formats).text == answer


@pytest.mark.parametrize(
    "unit",
    ["no mark ", "<think>", "</think>", "\n<think> ", "<think>a</think> ", "</think> Reasoning: ",
     "<|end|>", "analysisA", "'</think>' ", "<", "Here is my thought process: "],
)  # fmt: skip
def test_the_time_grows_with_the_length_of_the_text(
    formats: tuple[ThoughtFormat, ...], unit: str
) -> None:
    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        taken = []
        for _ in range(3):
            started = time.process_time()
            split_thoughts(text, formats)
            taken.append(time.process_time() - started)
        return min(taken)

    assert seconds(100_000) < 10 * 50 * max(seconds(2_000), 2e-4)  # of the square: 2,500 times


# --- responses -----------------------------------------------------------------------------------


def response(text: str, id: str = "1", **more: object) -> Response:
    return Response(id, "DR", "", text=text, **more)  # type: ignore[arg-type]


def test_the_tokens_of_a_thought_are_its_share_where_nobody_counted_them(
    formats: tuple[ThoughtFormat, ...],
) -> None:
    text = "<think>" + "t" * 300 + "</think>" + "a" * 100
    (shared,) = take_apart([response(text, completion_tokens=80)], formats)
    (counted,) = take_apart([response(text, completion_tokens=80, thought_tokens=9)], formats)
    (unknown,) = take_apart([response(text)], formats)
    assert [one.thought_tokens for one in (shared, counted, unknown)] == [60, 9, None]


def test_a_field_s_thought_stands_before_the_text_s_and_both_are_kept(
    formats: tuple[ThoughtFormat, ...],
) -> None:
    (one,) = take_apart([response("<think>b</think>Yes.", thought="a")], formats)
    assert (one.text, one.thought) == ("Yes.", "a\n\nb")
    assert take_apart([one], formats) == [one]


def test_a_prompt_that_ends_in_a_thought_makes_a_text_without_an_end_a_thought(
    formats: tuple[ThoughtFormat, ...],
) -> None:
    assert ends_in_thought("<|im_start|>assistant\n<think>\n", formats)
    assert not ends_in_thought("<|im_start|>assistant\n<think>\n\n</think>\n\n", formats)
    cut, ended = take_apart(
        [response("Yes, I see. ", thought_open=True), response("a</think>Yes.", thought_open=True)],
        formats,
    )
    assert (cut.text, cut.thought, why_unanswered(cut)) == ("", "Yes, I see.", CUT_OFF)
    assert (ended.text, ended.thought, why_unanswered(ended)) == ("Yes.", "a", "")


@pytest.mark.parametrize("reason", ["length", None])
def test_answers_that_begin_inside_a_thought_say_so_of_those_that_never_leave_it(
    formats: tuple[ThoughtFormat, ...], reason: str | None
) -> None:
    ended = [response("a</think>Yes.", str(n), finish_reason=reason and "stop") for n in range(3)]
    never = response("Yes, so it is a sad post", "9", finish_reason=reason)
    *_, cut = take_apart([*ended, never], formats)
    assert (cut.text, why_unanswered(cut)) == ("", CUT_OFF)
    plain = [response("Yes.", str(n), finish_reason=reason and "stop") for n in range(5)]
    *_, left = take_apart([*ended[:1], *plain, never], formats)
    assert left == never


def test_why_a_response_answers_nothing(formats: tuple[ThoughtFormat, ...]) -> None:
    reasons = {
        WITHHELD: [response("", finish_reason="content_filter"),
                   response("Yes", finish_reason="refusal"), response("", finish_reason="SAFETY")],
        CUT_SHORT: [response("", finish_reason="length")],
        CUT_OFF: [response("", finish_reason="length", thought_tokens=9), response("<think>a"),
                  response("", thought="a", finish_reason="length")],
        ONLY_THOUGHT: [response("", thought="a", finish_reason="stop"),
                       response("<think>a</think>")],
        "": [response(""), response("Yes", finish_reason="length"), response("Yes", thought="a")],
    }  # fmt: skip
    for reason, responses in reasons.items():
        assert {why_unanswered(one) for one in take_apart(responses, formats)} == {reason}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("stop", "STOP", "end_turn", "stop_sequence", "eos_token"), "stop"),
        (("length", "max_tokens", "MAX_TOKENS", "model_length"), "length"),
        (("content_filter", "refusal", "SAFETY", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST",
          "guardrail_intervened"), "content_filter"),
        (("error", "abort"), "error"),
        (("tool_calls",), "tool_calls"),
        ((None, "", 3), None),
    ],
)  # fmt: skip
def test_providers_finish_reasons_are_one_set_of_words(
    words: tuple[object, ...], reason: str | None
) -> None:
    assert {normalised(word) for word in words} == {reason}


def test_a_format_without_both_marks_is_refused() -> None:
    with pytest.raises(HarnessError, match="'half': expected opens= and closes=, both or neither"):
        ThoughtFormat("half", "none", opens=("<a>",))
    with pytest.raises(HarnessError, match="'empty': found an empty text among its marks"):
        ThoughtFormat("empty", "none", opens=("<a>",), closes=("",))


def test_a_thought_that_begins_behind_a_sentence_and_never_ends_is_no_answer(
    registry: Registry,
) -> None:
    text = "The post seems sad. <think>The answer is no. Hmm"
    split = split_thoughts(text, registry.thought_formats)
    assert split.text.strip() == "The post seems sad."
    assert "no" in split.thought
    told = "They write a <think> tag and never end it."
    assert split_thoughts(told, registry.thought_formats).text == told

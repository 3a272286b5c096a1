"""How verdicts are read out of what a judge answers: an option and words of the answer, or nothing."""

from __future__ import annotations

import pytest

from imhi.plugins.labelers.judge.prompting import Options
from imhi.plugins.labelers.judge.verdicts import Verdict, read_verdict, stands_in
from tests.labelling_judge import verdict

OPTIONS = Options(("yes", "no"), "none")
ANSWER = "Yes, the poster suffers from depression. Reasoning: they cry at night."
GIVEN = verdict("yes", "Yes, the poster suffers")


@pytest.mark.parametrize(
    "text",
    [
        GIVEN,
        f"```json\n{GIVEN}\n```",
        f"Here it is: {GIVEN} I hope this helps.",
        GIVEN.replace('"label"', '"Label"').replace('"yes"', '" YES "'),
        f"{GIVEN} once more: {GIVEN}",
        verdict("yes", "yes the POSTER… cry at night"),
        '{"verdict": ' + GIVEN + "}",
    ],
    ids=["plain", "fenced", "in prose", "case", "twice", "with an omission",
         "nested"],
)  # fmt: skip
def test_a_label_is_read_with_the_words_that_state_it(text: str) -> None:
    assert read_verdict(text, "stop", OPTIONS, ANSWER) == Verdict("stated", "yes")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes",
        "The answer states yes.",
        GIVEN[:-8],
        verdict("Yes, the poster suffers from depression.", "Yes"),
        verdict("maybe", "Yes"),
        verdict("yes or no", "Yes"),
        verdict(None, "Yes"),
        verdict(True, "Yes"),
        verdict(["yes"], "Yes"),
        f"{GIVEN} or rather {verdict('no', 'cry')}",
        f"{GIVEN} or rather {verdict('maybe', 'cry')}",
        '{"label": "yes", "label": "yes", "quote": "Yes"}',
        '{"answer": "yes"}',
        '{"a":' * 3000,
    ],
    ids=["empty", "bare", "prose", "cut off", "a sentence", "no option", "two options", "null",
         "a truth value", "a list", "two minds", "an option and another word", "given twice",
         "other names", "deep"],
)  # fmt: skip
def test_what_is_not_exactly_one_of_the_options_is_no_verdict(text: str) -> None:
    assert read_verdict(text, "stop", OPTIONS, ANSWER) == Verdict("unreadable")


@pytest.mark.parametrize("quote", ["", "...", "No, the poster does not", "at night they cry", "es"])
def test_a_label_without_words_of_the_answer_is_not_stated(quote: str) -> None:
    assert read_verdict(verdict("yes", quote), "stop", OPTIONS, ANSWER) == Verdict("unquoted")
    assert read_verdict('{"label": "yes"}', "stop", OPTIONS, ANSWER) == Verdict("unquoted")


def test_none_needs_no_quote() -> None:
    assert read_verdict(verdict("none"), "stop", OPTIONS, ANSWER) == Verdict("none")
    assert read_verdict('{"label": "None"}', "stop", OPTIONS, ANSWER) == Verdict("none")


@pytest.mark.parametrize(
    ("text", "finish_reason"),
    [("I'm sorry, I can't help with that.", "stop"), (GIVEN, "content_filter"), ("", "refusal")],
)
def test_a_refusal_is_told_from_a_verdict(text: str, finish_reason: str) -> None:
    assert read_verdict(text, finish_reason, OPTIONS, ANSWER) == Verdict("refused")


def test_the_parts_of_a_quote_stand_in_the_order_of_the_answer() -> None:
    assert stands_in("Yes ... at night", ANSWER) and not stands_in("at night ... Yes", ANSWER)
    assert stands_in("“Sí, está triste”", "sí está triste porque")

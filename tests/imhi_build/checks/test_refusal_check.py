"""The check ``refusals``, on planted refusals, on published explanations and on real model output.

=====================================  ======  ===================================================
rows                                   found   of these right
=====================================  ======  ===================================================
400 planted among 2,000 others         400     400: recall 1.00, precision 1.00
19,275 published explanations          2       2: one asks for more, one apologises
6,057 answers of Vicuna 13B            137     136: 127 say "as an AI", one hedges ("we cannot diagnose")
6,057 answers of MentaLLaMA 7B         0       (trained on explanations like the published ones)
=====================================  ======  ===================================================

Of the 32 refusals below, which were written after the patterns, 31 were found at once.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from imhi._core.registry import Registry
from imhi.build.checks.configured import configured_checks
from imhi.build.checks.refusals import Settings as RefusalSettings, find
from imhi.build.records import BuiltRow
from tests.imhi_build.checks.corpora import a_row, found, recall_and_precision

# Written for this test, after the patterns.
REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "I’m sorry, but I can’t assist with that request.",
    "I am really sorry, but I cannot provide a label for this content.",
    "Sorry, I am not able to analyse posts that describe self-harm.",
    "I apologize, but I cannot fulfill this request as it involves sensitive content.",
    "My apologies, but I am unable to continue with this.",
    "I cannot provide a diagnosis of any kind. Please see a doctor.",
    "I can't provide medical advice, and the post should be read by a professional.",
    "I'm unable to provide an explanation for this label.",
    "As an AI language model, I do not diagnose people.",
    "As an AI, I don't have the ability to feel what the poster feels.",
    "The post is sad. However, as an artificial intelligence model I must not judge.",
    "I'm just an AI, so take this with a grain of salt: the post sounds sad.",
    "As a large language model I would answer yes.",
    "I am an AI assistant developed by OpenAI, and this goes beyond what I may say.",
    "I must decline to answer.",
    "I will not generate content about suicide.",
    "Unfortunately, I cannot help with labelling this post.",
    "It is against my guidelines to discuss this.",
    "This request violates our content policy.",
    "I don't feel comfortable providing a label for this person's mental state.",
    "I'm not qualified to diagnose depression.",
    "Please provide the post so that I can explain its label.",
    "Could you please share more context about the poster?",
    "I need more information to answer whether the poster is depressed.",
    "I'm so sorry to hear that you are going through this. Please reach out to someone.",
    "If you are struggling with thoughts of suicide, please call a crisis line.",
    "Thank you for sharing this. You deserve help, and there are people who care.",
    "Answer: I cannot determine whether the poster suffers from depression.",
    "**Answer:** I am not able to answer this question.",
    "\"I'm sorry, but I can't help with that.\"",
    "Based on this alone, I cannot answer the question.",
)

NO_REFUSALS = (
    "The poster writes \"I'm sorry, but I can't do this anymore\", which shows hopelessness.",
    "The phrase 'I can't provide for my family' points to financial strain.",
    "The poster says sorry again and again and cannot stop apologizing to friends.",
    "They are sorry for their parents and can't see a way out.",
    "The poster states that they cannot help feeling worthless.",
    "It is not possible to determine from the post whether the poster is depressed.",
    "The label cannot be determined without more context.",
    "We cannot determine the exact cause of stress from this short post.",
    "The poster worries that an AI will take over their job as a translator.",
    "They ask an AI chatbot for help because no friend answers.",
    "The poster is told to seek professional help and to call a hotline.",
    "Their mother is unable to provide support, and their friends can't help them.",
    "“As an AI language model”, the chatbot told the poster, and they felt even lonelier.",
    "The poster tried to share more details but was asked to please stop.",
)


@pytest.mark.parametrize("text", REFUSALS)
def test_what_is_no_explanation_is_found(text: str) -> None:
    (finding,) = find([a_row("I feel so empty.", text)], RefusalSettings())
    assert finding.reason


@pytest.mark.parametrize("text", NO_REFUSALS)
def test_explanations_about_people_who_are_sorry_or_cannot_pass(text: str) -> None:
    assert not list(find([a_row("I feel so empty.", text)], RefusalSettings()))


def test_words_of_the_post_that_are_reported_without_quotation_marks_pass() -> None:
    text = "The poster says that I can't answer the question my wife asked, a sign of exhaustion."
    post = "Every night i can't  answer THE question my wife asked."
    assert not list(find([a_row(post, text)], RefusalSettings()))
    assert list(find([a_row("I am tired.", text)], RefusalSettings()))


@pytest.mark.parametrize(
    ("finish_reason", "reason"),
    [
        ("length", "cut off"),
        ("max_tokens", "cut off"),
        ("MAX_TOKENS", "cut off"),
        ("content_filter", "refused by the provider"),
        ("refusal", "refused by the provider"),
        ("stop", None),
        ("", None),
        ("eos_token", None),
    ],
)
def test_what_ended_the_answer_counts(finish_reason: str, reason: str | None) -> None:
    row = a_row("I cry.", "The poster cries every night", finish_reason=finish_reason)
    assert [f.reason for f in find([row], RefusalSettings())] == ([reason] if reason else [])


def test_settings_let_cut_off_answers_pass_and_add_expressions() -> None:
    settings = RefusalSettings(cut_off=False, also=(r"\bno comment\b",))
    rows = [
        a_row("I cry.", "The poster cries", finish_reason="length"),
        a_row("I cry.", "No\ncomment."),
    ]
    (finding,) = find(rows, settings)
    assert finding.id == rows[1].id
    assert finding.reason == "matches an expression of the settings"


@pytest.mark.parametrize("pattern", ["(", "a*", ""])
def test_an_expression_that_cannot_be_used_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError, match=r"no regular expression|found in an empty text"):
        RefusalSettings(also=(pattern,))


def test_the_declaration_names_what_is_run(registry: Registry) -> None:
    from imhi._core.declarations import resolve

    declared = configured_checks({}, registry)["refusals"]
    assert resolve(declared.check.find) is find
    assert declared.action == "quarantine" and isinstance(declared.settings, RefusalSettings)


# --- real rows ---------------------------------------------------------------------------------


def test_planted_refusals_are_found_among_published_rows(all_published: list[BuiltRow]) -> None:
    rows = random.Random(1).sample(all_published, 2400)
    planted = [
        dataclasses.replace(row, explanation=REFUSALS[number % len(REFUSALS)])
        for number, row in enumerate(rows[:400])
    ]
    said = found(find([*planted, *rows[400:]], RefusalSettings()))
    recall, precision = recall_and_precision(said, [row.key for row in planted])
    assert recall >= 0.99
    assert precision >= 0.99


def test_of_the_published_explanations_two_refuse(all_published: list[BuiltRow]) -> None:
    findings = list(find(all_published, RefusalSettings()))
    assert {(f.dataset, f.id, f.reason) for f in findings} == {
        ("DR", "train-875", "asks for more instead of answering"),
        ("SAD", "train-4911", "refuses to answer"),
    }


def test_real_answers_that_speak_of_an_ai_are_found(
    outputs: Callable[[str], list[BuiltRow]],
) -> None:
    rows = outputs("vicuna_13B")
    said = {
        (row.dataset, row.id)
        for row in rows
        if "as an ai language model" in row.explanation.lower()
    }
    findings = {(f.dataset, f.id) for f in find(rows, RefusalSettings())}
    assert len(said) > 80
    assert said <= findings
    assert len(findings) < len(said) * 1.25


def test_a_model_that_does_explain_is_let_through(
    outputs: Callable[[str], list[BuiltRow]],
) -> None:
    rows = outputs("Mentallama-7B")
    assert len(rows) == 6057
    assert len(list(find(rows, RefusalSettings()))) <= 3

"""The IMHI answer: written, taken apart, and read as gold in both published styles."""

from __future__ import annotations

import pytest

from imhi._core.answer_format import compose, explanation_of, gold_label, parts_of, split_answer
from imhi._core.declarations import Dataset
from imhi._core.registry import Registry

YES = "Yes, the poster suffers from depression."


@pytest.fixture
def depression(registry: Registry) -> Dataset:
    return registry.datasets.get("DR")


@pytest.fixture
def causes(registry: Registry) -> Dataset:
    return registry.datasets.get("SAD")


def test_an_answer_is_label_sentence_marker_explanation(depression: Dataset) -> None:
    assert compose(depression, "yes", "No joy.") == f"{YES} Reasoning: No joy."


def test_an_answer_without_explanation_ends_with_the_marker(depression: Dataset) -> None:
    assert compose(depression, "yes", "") == f"{YES} Reasoning:"


SPLIT = [
    (f"{YES} Reasoning: No joy.", YES, "No joy."),
    ("Yes.\n\n**Reasoning:** No joy.", "Yes.", "No joy."),
    ("Yes. reasoning : no joy", "Yes.", "no joy"),
    ("Reasoning: No joy.", "", "No joy."),
    ("Yes. Reasoning: a. Reasoning: b", "Yes.", "a. Reasoning: b"),
    ("No joy.", "No joy.", ""),
    ("My reasoning is simple", "My reasoning is simple", ""),
    ("", "", ""),
]


@pytest.mark.parametrize(("text", "head", "explanation"), SPLIT)
def test_an_answer_is_split_at_the_first_marker(text: str, head: str, explanation: str) -> None:
    assert split_answer(text) == (head, explanation)


def test_the_explanation_is_what_follows_the_marker_or_all_there_is() -> None:
    assert explanation_of(f"{YES} Reasoning: No joy.") == "No joy."
    assert explanation_of(" No joy. ") == "No joy."


def test_every_label_is_read_back_as_gold_in_both_styles(registry: Registry) -> None:
    for dataset in registry.datasets:
        for label in dataset.labels:
            for wording in (label.sentence, f" {label.completion}.", f"{label.completion}.. "):
                text = f"{wording} Reasoning: It says so."
                assert gold_label(text, dataset) == (label.name, "It says so.")


def test_gold_in_completion_style_may_go_on_after_yes(registry: Registry) -> None:
    risk = registry.datasets.get("IRF")
    text = " yes, the post does show that somebody is lonely. Reasoning: Alone."
    assert gold_label(text, risk) == ("yes", "Alone.")
    assert gold_label(text, risk, completion=False) == (None, "Alone.")


@pytest.mark.parametrize(
    "text",
    ["", "Reasoning: No joy.", "Maybe. Reasoning: No joy.", f"{YES} Or not. Reasoning: No joy."],
)
def test_gold_must_be_a_wording_of_a_label_and_nothing_more(depression: Dataset, text: str) -> None:
    assert gold_label(text, depression, completion=False)[0] is None


def test_which_questions_have_no_yes_that_goes_on(causes: Dataset) -> None:
    assert gold_label("yes, work. Reasoning: Boss.", causes)[0] is None


def test_what_follows_an_answer_is_no_part_of_it() -> None:
    text = 'Yes. Reasoning: Tired.\n\nConsider this post: "Joy." Question: Is he? Answer: No.'
    parts = parts_of(text)
    assert (parts.answer, parts.explanation) == ("Yes.", "Tired.")
    assert parts.rest.startswith("Consider this post:")
    assert parts_of("Question: why?\nAnswer: yes").answer == "Question: why?\nAnswer: yes"

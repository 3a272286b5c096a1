"""Consistency: the explanation read alone against the label stated."""

from __future__ import annotations

import math

import pytest

from imhi._core.context import Context
from imhi._core.records import Example, Response
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi._core.statistics import Measure
from imhi.plugins.metrics.faithfulness.consistency import arguments_only, by_chance, consistency
from tests.plugins.metrics.columns import demo_context

YES, NO = (
    "Yes, the poster suffers from depression.",
    "No, the poster does not suffer from depression.",
)


@pytest.fixture(scope="module")
def context() -> Context:
    return demo_context()


@pytest.fixture(scope="module")
def arguments(context: Context) -> dict[str, str]:
    """A training explanation for each label, which the classifier is sure to know."""
    return {row.label: row.explanation for row in context.training_examples("DR")}


def measured(texts: list[str], context: Context) -> Measure:
    examples = [Example(str(i), "DR", "test", "a post", "", "yes") for i in range(len(texts))]
    responses = [Response(str(i), "DR", "", text=text) for i, text in enumerate(texts)]
    (measure,) = consistency(examples, responses, [], context)
    return measure


def test_an_explanation_argues_for_its_label_or_against_it(
    context: Context, arguments: dict[str, str]
) -> None:
    texts = [
        f"{YES} Reasoning: {arguments['yes']}",
        f"{NO} Reasoning: {arguments['yes']}",
        f"{NO} Reasoning: {arguments['no']}",
        f"{YES} {arguments['no']}",  # without the marker the explanation is what is left
    ]
    measure = measured(texts, context)
    assert measure.per_example is not None
    assert measure.per_example.tolist() == [100, 0, 100, 0]
    assert measure.details["compared"] == 4
    assert measure.details["among_compared"] == measure.details["by_chance"] == 50


def test_a_label_cannot_vouch_for_itself(context: Context) -> None:
    texts = [YES, f"{YES} Reasoning: {YES}", "Yes.", ""]
    measure = measured(texts, context)
    assert measure.per_example is not None
    assert measure.per_example.tolist() == [0, 0, 0, 0]
    assert measure.details["nothing_argued"] == 3
    assert measure.details["empty"] == 1


def test_an_answer_that_states_no_label_does_not_count_and_is_counted(
    context: Context, arguments: dict[str, str]
) -> None:
    measure = measured([f"{YES} Reasoning: {arguments['yes']}", "I cannot answer that."], context)
    assert measure.per_example is not None
    assert math.isnan(measure.per_example[1])
    assert measure.value() == 100
    assert measure.details["no_label_stated"] == 1
    assert list(context.report.counted()) == [
        ("notes", "consistency: answers that do not count, as 'strict' reads no label in them: 1")
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            f"They sold the boat. Therefore, {YES.lower()} They weep.",
            "They sold the boat. They weep.",
        ),
        (
            "Yes, the poster suffers from depression because they weep all day.",
            "because they weep all day.",
        ),
        ("It is not clear whether the poster suffers from depression.",) * 2,
        ("", ""),
    ],
)
def test_sentences_that_state_a_label_are_cut_down_to_their_grounds(
    text: str, left: str, context: Context
) -> None:
    strict = context.labeler("strict")
    assert arguments_only([text], context.dataset("DR"), [""], strict) == [left]


def test_chance_is_the_agreement_of_labels_dealt_out_anew() -> None:
    assert by_chance([("yes", "yes"), ("yes", "yes"), ("no", "yes"), ("no", "no")]) == 50
    assert by_chance([("yes", "yes")]) == 100
    assert by_chance([]) is None


def test_without_training_rows_there_is_no_value_and_a_note(registry: Registry) -> None:
    # Under evaluation itself, the only split with rows to learn from is out of bounds.
    context = Context(registry, open_source("demo", registry)[1], "train")
    measure = measured([f"{YES} Reasoning: They weep all day and all night."], context)
    assert math.isnan(measure.value())
    assert measure.details["not_read"] == 1
    assert any("could not be measured" in note for note in context.notes)

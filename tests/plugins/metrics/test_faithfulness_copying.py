"""Copied words and length, by hand."""

from __future__ import annotations

import math

import pytest

from imhi._core.context import Context
from imhi._core.records import Example, Response
from imhi._core.statistics import Measure
from imhi.plugins.metrics.faithfulness import imhi_metrics
from imhi.plugins.metrics.faithfulness.copying import fragments, overlap
from imhi.plugins.metrics.faithfulness.length import length
from tests.plugins.metrics.columns import demo_context

POST = "I sold the red boat and now I walk to work in the rain"


@pytest.fixture(scope="module")
def context() -> Context:
    return demo_context()


def copied(explanation: str, context: Context) -> dict[str, Measure]:
    examples = [Example("0", "DR", "test", POST, "", "yes", explanation="They walk to work.")]
    found = overlap(examples, [Response("0", "DR", "", text=explanation)], [], context)
    return {measure.name: measure for measure in found}


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("the red boat", [3]),
        ("sold the blue boat", [2, 1]),
        ("boat red the", [1, 1, 1]),
        # The second "the" begins the longer run; the first one is not taken for being first.
        ("in the rain the red boat", [3, 3]),
        ("nothing here stands there", []),
        ("", []),
    ],
)
def test_fragments_are_the_longest_runs_from_the_left(text: str, runs: list[int]) -> None:
    assert fragments(text.split(), POST.lower().split()) == runs


def test_the_post_itself_is_copied_whole(context: Context) -> None:
    found = copied(POST, context)
    assert found["copied"].value() == found["copy_coverage"].value() == 100
    assert found["copy_density"].value() == len(POST.split())


def test_runs_of_less_than_five_words_are_not_copied(context: Context) -> None:
    found = copied("They sold the red boat", context)
    assert found["copied"].value() == 0
    assert found["copy_coverage"].value() == 80
    assert found["copy_density"].value() == pytest.approx(16 / 5)
    assert copied("They said: Now I walk, to work.", context)["copied"].value() == pytest.approx(
        100 * 5 / 7
    )


def test_what_the_reference_copies_stands_beside_it(context: Context) -> None:
    assert copied("A boat.", context)["copy_coverage"].details["references"] == 75


def test_copying_is_neither_good_nor_bad_and_an_empty_text_has_no_value(context: Context) -> None:
    directions = {metric.name: metric.higher_is_better for metric in imhi_metrics()}
    assert directions["overlap"] is None
    measure = copied("", context)["copied"]
    assert math.isnan(measure.value())
    assert measure.details["empty"] == 1


def test_length_counts_the_words_of_the_explanation_alone(context: Context) -> None:
    examples = [Example(str(i), "DR", "test", POST, "", "yes") for i in range(2)]
    texts = ["Yes, the poster suffers from depression. Reasoning: They don't say, why!", ""]
    responses = [Response(str(i), "DR", "", text=text) for i, text in enumerate(texts)]
    (measure,) = length(examples, responses, [], context)
    assert measure.per_example is not None
    assert measure.per_example.tolist() == [4, 0]

"""Near-identical explanations are found, filled-in form letters among them."""

from __future__ import annotations

import itertools
import random

import pytest

from imhi._core.context import Context
from imhi._core.records import Example, Response
from imhi._core.statistics import Measure
from imhi.plugins.metrics.faithfulness.boilerplate import (
    ALIKE,
    diversity,
    gapped,
    groups,
    jaccard,
    word_pairs,
)
from tests.plugins.metrics.columns import demo_context

TEMPLATE = "The author goes on about {0}, then {0} again, more {0}, and that is a sign of it all."
THINGS = ("boats", "tents", "violins", "taxes")


@pytest.fixture(scope="module")
def context() -> Context:
    return demo_context()


def measured(posts: list[str], explanations: list[str], context: Context) -> Measure:
    examples = [Example(str(i), "DR", "test", post, "", "yes") for i, post in enumerate(posts)]
    responses = [Response(str(i), "DR", "", text=text) for i, text in enumerate(explanations)]
    (measure,) = diversity(examples, responses, [], context)
    return measure


def test_texts_of_their_own_are_all_distinct(context: Context) -> None:
    texts = [
        "She sold the boat and misses the sea.",
        "They pitched tents in the rain for weeks.",
        "An old violin is all that was left to him.",
    ]
    assert measured(["p", "q", "r"], texts, context).value() == 100


def test_the_mean_is_the_number_of_distinct_explanations_per_hundred(context: Context) -> None:
    texts = ["A boat was sold, sadly."] * 3 + ["The tents are wet and so is he."]
    measure = measured(["p", "q", "r", "s"], texts, context)
    assert measure.per_example == pytest.approx([100 / 3] * 3 + [100])
    assert measure.value() == 50
    assert measure.details == {
        "empty": 0,
        "distinct": 2,
        "largest_groups": [3, 1],
        "in_groups": 3,
    }


def test_a_form_letter_filled_in_from_the_post_is_a_form_letter(context: Context) -> None:
    texts = [TEMPLATE.format(thing) for thing in THINGS]
    from_post = [f"I have too many {thing}; I use them all." for thing in THINGS]
    from_nowhere = ["A post about something else."] * 4
    assert measured(from_post, texts, context).value() == 25
    assert measured(from_nowhere, texts, context).value() == 100


def test_words_of_the_post_make_one_gap() -> None:
    text = ["they", "sold", "the", "red", "boat", "at", "dawn"]
    assert gapped(text, frozenset({"red", "boat"})) == ["they", "sold", "the", "_", "at", "dawn"]


def test_two_short_texts_taken_from_their_posts_are_not_the_same(context: Context) -> None:
    assert measured(["exams, exams", "debt, debt"], ["Exams.", "Debt."], context).value() == 100


def test_groups_are_connected(context: Context) -> None:
    words = [f"w{n}" for n in range(40)]
    first, second, third = words, ["x", "y", *words[2:]], ["x", "y", *words[2:-2], "z", "u"]
    sets = [word_pairs(text) for text in (first, second, third)]
    assert jaccard(sets[0], sets[1]) >= ALIKE <= jaccard(sets[1], sets[2])
    assert jaccard(sets[0], sets[2]) < 0.85
    texts = [" ".join(text) for text in (first, second, third)]
    assert measured(["p"] * 3, texts, context).value() == pytest.approx(100 / 3)


def test_empty_explanations_score_nothing(context: Context) -> None:
    measure = measured(["p", "q"], ["", "A boat was sold."], context)
    assert measure.per_example is not None
    assert measure.per_example.tolist() == [0, 100]
    assert measured(["p"], [""], context).value() == 0


def test_hashing_finds_what_comparing_all_pairs_finds() -> None:
    chance = random.Random(7)
    texts = []
    for _ in range(40):
        text = [f"w{chance.randrange(30)}" for _ in range(60)]
        for _ in range(5):
            texts.append([w if chance.random() > 0.03 else "other" for w in text])
    sets = [word_pairs(text) for text in texts]
    expected = list(range(len(sets)))
    for a, b in itertools.combinations(range(len(sets)), 2):
        if jaccard(sets[a], sets[b]) >= ALIKE:
            expected = [expected[a] if group == expected[b] else group for group in expected]
    found = groups(texts, [frozenset()] * len(texts))
    assert 40 < len(set(expected)) < len(texts) - 40
    assert len(set(zip(expected, found, strict=True))) == len(set(expected)) == len(set(found))

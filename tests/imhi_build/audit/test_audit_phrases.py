"""Phrases are counted once, and are those that scikit-learn's vectorizer finds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from imhi._core.registry import Registry
from imhi.build.audit.phrases import Phrases, frequent
from tests.imhi_build.raw_demo import demo_rows

ODD = [
    "It's a naïve café_2 in Zürich, isn't it? ÇA VA, ça va",
    "a b c ?!",
    "",
    "one",
    "one one ab abc",
]


@pytest.mark.parametrize("fewest", [1, 2])
def test_counts_are_those_of_the_vectorizer_in_its_order(registry: Registry, fewest: int) -> None:
    texts = [row.post for name in ("DR", "MultiWD") for row in demo_rows(registry, name)] + ODD
    learnt, others = texts[::2], texts[1::2]
    theirs = CountVectorizer(ngram_range=(1, 2), min_df=fewest)
    expected = theirs.fit_transform(learnt).toarray()
    phrases = Phrases.of(learnt)
    kept = phrases.only(frequent(phrases.rows(learnt), fewest))
    assert np.array_equal(kept.rows(learnt).toarray(), expected)
    told = kept.in_others(others).rows(others).toarray()
    assert np.array_equal(told, theirs.transform(others).toarray())


def test_texts_without_a_phrase_have_none(registry: Registry) -> None:
    phrases = Phrases.of(["a", "?!"])
    assert phrases.rows(["a", "a"]).shape == (2, 0)
    assert phrases.in_others(["some words"]).rows(["some words"]).shape == (1, 0)

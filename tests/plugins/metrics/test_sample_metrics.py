"""Pass rate, pass@k and agreement, on votes whose values are known by hand."""

from __future__ import annotations

from itertools import combinations

import pytest

from imhi._core.records import Example, Prediction, Response
from imhi._core.statistics import Measure
from imhi.plugins.metrics.samples import agreement, pass_at
from tests.plugins.metrics.columns import demo_context, measures


def of_votes(*votes: tuple[str | None, ...]) -> dict[str, Measure]:
    """Score examples whose gold label is yes, and whose samples gave these votes."""
    ids = [str(row) for row in range(len(votes))]
    columns = (
        [Example(id, "DR", "test", "a post", "", "yes") for id in ids],
        [Response(id, "DR", "", "an answer") for id in ids],
        [Prediction(id, "DR", "yes", votes=one) for id, one in zip(ids, votes, strict=True)],
    )
    return measures("samples", demo_context(), columns)


def test_values_known_by_hand() -> None:
    found = of_votes(("yes", "yes", "no", ""), ("no", "no", "no", None))
    assert found["pass_rate"].value() == pytest.approx(25)  # 2 of 4, 0 of 4
    assert found["pass_at_4"].value() == pytest.approx(50)
    assert found["agreement"].value() == pytest.approx(100 * (1 / 6 + 3 / 6) / 2)
    assert found["pass_at_2"].value() == pytest.approx(100 * (5 / 6) / 2)
    assert not found["pass_at_2"].headline


def test_one_answer_per_example_has_no_such_measures() -> None:
    assert of_votes((), ()) == {}


def test_answers_without_a_label_agree_with_nothing() -> None:
    assert agreement(["", "", ""]) == agreement([None, None]) == 0
    assert agreement(["yes", "yes"]) == 1


@pytest.mark.parametrize("samples", range(2, 7))
def test_pass_at_k_is_the_share_of_draws_of_k_samples_with_a_right_one(samples: int) -> None:
    for right in range(samples + 1):
        for k in range(1, samples + 1):
            draws = list(combinations([True] * right + [False] * (samples - right), k))
            assert pass_at(right, samples, k) == pytest.approx(sum(map(any, draws)) / len(draws))

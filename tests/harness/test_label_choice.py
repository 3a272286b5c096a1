"""Labels by likelihood: what is no number chooses nothing."""

from __future__ import annotations

import math

import pytest

from imhi._core.label_choice import by_likelihood, label_of
from imhi._core.records import Request

REQUEST = Request(
    "1", "DR", "prompt", "hash", "post", "question", choices={"yes": "Yes.", "no": "No.\n"}
)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_model_that_computes_no_numbers_has_failed(broken: float) -> None:
    response = by_likelihood(REQUEST, {"yes": -1.0, "no": broken}, "likelihood")
    assert response.label is None
    assert response.error is not None
    assert "no finite log-likelihoods" in response.error


def test_white_space_around_a_wording_makes_no_other_label() -> None:
    assert label_of(REQUEST, " No. ") == "no"
    assert label_of(REQUEST, "Maybe.") is None

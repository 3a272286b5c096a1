"""Kendall's tau between two orders of models, on all posts and on resampled ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from imhi.plugins.robustness.rank_agreement import kendall_tau, rank_agreement

DRAW = np.random.default_rng(0)


def test_tau_is_that_of_scipy_ties_included_on_all_columns_at_once() -> None:
    first = DRAW.integers(0, 4, size=(6, 200)).astype(float)
    second = DRAW.integers(0, 4, size=(6, 200)).astype(float)
    expected = [kendalltau(a, b).statistic for a, b in zip(first.T, second.T, strict=True)]
    assert kendall_tau(first, second) == pytest.approx(expected, nan_ok=True)


def test_one_order_is_set_against_many() -> None:
    first, many = DRAW.random(5), DRAW.random((5, 30))
    expected = [kendalltau(first, column).statistic for column in many.T]
    assert kendall_tau(first[:, None], many) == pytest.approx(expected)


def test_equal_orders_agree_fully_whatever_their_values() -> None:
    values, scattered = np.array([1.0, 5.0, 9.0]), DRAW.random((3, 100))
    found = rank_agreement(values, values**3, scattered, 2 * scattered + 7)
    assert (found.tau, found.low, found.high, found.turned, found.pairs) == (1, None, None, 0, 3)


def test_reversed_orders_disagree_fully() -> None:
    values, scattered = np.array([1.0, 5.0, 9.0]), DRAW.random((3, 100))
    found = rank_agreement(values, -values, scattered, -scattered)
    assert (found.tau, found.low, found.high, found.turned) == (-1, None, None, 3)


def test_models_that_are_tied_have_no_order() -> None:
    same = np.full(3, 50.0)
    found = rank_agreement(same, np.arange(3.0), np.full((3, 9), 50.0), DRAW.random((3, 9)))
    assert (found.tau, found.low, found.high, found.itself) == (None, None, None, None)


def test_itself_says_how_steady_the_first_order_is() -> None:
    values = np.array([50.0, 60.0, 70.0])
    near, far = (values[:, None] + DRAW.normal(0, sd, (3, 2000)) for sd in (0.1, 50))
    assert rank_agreement(values, values, near, near).itself == 1
    shaken = rank_agreement(values, values, far, far)
    assert shaken.tau == 1
    assert shaken.itself is not None and 0 < shaken.itself < 0.5


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Of two orders that agree, resampled values that scatter around them turn near models."""
    values = np.array([50.0, 50.5, 70.0])
    scattered = [values[:, None] + DRAW.normal(0, 1, (3, 4000)) for _ in range(2)]
    found = rank_agreement(values, values, *scattered)
    assert (found.tau, found.high) == (1, 1)
    assert found.low == pytest.approx(1 / 3)

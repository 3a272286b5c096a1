"""Tests, corrections and effects against other implementations and worked examples."""

from __future__ import annotations

import math

import numpy as np
import pytest

from imhi._core.statistics.ranking import rank_bounds, ranks
from imhi._core.statistics.significance import (
    cohens_dz,
    cohens_g,
    detectable_difference,
    holm,
    mcnemar_p,
    permutation_p,
    posts_needed,
)


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (1, 0), (5, 15), (40, 41), (0, 30)])
def test_mcnemar_is_the_exact_one_of_statsmodels(only_a: int, only_b: int) -> None:
    from statsmodels.stats.contingency_tables import mcnemar

    theirs = mcnemar([[50, only_a], [only_b, 50]], exact=True).pvalue if only_a + only_b else 1.0
    assert mcnemar_p(only_a, only_b) == pytest.approx(theirs)


@pytest.mark.parametrize("p_values", [[0.01], [0.04, 0.01, 0.03, 0.005], [0.9, 0.8], [0.02] * 3])
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    from statsmodels.stats.multitest import multipletests

    np.testing.assert_allclose(holm(p_values), multipletests(p_values, method="holm")[1])


def test_a_permutation_p_is_never_nothing_and_counts_what_rounding_made_unequal() -> None:
    assert permutation_p(5.0, np.zeros(999)) == 1 / 1000
    assert permutation_p(0.3, np.array([0.1 + 0.2, -0.3, 0.0])) == 3 / 4
    assert permutation_p(math.nan, np.zeros(9)) == 1.0


def test_effects() -> None:
    assert cohens_g(30, 10) == 0.25
    assert cohens_g(0, 0) is None
    assert cohens_dz(np.array([1.0, 2.0, 3.0, np.nan])) == pytest.approx(2.0)
    assert cohens_dz(np.array([1.0, 1.0])) is None


def test_what_it_takes_to_see_a_difference_agrees_with_the_textbook() -> None:
    """80% power at 5%, two-sided: (1.960 + 0.842) standard errors (Cohen 1988, table 2.4.1)."""
    assert detectable_difference(1.0) == pytest.approx(2.802, abs=0.001)
    assert posts_needed(400, difference=2.802, deviation=1.0) == 400
    assert posts_needed(400, difference=-1.401, deviation=1.0) == pytest.approx(1600, abs=2)
    assert posts_needed(400, difference=0.0, deviation=1.0) is None


def test_equal_values_share_the_better_rank_and_undefined_ones_come_last() -> None:
    assert ranks(np.array([3.0, 5.0, 5.0, math.nan]), True).tolist() == [3, 1, 1, 4]
    assert ranks(np.array([3.0, 5.0, 5.0, math.nan]), False).tolist() == [1, 2, 2, 4]


def test_rank_bounds_hold_95_percent_of_ranks() -> None:
    """The second run is above the first in 10% of resamples, the third never."""
    drawn = np.array([[2.0] * 100, [3.0] * 10 + [1.0] * 90, [0.0] * 100])
    assert rank_bounds(drawn, True) == [(1, 2), (1, 2), (3, 3)]

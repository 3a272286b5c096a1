"""Coefficients against scipy, agreement against its library, intervals against the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from imhi._core.statistics import interval
from imhi._core.statistics.agreement import krippendorff_alpha as alpha
from imhi.plugins.meta_evaluation.agreement import alpha_draws, leave_one_out, mark_counts
from imhi.plugins.meta_evaluation.correlations import (
    COEFFICIENTS,
    correlation,
    draw_weights,
    why_undefined,
)

SCIPY = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}
NAN = np.nan


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_coefficients_are_those_of_scipy_with_ties(name: str) -> None:
    generator = np.random.default_rng(1)
    for _ in range(20):
        x = generator.integers(0, 4, 40).astype(float)
        y = x + generator.normal(0, 2, 40).round()
        assert correlation(name, x, y) == pytest.approx(SCIPY[name](x, y).statistic, abs=1e-12)


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_a_resample_is_the_sample_with_its_rows_repeated(name: str) -> None:
    generator = np.random.default_rng(2)
    x, y = generator.integers(0, 5, 30).astype(float), generator.normal(1e6, 1, 30)
    weights = draw_weights([str(row) for row in range(30)], 50, seed=3)
    drawn = COEFFICIENTS[name](x, y, weights)
    for row, value in zip(weights.astype(int), drawn, strict=True):
        repeated = SCIPY[name](np.repeat(x, row), np.repeat(y, row)).statistic
        assert value == pytest.approx(repeated, abs=1e-7)


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_a_constant_column_has_no_correlation_rather_than_zero(name: str) -> None:
    constant, varied = np.full(20, 0.1), np.arange(20.0)
    assert np.isnan(correlation(name, constant, varied))
    assert np.isnan(correlation(name, varied, constant))
    assert "metric is the same" in why_undefined(constant, varied)
    assert "marks are the same" in why_undefined(varied, constant)
    assert "fewer than 3" in why_undefined(varied[:2], varied[:2])


def test_rows_about_one_post_are_drawn_together() -> None:
    weights = draw_weights(["a", "b", "a", "c"], 200, seed=0)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert set((weights[:, 0] + weights[:, 1] + weights[:, 3]).tolist()) == {3.0}


def test_draws_do_not_depend_on_the_order_of_rows() -> None:
    posts = [f"post {number}" for number in range(12)]
    forth = draw_weights(posts, 100, seed=0)
    back = draw_weights(posts[::-1], 100, seed=0)
    assert (forth == back[:, ::-1]).all()


def test_intervals_hold_the_true_correlation_about_as_often_as_they_claim() -> None:
    truth, samples, generator = 0.5, 200, np.random.default_rng(4)
    held = 0
    for _ in range(samples):
        x, y = generator.multivariate_normal([0, 0], [[1, truth], [truth, 1]], size=80).T
        weights = draw_weights([str(row) for row in range(80)], 400, seed=5)
        found = interval(correlation("pearson", x, y), COEFFICIENTS["pearson"](x, y, weights))
        held += found.low <= truth <= found.high
    assert 0.88 <= held / samples <= 0.99


# The ordinal example in the documentation of the library krippendorff (0.815).
DOCUMENTED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T


def test_alpha_is_that_of_the_librarys_documented_example() -> None:
    assert alpha(mark_counts(DOCUMENTED)) == pytest.approx(0.815, abs=5e-4)


def test_alpha_on_resamples_is_alpha_of_the_repeated_answers() -> None:
    weights = draw_weights([str(row) for row in range(len(DOCUMENTED))], 20, seed=1)
    for row, value in zip(
        weights.astype(int), alpha_draws(mark_counts(DOCUMENTED), weights), strict=True
    ):
        repeated = np.repeat(DOCUMENTED, row, axis=0)
        assert value == pytest.approx(alpha(mark_counts(repeated)), nan_ok=True)


def test_alpha_of_marks_that_are_all_alike_is_undefined() -> None:
    assert np.isnan(alpha(mark_counts(np.full((5, 3), 3.0))))
    assert np.isnan(alpha(mark_counts(np.array([[1.0, NAN], [NAN, 2.0]]))))


def test_leave_one_out_sets_each_annotator_against_the_mean_of_the_others() -> None:
    marks = np.array([[0, 1, 1], [1, 1, 2], [2, 3, 3], [3, 2, 0], [1, 0, 2]], dtype=float)
    found = leave_one_out("pearson", marks, np.ones((1, 5)))[:, 0]
    expected = stats.pearsonr(marks[:, 0], (marks[:, 1] + marks[:, 2]) / 2).statistic
    assert found[0] == pytest.approx(expected)


def test_an_annotator_who_gives_everyone_the_same_mark_does_not_count() -> None:
    marks = np.array([[0, 1, 3], [1, 1, 3], [2, 3, 3], [3, 2, 3]], dtype=float)
    found = leave_one_out("spearman", marks, np.ones((1, 4)))[:, 0]
    assert np.isnan(found).tolist() == [False, False, True]

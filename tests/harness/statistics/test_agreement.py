"""Coefficients of agreement: the values of statsmodels and of the package krippendorff."""

from __future__ import annotations

import numpy as np
import pytest

from imhi._core.statistics import agreement


def some_counts(items: int, raters: int, marks: int, seed: int) -> np.ndarray:
    """How many of the raters gave each item each mark, around a common truth."""
    drawn = np.random.default_rng(seed)
    truth = drawn.integers(0, marks, items)
    given = np.clip(truth + drawn.integers(-1, 2, (raters, items)), 0, marks - 1).astype(float)
    return agreement.mark_counts(given, range(marks))


@pytest.mark.parametrize("seed", range(4))
def test_kappa_is_that_of_statsmodels_to_the_last_digit(seed: int) -> None:
    from statsmodels.stats.inter_rater import fleiss_kappa

    counts = some_counts(30, 2 + seed, 4, seed)
    assert agreement.fleiss_kappa(counts) == fleiss_kappa(counts)


@pytest.mark.parametrize("seed", range(4))
def test_alpha_of_summed_coincidences_is_that_of_the_package(seed: int) -> None:
    counts = some_counts(25, 3, 5, seed)
    counts[::4] = 0
    counts[::4, seed] = 1  # marked once: says nothing
    sums = agreement.coincidences(counts).sum(axis=0)
    expected = agreement.krippendorff_alpha(counts)
    assert agreement.alpha_of_sums(sums) == pytest.approx(expected, abs=1e-12)
    assert agreement.alpha_of_sums(np.stack([sums, 2 * sums])).shape == (2,)


def test_nothing_is_defined_where_all_marks_are_alike() -> None:
    counts = np.array([[3.0, 0.0], [3.0, 0.0]])
    assert np.isnan(agreement.fleiss_kappa(counts))
    assert np.isnan(agreement.krippendorff_alpha(counts))
    assert np.isnan(agreement.alpha_of_sums(agreement.coincidences(counts).sum(axis=0)))
    same = agreement.pair_tables(np.ones(3), np.ones(3), 4)
    assert np.isnan(agreement.weighted_kappa(same.sum(axis=0)))


def test_pairs_alike_are_counted_within_items() -> None:
    counts = np.array([[2.0, 1.0], [0.0, 2.0]])
    assert agreement.percent_agreement(counts) == pytest.approx(100 * (1 / 3 + 1) / 2)

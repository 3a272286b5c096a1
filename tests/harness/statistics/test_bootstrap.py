"""Percentiles of what was resampled, and where the numbers come from."""

from __future__ import annotations

import numpy as np
import pytest

from imhi._core.statistics import cluster_sums, generator, interval


def test_bounds_are_the_outer_fortieths() -> None:
    found = interval(50.0, np.arange(0.0, 1001.0))
    assert (found.value, found.low, found.high) == pytest.approx((50.0, 25.0, 975.0))


def test_a_value_beyond_the_percentiles_is_held_all_the_same() -> None:
    found = interval(3.0, np.arange(10.0, 100.0))
    assert found.low == found.value == 3.0


def test_resamples_without_a_value_do_not_count() -> None:
    with_gaps = interval(3.0, np.array([np.nan, 1.0, 2.0, np.inf, 4.0]))
    assert with_gaps == interval(3.0, np.array([1.0, 2.0, 4.0]))


def test_resamples_that_do_not_differ_are_no_interval() -> None:
    assert not interval(1.0, np.ones(100)).known
    assert not interval(3.0, np.array([np.nan, np.nan])).known


def test_datasets_are_drawn_independently_and_the_same_again() -> None:
    first, again, other = (generator(0, name).normal(size=2000) for name in ("DR", "DR", "SAD"))
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.08
    assert not np.array_equal(first, generator(1, "DR").normal(size=2000))


def test_rows_are_summed_by_cluster_wherever_they_stand() -> None:
    rows = np.array([[1.0, 0.0], [2.0, 1.0], [4.0, 0.0]])
    assert cluster_sums(rows, ["b", "a", "b"]).tolist() == [[2.0, 1.0], [5.0, 0.0]]

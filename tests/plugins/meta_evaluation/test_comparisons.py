"""Tests between metrics against published and hand-made figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from imhi._core.statistics.significance import holm
from imhi.plugins.meta_evaluation.comparisons import paired_bootstrap, williams


def test_williams_t_is_that_of_a_published_example() -> None:
    # Howell, Statistical Methods for Psychology, 6th edition, page 262, as computed at
    # https://imaging.mrc-cbu.cam.ac.uk/statswiki/FAQ/Will: t(23) = 1.361, p = .187.
    t, p = williams(0.80, 0.72, 0.89, 26)
    assert round(t, 3) == 1.361
    assert round(p, 3) == 0.187


def test_williams_t_worked_by_hand_for_unrelated_metrics() -> None:
    # r12 = .6, r13 = 0, r23 = 0, n = 103: |R| = .64, mean r = .3;
    # t = .6 * sqrt(102 / (2 * 102 / 100 * .64 + .09)) = 5.2483.
    t, _ = williams(0.6, 0.0, 0.0, 103)
    assert t == pytest.approx(0.6 * math.sqrt(102 / (1.3056 + 0.09)))


def test_williams_changes_sign_with_the_order_of_the_metrics() -> None:
    t, p = williams(0.5, 0.3, 0.4, 50)
    assert williams(0.3, 0.5, 0.4, 50) == (-t, p)


def test_a_metric_does_not_beat_itself_and_three_answers_are_no_test() -> None:
    assert all(map(math.isnan, williams(0.5, 0.5, 1.0, 50)))
    assert all(map(math.isnan, williams(0.5, 0.2, 0.1, 3)))
    assert all(map(math.isnan, paired_bootstrap(0.0, np.zeros(1000), 50)))


def test_the_bootstrap_says_how_many_standard_errors_a_difference_is() -> None:
    draws = np.random.default_rng(0).normal(0.2, 0.1, 5000)
    z, p = paired_bootstrap(0.2, draws, 50)
    assert z == pytest.approx(2.0, abs=0.1)
    assert p == pytest.approx(0.0455, abs=0.012)


def test_the_bootstrap_gives_no_p_value_where_it_has_too_little_to_go_on() -> None:
    draws = np.random.default_rng(0).normal(0.2, 0.1, 5000)
    assert math.isnan(paired_bootstrap(0.2, draws, 9)[1])
    draws[:500] = np.nan
    assert math.isnan(paired_bootstrap(0.2, draws, 50)[1])


def test_holm_multiplies_by_the_tests_that_are_left() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]


def test_what_was_not_tested_does_not_count_in_holms_correction() -> None:
    corrected = holm([0.02, math.nan, 0.5])
    assert corrected[0] == pytest.approx(0.04)
    assert math.isnan(corrected[1])

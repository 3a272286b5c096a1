"""Agreement: the same values as scikit-learn and the package krippendorff."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from imhi._core.statistics.agreement import alpha_of_sums as alpha, weighted_kappa as kappa
from imhi._core.statistics.intervals import interval_of
from imhi._core.statistics.measures import Measure
from imhi.plugins.metrics.judge.agreement import (
    coincidences,
    library_alpha,
    pair_tables,
    self_tables,
)


def some_marks(judges: int, repeats: int, n: int, seed: int, missing: float = 0.2) -> np.ndarray:
    """Marks around a common truth, shape (judges, repeats, n), some of them missing."""
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, 4, n)
    marks = np.clip(truth + draw.integers(-1, 2, (judges, repeats, n)), 0, 3).astype(float)
    marks[draw.random(marks.shape) < missing] = np.nan
    return marks


@pytest.mark.parametrize("seed", range(5))
def test_kappa_of_two_judges_is_that_of_scikit_learn(seed: int) -> None:
    first, second = some_marks(2, 2, 60, seed)
    both = ~np.isnan(first) & ~np.isnan(second)
    expected = cohen_kappa_score(
        first[both], second[both], weights="quadratic", labels=[0, 1, 2, 3]
    )
    assert kappa(pair_tables(first, second).sum(axis=0)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("judges", "repeats"), [(2, 1), (3, 1), (4, 2)])
def test_alpha_is_that_of_the_package(judges: int, repeats: int) -> None:
    marks = some_marks(judges, repeats, 50, seed=judges)
    units = marks.reshape(judges, -1)
    expected = krippendorff.alpha(units, value_domain=[0, 1, 2, 3], level_of_measurement="ordinal")
    assert alpha(coincidences(marks).sum(axis=0)) == pytest.approx(expected, abs=1e-12)
    assert library_alpha(marks) == pytest.approx(expected, abs=1e-6)


def test_resampled_values_are_those_of_the_resampled_marks() -> None:
    marks = some_marks(2, 1, 40, seed=9)
    rows = np.random.default_rng(0).integers(0, 40, 40)
    again = marks[:, :, rows]
    assert alpha(coincidences(marks)[rows].sum(axis=0)) == pytest.approx(
        library_alpha(again), abs=1e-6
    )
    assert kappa(pair_tables(*marks)[rows].sum(axis=0)) == kappa(pair_tables(*again).sum(axis=0))


def test_both_have_intervals_over_examples() -> None:
    marks = some_marks(2, 1, 40, seed=2)
    made = [
        Measure("alpha", coincidences(marks), alpha),
        Measure("kappa", pair_tables(*marks), kappa),
    ]
    for measure in made:
        found = interval_of(measure, [str(i) for i in range(40)])
        assert found.low < measure.value() < found.high


def test_a_judge_that_repeats_itself_agrees_with_itself_fully_and_a_random_one_does_not() -> None:
    steady = np.repeat(some_marks(1, 1, 80, seed=1)[0], 3, axis=0)
    assert kappa(self_tables(steady).sum(axis=0)) == 1
    random = np.random.default_rng(3).integers(0, 4, (3, 400)).astype(float)
    assert abs(kappa(self_tables(random).sum(axis=0))) < 0.1


def test_agreement_has_no_value_where_nothing_varies_or_nothing_was_marked_twice() -> None:
    same = np.full((2, 1, 10), 3.0)
    one = same.copy()
    one[1] = np.nan
    for marks in (same, one):
        assert np.isnan(kappa(pair_tables(*marks).sum(axis=0)))
        assert np.isnan(alpha(coincidences(marks).sum(axis=0)))
        assert library_alpha(marks) is None

"""Several runs on the same posts: drawn together, permuted as a whole, with the promised errors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmarks.comparison_errors import SETTINGS, Setting, simulate, theory
from imhi._core.statistics import Array, Measure
from imhi._core.statistics.paired import Paired
from imhi._core.statistics.significance import permutation_p
from imhi.plugins.metrics.labels import weighted_f1


def labels(right: np.ndarray) -> Measure:
    """Return weighted F1 of two classes, gold and answers drawn so that ``right`` are right."""
    gold = np.arange(len(right)) % 2
    said = np.where(right, gold, 1 - gold)
    cells = np.eye(6)[gold * 3 + said]
    return Measure("weighted_f1", cells, lambda sums: weighted_f1(sums, 2))


def noisy(seed: int, rows: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).random(rows) < 0.7


def apart(rows: int) -> list[str]:
    return [str(row) for row in range(rows)]


def test_all_runs_see_the_same_resamples() -> None:
    """A run beside itself never differs; beside another it differs by less than two independent
    draws would."""
    one, other = labels(noisy(1)), labels(noisy(1) ^ (np.arange(60) < 3))
    same = Paired.of([one, one], apart(60)).resampled(2000, 0, "x")
    np.testing.assert_array_equal(same[0], same[1])
    together = Paired.of([one, other], apart(60)).resampled(2000, 0, "x")
    alone = Paired.of([other], apart(60)).resampled(2000, 7, "x")[0]
    assert (together[0] - together[1]).std() < 0.5 * (together[0] - alone).std()


def test_resampling_is_drawing_whole_posts() -> None:
    """Against drawing posts one by one, with three rows each."""
    measure, posts = labels(noisy(3)), [str(row // 3) for row in range(60)]
    ours = Paired.of([measure], posts).resampled(20_000, 0, "x")[0]
    drawn = np.random.default_rng(9).integers(0, 20, size=(20_000, 20))
    sums = measure.statistics.reshape(20, 3, 6).sum(axis=1)[drawn].sum(axis=1)
    plain = weighted_f1(sums, 2)
    levels = [0.025, 0.25, 0.5, 0.75, 0.975]
    np.testing.assert_allclose(np.quantile(ours, levels), np.quantile(plain, levels), atol=1.5)
    assert ours.std() == pytest.approx(plain.std(), rel=0.03)


def every_exchange(one: Measure, other: Measure, posts: int) -> Array:
    """Return the difference under each of the 2^posts exchanges, a row being a post."""
    found = []
    for signs in itertools.product((0.0, 1.0), repeat=posts):
        kept = np.array(signs)[:, None]
        mine = (kept * one.statistics + (1 - kept) * other.statistics).sum(axis=0)
        theirs = (kept * other.statistics + (1 - kept) * one.statistics).sum(axis=0)
        found.append(float(one.value_of(mine) - other.value_of(theirs)))
    return np.array(found)


@pytest.mark.parametrize("kind", ["labels", "scores"])
def test_exchanging_agrees_with_every_exchange_there_is(kind: str) -> None:
    if kind == "labels":
        one, other = labels(noisy(4, 12)), labels(noisy(5, 12))
    else:
        drawn = np.random.default_rng(6).normal(size=(2, 12))
        one, other = (Measure.mean("score", row.tolist()) for row in drawn)
    complete = every_exchange(one, other, 12)
    ours = Paired.of([one, other], apart(12)).permuted(20_000, 0, "x")[0]
    for observed in np.quantile(np.abs(complete), [0.3, 0.8, 0.95]):
        exact = (np.abs(complete) >= observed - 1e-9).mean()
        assert permutation_p(float(observed), ours) == pytest.approx(exact, abs=0.015)


def test_pairs_come_in_the_order_of_combinations() -> None:
    """Two equal runs never differ, however they are permuted: the pair (0, 2) is the second."""
    one, other = labels(noisy(1)), labels(noisy(2))
    found = Paired.of([one, other, one], apart(60)).permuted(100, 0, "x")
    assert found.shape == (3, 100)
    assert not found[1].any()
    assert found[0].any() and found[2].any()


def test_measurements_that_are_no_whole_numbers_keep_their_precision() -> None:
    """Sums in single precision would be off by thousandths here."""
    values = np.random.default_rng(0).normal(1e4, 1e-2, size=50)
    data: Paired = Paired.of([Measure.mean("score", values.tolist())], apart(50))
    drawn = data.resampled(1000, 0, "x")[0]
    assert drawn.std() == pytest.approx(values.std() / np.sqrt(50), rel=0.1)


# The promises, with room for the chance of so few simulations: three standard errors.
COMPARISONS = 300


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_errors_power_and_coverage_are_what_is_promised(setting: Setting) -> None:
    found = simulate(setting, COMPARISONS, 500, seed=1)
    sampling = 3 * np.sqrt(0.05 * 0.95 / COMPARISONS)
    if setting.name == "5 points":
        assert found.different == pytest.approx(
            theory(setting), abs=3 * np.sqrt(0.25 / COMPARISONS)
        )
    else:
        assert found.different <= 0.05 + sampling
        assert found.mcnemar <= 0.05 + sampling
    for held in (found.value_held, found.difference_held):
        assert 0.95 - sampling <= held <= min(0.95 + sampling, 1)

"""Intervals: the right distribution, whole posts, the stated coverage, the same again."""

from __future__ import annotations

import math

import numpy as np
import pytest

from imhi._core.statistics import Array, Measure, interval, replicates


def rows_apart(count: int) -> list[str]:
    """Return clusters of one row each."""
    return [str(row) for row in range(count)]


def shuffled_statistics(classes: int, count: int, seed: int) -> tuple[Array, list[int]]:
    """Return one-hot confusion cells, shape (count, classes^2), and the cell of each row."""
    cells = np.random.default_rng(seed).integers(classes * classes, size=count)
    return np.eye(classes * classes)[cells], cells.tolist()


def accuracy_of(sums: Array) -> Array:
    """Return the share on the diagonal of 2 x 2 cells."""
    return np.asarray(100 * (sums[..., 0] + sums[..., 3]) / sums.sum(axis=-1))


def plain_resampling(statistics: Array, resamples: int, seed: int) -> Array:
    """Draw rows with replacement and sum them, as a textbook does."""
    drawn = np.random.default_rng(seed).integers(len(statistics), size=(resamples, len(statistics)))
    return np.asarray(accuracy_of(statistics[drawn].sum(axis=1)))


@pytest.mark.parametrize("count", [5, 60])
def test_resampling_distinct_rows_is_resampling_rows(count: int) -> None:
    """Few distinct rows take the multinomial way, 5 rows of 4 kinds the other; both agree with
    drawing rows one by one: quantiles differ by no more than two steps of 100 / count."""
    statistics, _ = shuffled_statistics(2, count, seed=3)
    measure = Measure("accuracy", statistics, accuracy_of)
    ours = replicates([measure], rows_apart(count), 20_000)[0]
    plain = plain_resampling(statistics, 20_000, seed=5)
    levels = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]
    np.testing.assert_allclose(
        np.quantile(ours, levels), np.quantile(plain, levels), atol=100 / count + 1e-9
    )
    assert ours.mean() == pytest.approx(plain.mean(), abs=0.6)
    assert ours.std() == pytest.approx(plain.std(), rel=0.03)


def test_statistics_that_are_all_distinct_are_resampled_alike() -> None:
    """A mean of 200 measurements: the standard error is that of the textbook."""
    values = np.random.default_rng(1).normal(50, 10, size=200)
    drawn = replicates([Measure.mean("score", values.tolist())], rows_apart(200), 10_000)[0]
    assert drawn.mean() == pytest.approx(values.mean(), abs=0.05)
    assert drawn.std() == pytest.approx(values.std() / math.sqrt(200), rel=0.03)


def test_resampling_posts_widens_intervals_where_rows_of_a_post_agree() -> None:
    """Six equal rows about each of 80 posts carry the information of 80: the standard error grows
    by the root of six."""
    per_post = np.random.default_rng(2).integers(2, size=80).astype(float) * 100
    values = np.repeat(per_post, 6).tolist()
    posts = np.repeat(rows_apart(80), 6).tolist()
    measure = Measure.mean("accuracy", values)
    by_row = replicates([measure], rows_apart(480), 10_000)[0].std()
    by_post = replicates([measure], posts, 10_000)[0].std()
    assert by_post / by_row == pytest.approx(math.sqrt(6), rel=0.05)


def test_a_post_is_drawn_whole() -> None:
    """Each post has one hit and one miss, so every resample of posts has half of each."""
    measure = Measure.mean("accuracy", [100.0, 0.0] * 20)
    posts = [str(row // 2) for row in range(40)]
    assert set(replicates([measure], posts, 500)[0]) == {50.0}


def test_posts_need_not_stand_together() -> None:
    values = np.random.default_rng(4).normal(size=30)
    posts = [str(row % 10) for row in range(30)]
    order = np.argsort(posts, kind="stable")
    scattered = replicates([Measure.mean("m", values.tolist())], posts, 1000)[0]
    together = replicates(
        [Measure.mean("m", values[order].tolist())], [posts[i] for i in order], 1000
    )[0]
    np.testing.assert_allclose(scattered, together)


@pytest.mark.slow
@pytest.mark.parametrize("rows_per_post", [1, 6])
def test_a_95_percent_interval_covers_the_truth_95_times_in_100(rows_per_post: int) -> None:
    """Simulated accuracy 0.7, the rows of a post strongly alike, 300 posts, 600 experiments: the
    share covered is within three standard errors (0.027) of 0.95. Were rows resampled, six rows a
    post would be covered less than 70 times in 100."""
    generator = np.random.default_rng(11)
    posts = np.repeat(rows_apart(300), rows_per_post).tolist()
    covered = covered_by_row = 0
    experiments = 600
    for experiment in range(experiments):
        chance = generator.beta(0.21, 0.09, size=300)
        hits = generator.random((300, rows_per_post)) < chance[:, None]
        measure = Measure.mean("accuracy", (100.0 * hits).reshape(-1).tolist())
        found = interval(measure.value(), replicates([measure], posts, 1000, experiment)[0])
        covered += found.low <= 70 <= found.high
        if rows_per_post > 1:
            loose = replicates([measure], rows_apart(len(posts)), 1000, experiment)[0]
            by_row = interval(measure.value(), loose)
            covered_by_row += by_row.low <= 70 <= by_row.high
    assert covered / experiments == pytest.approx(0.95, abs=0.027)
    if rows_per_post > 1:
        assert covered_by_row / experiments < 0.7


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    values = np.random.default_rng(6).normal(size=50).tolist()

    def drawn(seed: int) -> Array:
        return replicates([Measure.mean("m", values)], rows_apart(50), 1000, seed, "DR")[0]

    np.testing.assert_array_equal(drawn(0), drawn(0))
    assert not np.array_equal(drawn(0), drawn(1))


def test_datasets_are_drawn_independently() -> None:
    """Two datasets with the same answers do not rise and fall together."""
    values = np.random.default_rng(7).normal(size=50).tolist()
    one, other = (
        replicates([Measure.mean("m", values)], rows_apart(50), 5000, 0, name)[0]
        for name in ("DR", "SAD")
    )
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05


def test_an_interval_does_not_depend_on_what_else_is_measured() -> None:
    """Neither another metric of the same cells nor one of another kind moves it."""
    cells, _ = shuffled_statistics(2, 90, seed=8)
    accuracy = Measure("accuracy", cells, accuracy_of)
    error = Measure("error", cells, lambda sums: 100 - accuracy_of(sums))
    length = Measure.mean("length", np.random.default_rng(9).normal(size=90).tolist())
    alone = replicates([accuracy], rows_apart(90), 1000)[0]
    first, opposite, _ = replicates([accuracy, error, length], rows_apart(90), 1000)
    np.testing.assert_array_equal(alone, first)
    np.testing.assert_allclose(first + opposite, 100)


def test_bounds_are_the_outer_fortieths() -> None:
    found = interval(50.0, np.arange(0.0, 1001.0))
    assert (found.value, found.low, found.high) == pytest.approx((50.0, 25.0, 975.0))


def test_resamples_without_a_value_do_not_count() -> None:
    found = interval(3.0, np.array([np.nan, 1.0, 1.0, np.inf, 1.0]))
    assert (found.low, found.high) == (1.0, 1.0)
    empty = interval(3.0, np.array([np.nan, np.nan]))
    assert (empty.low, empty.high) == (3.0, 3.0)


def test_one_post_has_an_interval_without_width() -> None:
    drawn = replicates([Measure.mean("m", [1.0, 2.0])], ["a", "a"], 200)[0]
    assert set(drawn) == {1.5}

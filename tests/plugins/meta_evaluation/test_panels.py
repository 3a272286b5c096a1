"""All figures of small, invented evaluations."""

from __future__ import annotations

import numpy as np
import pytest

from imhi.plugins.meta_evaluation.agreement import mean_mark
from imhi.plugins.meta_evaluation.analysis import panels
from imhi.plugins.meta_evaluation.correlations import COEFFICIENTS
from imhi.plugins.meta_evaluation.figures import Panel
from imhi.plugins.meta_evaluation.metric_values import Column

N = 40
GENERATOR = np.random.default_rng(0)
QUALITY = GENERATOR.normal(size=N)
MARKS = np.clip(np.round(QUALITY[:, None] + 1.5 + GENERATOR.normal(0, 0.4, (N, 3))), 0, 3)
SYSTEMS = ["one"] * 25 + ["two"] * 15
POSTS = [f"post {number}" for number in range(N)]
NOISE = Column("noise", GENERATOR.normal(size=N), "noise", True)


def evaluated(*columns: Column, marks: np.ndarray = MARKS, systems: list[str] = SYSTEMS):
    return panels(columns, {"overall": marks}, systems, POSTS, 300, seed=0)


def figure(panel: Panel, metric: str, coefficient: str = "spearman"):
    return panel.correlations[metric, "overall", coefficient]


def test_a_metric_equal_to_the_mean_mark_correlates_1() -> None:
    perfect = Column("perfect", mean_mark(MARKS), "perfect", True)
    for panel in evaluated(perfect, NOISE):
        for coefficient in COEFFICIENTS:
            found = figure(panel, "perfect", coefficient)
            assert found.value == pytest.approx(1)
            assert (found.low, found.high) == (None, None)  # no resample moves it


def test_it_beats_noise_by_every_coefficient() -> None:
    perfect = Column("perfect", mean_mark(MARKS) + QUALITY / 100, "perfect", True)
    (panel,) = evaluated(perfect, NOISE, systems=["one"] * N)
    assert [pair.better for pair in panel.comparisons] == ["perfect"] * 3
    assert {pair.test for pair in panel.comparisons} == {"williams", "paired bootstrap"}


def test_systems_come_first_and_the_pool_last_with_the_baseline_of_knowing_the_system() -> None:
    found = evaluated(NOISE)
    assert [(panel.name, panel.answers) for panel in found] == [
        ("one", 25),
        ("two", 15),
        ("pooled", 40),
    ]
    assert [bool(p.agreement["overall"].system_alone) for p in found] == [False, False, True]


def test_one_system_alone_is_not_pooled() -> None:
    assert [panel.pooled for panel in evaluated(NOISE, systems=["one"] * N)] == [False]


def test_pooling_a_good_and_a_bad_system_makes_correlation_out_of_nothing() -> None:
    generator = np.random.default_rng(1)
    good, bad = generator.integers(2, 4, (20, 3)), generator.integers(0, 2, (20, 3))
    knows_system = Column(
        "style", np.r_[np.full(20, 9.0), np.zeros(20)] + generator.normal(size=40), "", True
    )
    one, two, pooled = evaluated(
        knows_system, marks=np.r_[good, bad].astype(float), systems=["one"] * 20 + ["two"] * 20
    )
    for system in (one, two):
        assert abs(figure(system, "style").value) < 0.45
        assert system.agreement["overall"].no_ceiling
    assert figure(pooled, "style").value > 0.7
    assert pooled.agreement["overall"].system_alone["pearson"].value > 0.8


def test_a_metric_that_is_better_when_lower_keeps_its_sign_but_wins_comparisons() -> None:
    errors = Column("errors", -mean_mark(MARKS) + QUALITY / 100, "errors", False)
    (panel,) = evaluated(errors, NOISE, systems=["one"] * N)
    assert figure(panel, "errors").value < -0.9
    assert figure(panel, "errors").low <= figure(panel, "errors").value
    assert {pair.better for pair in panel.comparisons} == {"errors"}


def test_a_constant_metric_has_no_figure_and_a_reason() -> None:
    constant = Column("constant", np.full(N, 7.0), "constant", True)
    panel = evaluated(constant, NOISE)[0]
    found = figure(panel, "constant")
    assert (found.value, found.low, found.high) == (None, None, None)
    assert found.why == "the metric is the same for all answers"
    assert all(pair.p is None and pair.better == "" for pair in panel.comparisons)


def test_metrics_with_gaps_are_measured_and_compared_on_what_they_have() -> None:
    values = mean_mark(MARKS).copy()
    values[::2] = np.nan
    (panel,) = evaluated(Column("half", values, "", True), NOISE, systems=["one"] * N)
    assert (figure(panel, "half").n, figure(panel, "noise").n) == (20, 40)
    assert {pair.n for pair in panel.comparisons} == {20}


def test_annotators_who_agree_are_a_ceiling() -> None:
    (panel,) = evaluated(NOISE, systems=["one"] * N)
    agreement = panel.agreement["overall"]
    assert not agreement.no_ceiling
    assert agreement.alpha.low > 0.3
    assert agreement.leave_one_out["spearman"].value > 0.6


def test_the_order_of_rows_changes_no_figure() -> None:
    order = np.random.default_rng(3).permutation(N)
    forth = evaluated(NOISE, systems=["one"] * N)
    back = panels(
        [Column("noise", NOISE.values[order], "noise", True)],
        {"overall": MARKS[order]},
        ["one"] * N,
        [POSTS[row] for row in order],
        300,
        seed=0,
    )
    for coefficient in COEFFICIENTS:
        first = figure(forth[0], "noise", coefficient)
        second = figure(back[0], "noise", coefficient)
        assert (first.value, first.low, first.high) == pytest.approx(
            (second.value, second.low, second.high), abs=1e-8
        )

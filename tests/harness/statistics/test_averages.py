"""Averages over datasets and over tasks: a task's value is the mean of its datasets."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.evaluation import evaluate
from imhi._core.plugin_manager import PluginManager
from imhi._core.results import RunScores


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, manager: PluginManager) -> RunScores:
    """The majority baseline on the demo posts of two tasks, one of them with two datasets."""
    found = evaluate(
        "baseline:majority",
        datasets=["DR", "CLP", "SAD"],
        manager=manager,
        out=tmp_path_factory.mktemp("runs"),
        labeler="strict",
        resamples=2000,
    )
    return found.runs[0]


def _value(scores: RunScores, dataset: str, metric: str = "weighted_f1") -> float:
    (row,) = [r for r in scores.scores if r["dataset"] == dataset and r["metric"] == metric]
    return float(row["value"])


def _average(scores: RunScores, over: str, metric: str = "weighted_f1") -> dict[str, float]:
    (row,) = [r for r in scores.averages if r["over"] == over and r["metric"] == metric]
    return dict(row)


def test_the_mean_over_datasets_gives_each_dataset_one_vote(scores: RunScores) -> None:
    expected = sum(_value(scores, name) for name in ("DR", "CLP", "SAD")) / 3
    found = _average(scores, "datasets")
    assert found["value"] == pytest.approx(expected, abs=1e-5)
    assert found["groups"] == 3


def test_the_mean_over_tasks_gives_each_task_one_vote(scores: RunScores) -> None:
    depression = (_value(scores, "DR") + _value(scores, "CLP")) / 2
    found = _average(scores, "tasks")
    assert found["value"] == pytest.approx((depression + _value(scores, "SAD")) / 2, abs=1e-5)
    assert found["groups"] == 2


@pytest.mark.parametrize("over", ["datasets", "tasks"])
def test_an_average_lies_in_its_interval_which_is_narrower_than_a_dataset_s(
    scores: RunScores, over: str
) -> None:
    """Datasets are resampled independently, so errors partly cancel."""
    found = _average(scores, over, "accuracy")
    assert found["low"] <= found["value"] <= found["high"]
    widest = max(row["high"] - row["low"] for row in scores.scores if row["metric"] == "accuracy")
    assert found["high"] - found["low"] < widest


def test_a_metric_that_one_dataset_lacks_has_no_average(scores: RunScores) -> None:
    """Classes differ between datasets: the F1 of *school* is SAD's alone."""
    averaged = {row["metric"] for row in scores.averages}
    assert "weighted_f1" in averaged
    assert "f1[school]" not in averaged


def test_scores_do_not_depend_on_which_datasets_are_scored(
    scores: RunScores, tmp_path: Path, manager: PluginManager
) -> None:
    alone = evaluate(
        "baseline:majority",
        datasets="SAD",
        manager=manager,
        out=tmp_path,
        labeler="strict",
        resamples=2000,
    ).runs[0]
    together = [row for row in scores.scores if row["dataset"] == "SAD"]
    assert list(alone.scores) == together

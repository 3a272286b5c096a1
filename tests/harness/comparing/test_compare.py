"""Comparisons of runs of simulated models: what is told apart, counted, and put in order."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from imhi._core.comparing import Comparison, compare
from imhi._core.evaluation import evaluate
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.published import PublishedResult
from imhi._core.run_store import RunFolder
from imhi._core.run_store.columns import Columns
from imhi._core.statistics.significance import holm, mcnemar_p

PLUGIN = Path(__file__).parents[3] / "benchmarks" / "simulated_runs.py"
MODELS = [f"simulated:{name},skill={skill}" for name, skill in (("a", 0.2), ("b", 0.7), ("c", 0.7))]


@pytest.fixture(scope="module")
def manager() -> PluginManager:
    return load_plugins([PLUGIN])


@pytest.fixture(scope="module")
def runs(manager: PluginManager, tmp_path_factory: pytest.TempPathFactory) -> list[RunFolder]:
    out = tmp_path_factory.mktemp("compared")
    results = evaluate(
        models=MODELS,
        source="simulated",
        limit=120,
        manager=manager,
        datasets=["DR", "SAD", "IRF"],
        metric=("labels", "rouge", "length"),
        out=out,
    )
    return [RunFolder(Path(folder)) for folder in results.folders]


@pytest.fixture(scope="module")
def found(runs: list[RunFolder], manager: PluginManager) -> Comparison:
    return compare(runs, manager, metrics=["weighted_f1", "rouge"], resamples=2000)


def test_values_are_those_of_the_scores(found: Comparison, runs: list[RunFolder]) -> None:
    for name, run in zip(found.names, runs, strict=True):
        for row in run.scores("hybrid")["scores"]:
            if row["metric"] == "weighted_f1":
                value = found.value(name, "weighted_f1", row["dataset"])
                assert value is not None
                assert value.value == pytest.approx(row["value"])
                assert value.low == pytest.approx(row["low"], abs=3)


def test_examples_are_counted_from_the_labels(
    found: Comparison, runs: list[RunFolder], manager: PluginManager
) -> None:
    right = []
    for run in runs[:2]:
        columns = Columns.read(run, "hybrid", "SAD", manager.registry)
        right.append(
            [e.label == p.label for e, p in zip(columns.examples, columns.predictions, strict=True)]
        )
    only_a = sum(a and not b for a, b in zip(*right, strict=True))
    only_b = sum(b and not a for a, b in zip(*right, strict=True))
    pair = found.pair(found.names[0], found.names[1], "weighted_f1", "SAD")
    assert pair is not None and pair.labels is not None
    assert (pair.better, pair.worse) == (only_a, only_b) == (pair.labels.only_a, pair.labels.only_b)
    assert pair.equal == len(right[0]) - only_a - only_b
    assert pair.labels.p == pytest.approx(mcnemar_p(only_a, only_b))


def test_models_of_other_skill_are_told_apart_and_those_of_one_skill_are_not(
    found: Comparison,
) -> None:
    a, b, c = found.names
    weak = found.pair(a, b, "weighted_f1", over="datasets")
    alike = found.pair(b, c, "weighted_f1", over="datasets")
    assert weak is not None and alike is not None
    assert weak.significant and weak.difference < -20
    assert not alike.significant
    assert alike.posts_needed is not None and alike.posts_needed > 2 * alike.posts
    last = found.value(a, "weighted_f1", over="datasets")
    assert last is not None and (last.rank, last.rank_low, last.rank_high) == (3, 3, 3)
    first = [found.value(name, "weighted_f1", over="datasets") for name in (b, c)]
    assert {(v.rank_low, v.rank_high) for v in first if v is not None} == {(1, 2)}


def test_p_values_are_corrected_over_datasets(found: Comparison) -> None:
    pairs = [
        p
        for p in found.pairs
        if p.metric == "weighted_f1" and p.dataset and (p.a, p.b) == tuple(found.names[:2])
    ]
    assert [p.dataset for p in pairs] == ["DR", "IRF", "SAD"]
    assert [p.p_holm for p in pairs] == pytest.approx(holm([p.p for p in pairs]))


def test_a_pair_can_be_seen_from_both_sides(found: Comparison) -> None:
    a, b = found.names[:2]
    one = found.pair(a, b, "weighted_f1", "DR")
    other = found.pair(b, a, "weighted_f1", "DR")
    assert one is not None and other is not None
    assert one.difference == -other.difference
    assert (one.low, one.high) == (-(other.high or 0), -(other.low or 0))
    assert (one.better, one.worse, one.p) == (other.worse, other.better, other.p)


def test_the_mean_is_over_datasets_and_over_tasks(found: Comparison) -> None:
    name = found.names[1]
    values = [found.value(name, "weighted_f1", dataset) for dataset in found.datasets]
    mean = found.value(name, "weighted_f1", over="datasets")
    assert mean is not None
    assert mean.value == pytest.approx(
        np.mean([v.value for v in values if v is not None]), abs=1e-5
    )
    assert found.value(name, "weighted_f1", over="tasks") is not None


def test_scores_of_explanations_come_from_the_values_that_scoring_left(
    found: Comparison, runs: list[RunFolder]
) -> None:
    pair = found.pair(found.names[0], found.names[1], "rougeL", "DR")
    assert pair is not None
    assert pair.labels is None and pair.effect_name == "Cohen's d_z"
    score = next(
        row["value"]
        for row in runs[0].scores("hybrid")["scores"]
        if (row["metric"], row["dataset"]) == ("rougeL", "DR")
    )
    value = found.value(found.names[0], "rougeL", "DR")
    assert value is not None and value.value == pytest.approx(score, abs=1e-4)


def test_a_run_against_itself_under_another_name_never_differs(
    runs: list[RunFolder], manager: PluginManager, tmp_path: Path
) -> None:
    import shutil

    twin = tmp_path / "twin"
    shutil.copytree(runs[1].path, twin)
    same = compare([runs[1], RunFolder(twin)], manager, resamples=500)
    assert same.names[0] != same.names[1]
    for pair in same.pairs:
        assert (pair.difference, pair.p) == (0, 1)
        # On other posts they might differ, to either side alike.
        assert pair.low is not None and pair.high is not None
        assert pair.low < 0 and pair.high == pytest.approx(-pair.low, abs=1e-5)
        assert pair.posts_needed is None
    assert {v.rank for v in same.values} == {1}


def test_what_has_no_better_side_is_left_out_and_said(
    runs: list[RunFolder], manager: PluginManager
) -> None:
    found = compare(runs[:2], manager, metrics=["weighted_f1", "length"], resamples=100)
    assert list(found.metrics) == ["weighted_f1"]
    assert any("length" in line and "neither" in line for line in found.left_out)


def test_one_run_has_values_and_no_pairs(runs: list[RunFolder], manager: PluginManager) -> None:
    alone = compare(runs[:1], manager, resamples=100)
    assert not alone.pairs
    assert {v.rank for v in alone.values} == {1}


def test_the_same_again_is_the_same(runs: list[RunFolder], manager: PluginManager) -> None:
    first, second = (compare(runs, manager, resamples=300, seed=4) for _ in range(2))
    assert first == second


def test_published_figures_stand_beside_test_rows_with_released_labels_only(
    found: Comparison,
) -> None:
    figure = PublishedResult("A model", "DR", "weighted_f1", 80.0, "A paper", "Table 1", "read")
    real = dataclasses.replace(found, synthetic=False)
    assert PublishedResult.beside([figure], real) == [figure]
    for changed in (
        {"synthetic": True},
        {"split": "val"},
        {"view": "human"},
        {"datasets": ["SAD"]},
    ):
        assert PublishedResult.beside([figure], dataclasses.replace(real, **changed)) == []

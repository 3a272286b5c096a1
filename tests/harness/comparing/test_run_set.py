"""Run sets: what is opened, aligned and measured, and what rows kept in memory spare."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imhi._core.comparing.measures import choose_metrics
from imhi._core.comparing.resampling import Resamples
from imhi._core.comparing.run_set import RunSet
from imhi._core.errors import HarnessError
from imhi._core.evaluation import evaluate
from imhi._core.metrics import MetricSpec
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.records import Example
from imhi._core.run_store import RunFolder
from imhi._core.run_store.read_once import ReadOnce
from imhi._core.statistics import Measure

PLUGIN = Path(__file__).parents[3] / "benchmarks" / "simulated_runs.py"


@pytest.fixture(scope="module")
def manager() -> PluginManager:
    return load_plugins([PLUGIN])


@pytest.fixture(scope="module")
def folders(manager: PluginManager, tmp_path_factory: pytest.TempPathFactory) -> list[RunFolder]:
    out = tmp_path_factory.mktemp("sets")
    results = evaluate(
        models=["simulated:a,skill=0.3", "simulated:b,skill=0.8"],
        source="simulated",
        limit=60,
        manager=manager,
        datasets=["DR", "SAD"],
        metric=("labels", "length", "bleu"),
        resamples=200,
        out=out,
    )
    return [RunFolder(Path(folder)) for folder in results.folders]


def test_a_set_says_what_its_runs_have_in_common(
    folders: list[RunFolder], manager: PluginManager
) -> None:
    runs = RunSet.open(folders, manager, datasets=["SAD"])
    assert (runs.labeler, runs.split, list(runs.datasets)) == ("hybrid", "test", ["SAD"])
    assert list(runs.names) == ["simulated:a,skill=0.3", "simulated:b,skill=0.8"]
    assert runs.labels["SAD"] == manager.registry.datasets.get("SAD").label_names
    assert runs.synthetic


def test_measures_are_those_of_the_scores_also_where_they_are_no_means(
    folders: list[RunFolder], manager: PluginManager
) -> None:
    with RunSet.open(folders, manager) as runs:
        metrics, _ = choose_metrics(
            runs.scores, ["weighted_f1", "bleu"], runs.datasets, manager.registry
        )
        measures = runs.measure(runs.aligned("DR"), metrics)
    for scores, of_run in zip(runs.scores, measures, strict=True):
        rows = {row["metric"]: row["value"] for row in scores.scores if row["dataset"] == "DR"}
        assert set(of_run) == {"weighted_f1", "bleu"}
        for name, measure in of_run.items():
            assert measure.value() == pytest.approx(rows[name], abs=1e-5)


def test_a_metric_that_was_never_scored_can_be_made_of_the_rows(
    folders: list[RunFolder], manager: PluginManager
) -> None:
    (spec,) = MetricSpec.parse(["chrf"], manager.registry)
    with RunSet.open(folders, manager) as runs:
        (measure,) = runs.made(0, runs.columns("DR")[0], spec)
    assert measure.name == "chrf"
    assert np.isfinite(measure.value())


def test_runs_that_were_labelled_but_not_scored_are_opened_only_where_labels_are_enough(
    folders: list[RunFolder], manager: PluginManager
) -> None:
    with pytest.raises(HarnessError, match=r"no scores for labeler 'strict'.*imhi score"):
        RunSet.open(folders, manager, labeler="strict")
    with pytest.raises(HarnessError, match="labeler strict has not read its answers"):
        RunSet.open(folders, manager, labeler="strict", scored=False)


def test_rows_kept_in_memory_are_read_once_and_shared_where_they_are_alike(
    folders: list[RunFolder], tmp_path: Path
) -> None:
    shared: dict[str, list[Example]] = {}
    once = [ReadOnce(folder, shared) for folder in folders]
    (first, *_), (other, *_) = (list(folder.examples("DR")) for folder in once)
    assert first is other
    assert len(shared) == 1
    responses = [list(once[0].responses("DR")) for _ in range(2)]
    assert responses[0][0] is responses[1][0]
    assert list(folders[0].responses("DR")) == responses[0]


def of(*values: float) -> Resamples:
    """One run's measure with these resampled values."""
    return Resamples(
        np.array([np.mean(values)]), np.array([values]), np.empty((0, 0)), posts=2, examples=3
    )


def test_a_mean_weighs_groups_alike_however_many_they_hold() -> None:
    found = Resamples.mean([[of(0.0, 2.0), of(4.0, 6.0)], [of(10.0, 20.0)]])
    assert found.values.tolist() == [(3 + 15) / 2]
    assert found.resampled.tolist() == [[(2 + 10) / 2, (4 + 20) / 2]]
    assert (found.posts, found.examples) == (6, 9)


def test_runs_are_resampled_and_permuted_together() -> None:
    one, other = Measure.mean("x", [1.0, 2.0, 3.0]), Measure.mean("x", [1.0, 2.0, 3.0])
    found = Resamples.draw([one, other], ["a", "a", "b"], 50, 0, "DR", permutations=20)
    assert (found.posts, found.examples) == (2, 3)
    assert found.values.tolist() == [2.0, 2.0]
    assert np.array_equal(found.resampled[0], found.resampled[1])
    assert found.permuted.tolist() == [[0.0] * 20]

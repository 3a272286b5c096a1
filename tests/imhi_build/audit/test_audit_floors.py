"""Floors are those of the registered baselines; power is that of the core's statistics."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi import evaluate
from imhi._core.plugin_manager import PluginManager
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi._core.statistics.significance import detectable_difference
from imhi.build.audit.corpus import SourceCorpus
from imhi.build.audit.floors import Floors, floors
from tests.imhi_build.audit.audit_moods import Audited


def demo_floors(registry: Registry, dataset: str) -> Floors:
    _, source = open_source("demo", registry)
    return floors(SourceCorpus(source, dict(registry.dataset_map())), dataset, "test", registry)


@pytest.mark.parametrize("dataset", ["DR", "MultiWD"])
def test_words_of_the_post_are_the_baselines(
    registry: Registry, manager: PluginManager, tmp_path: Path, dataset: str
) -> None:
    found = demo_floors(registry, dataset)
    models = ["baseline:tfidf", "baseline:majority"]
    tfidf, majority = (
        row["value"]
        for row in evaluate(
            models, datasets=dataset, manager=manager, out=tmp_path, metric="weighted_f1"
        ).rows()
    )
    assert found.post_words is not None
    assert found.post_words.value == pytest.approx(tfidf, abs=0.001)
    assert found.post_words.trained
    if found.majority_by_question is not None:
        assert found.majority_by_question.value == pytest.approx(majority, abs=0.001)
    assert (found.majority_by_question is not None) == (dataset == "MultiWD")


def test_every_floor_lies_in_its_interval(registry: Registry) -> None:
    found = demo_floors(registry, "IRF")
    for value in (found.majority, found.post_words, found.explanation_words):
        assert value is not None and value.low <= value.value <= value.high
        assert 0 <= value.low < value.high <= 100


def test_power_is_that_of_the_assumed_share_of_rows_that_one_model_gets_right(
    registry: Registry,
) -> None:
    power = demo_floors(registry, "DR").power
    assert power.design == pytest.approx(1)  # one question a post
    for share in (10, 20, 40):
        deviation = (share / 100 / 16) ** 0.5  # of the mean of 16 rows that are 1, 0 or -1
        assert power.assumed[str(share)] == pytest.approx(
            100 * detectable_difference(deviation), abs=0.001
        )
    assert power.assumed["40"] == pytest.approx(2 * power.assumed["10"], abs=0.002)


def test_only_what_is_scored_has_floors(mood: Audited) -> None:
    for split in mood.audit.splits:
        assert (split.majority is not None) == (split.split == "test")
        assert (split.power is not None) == (split.split == "test")

"""The demo posts: complete, balanced enough, and marked as synthetic."""

from __future__ import annotations

import re

import pytest

from imhi._core.errors import HarnessError
from imhi._core.protocols import OpenSource
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from tests.conftest import ROOT

DATASETS = (
    "DR", "CLP", "dreaddit", "SWMH", "T-SID", "SAD", "CAMS", "loneliness", "MultiWD", "IRF"
)  # fmt: skip


@pytest.fixture
def demo(registry: Registry) -> OpenSource:
    return open_source("demo", registry)[1]


def test_the_demo_has_all_ten_datasets_in_train_and_test(demo: OpenSource) -> None:
    assert set(demo.datasets()) == set(DATASETS)
    for dataset in DATASETS:
        assert list(demo.splits(dataset)) == ["train", "test"]


@pytest.mark.parametrize("dataset", DATASETS)
def test_each_dataset_has_what_contributing_asks_for_and_every_label_and_question_in_both_splits(
    demo: OpenSource, registry: Registry, dataset: str
) -> None:
    declared = registry.datasets.get(dataset)
    posts = set()
    for split in demo.splits(dataset):
        rows = list(demo.examples(dataset, split))
        posts |= {row.post_id for row in rows}
        assert {row.label for row in rows} == set(declared.label_names)
        assert {row.aspect for row in rows} == {q.aspect for q in declared.questions}
        assert all(row.explanation and row.split == split for row in rows)
        assert len({row.id for row in rows}) == len(rows)
    rows_in_all = sum(1 for split in demo.splits(dataset) for _ in demo.examples(dataset, split))
    asked = " ".join((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split())
    numbers = re.search(r"least (\d+) demo rows .{,40} about at least (\d+) posts", asked)
    assert numbers is not None
    assert rows_in_all >= int(numbers[1]) and len(posts) >= int(numbers[2])


@pytest.mark.parametrize("dataset", DATASETS)
def test_no_demo_test_post_is_a_train_post(demo: OpenSource, dataset: str) -> None:
    train, test = ({e.post_id for e in demo.examples(dataset, s)} for s in ("train", "test"))
    assert not train & test


def test_the_demo_says_that_it_is_synthetic(demo: OpenSource) -> None:
    described = demo.describe()
    assert described["synthetic"] is True
    assert "not IMHI results" in described["notice"]


def test_a_split_the_demo_does_not_have_is_named_with_those_it_has(demo: OpenSource) -> None:
    with pytest.raises(HarnessError, match="found no DR/expert; it has the splits train, test"):
        list(demo.examples("DR", "expert"))

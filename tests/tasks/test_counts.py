"""How much IMHI is: the tasks, the datasets, and the rows of the published splits."""

from __future__ import annotations

from imhi._core.registry import Registry


def test_there_are_eight_tasks_of_ten_datasets(registry: Registry) -> None:
    assert len({task.name for task in registry.tasks}) == 8
    assert len({dataset.name for dataset in registry.datasets}) == 10


def test_the_splits_have_as_many_rows_as_the_paper_says(registry: Registry) -> None:
    """arXiv 2309.13567: 72,093 rows to train on, 14,346 to validate, 19,353 to test."""
    rows = {
        split: sum(dataset.counts[split] for dataset in registry.datasets)
        for split in ("train", "val", "test")
    }
    assert rows == {"train": 72_093, "val": 14_346, "test": 19_353}

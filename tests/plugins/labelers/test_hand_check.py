"""Labelers against readers, on real answers of seven models (labels and places only are kept here)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.hand_labels import HandLabel, answers, hand_labels
from imhi._core.context import Context
from imhi._core.records import Response

MODELS = 7
DATASETS = 8


def test_the_hand_labels_are_labels_of_their_datasets(demo: Context) -> None:
    found = hand_labels()
    assert Counter(one.sample for one in found) == {"draw": 560, "fresh": 288, "development": 1496}
    assert len({(one.model, one.dataset, one.row) for one in found}) == len(found)
    for one in found:
        assert one.label is None or one.label in demo.dataset(one.dataset).label_names
        assert (one.span is None) == (one.label is None)


def test_the_draw_is_ten_answers_of_each_model_and_dataset_with_two_readers() -> None:
    drawn = [one for one in hand_labels() if one.sample == "draw"]
    cells = Counter((one.model, one.dataset) for one in drawn)
    assert len(cells) == MODELS * DATASETS
    assert set(cells.values()) == {10}
    assert min(one.readers for one in drawn) == 2


def right_and_invented(
    context: Context, outputs: Path, labeler: str, labels: list[HandLabel]
) -> tuple[int, int]:
    """Return how many answers a labeler reads as the reader did, and in how many it reads a label
    that the reader did not."""
    right = invented = 0
    texts: dict[Path, list[str]] = {}
    aspects: dict[str, list[str]] = {}
    for one in labels:
        path = outputs / one.model / f"{one.dataset}.csv"
        if path not in texts:
            texts[path] = answers(path)
        dataset = context.dataset(one.dataset)
        if dataset.name not in aspects:
            aspects[dataset.name] = [e.aspect for e in context.examples(dataset.name, "test")]
        response = Response(str(one.row), dataset.name, "", text=texts[path][one.row])
        aspect = aspects[dataset.name][one.row]
        (found,) = context.labeler(labeler)(dataset, [aspect], [response])
        right += found.label == one.label
        invented += found.label not in {None, one.label}
    return right, invented


@pytest.mark.slow
@pytest.mark.parametrize(("sample", "least"), [("draw", 0.94), ("fresh", 0.95)])
def test_hybrid_reads_random_answers_as_readers_do(
    official: Context, model_outputs: Path, sample: str, least: float
) -> None:
    """docs/labelers.md says which of these figures flatter."""
    chosen = [one for one in hand_labels() if one.sample == sample]
    right, invented = right_and_invented(official, model_outputs, "hybrid", chosen)
    strictly, _ = right_and_invented(official, model_outputs, "strict", chosen)
    assert right >= least * len(chosen)
    assert right > strictly
    assert invented <= 0.04 * len(chosen)


@pytest.mark.slow
def test_a_label_that_strict_reads_is_the_reader_s(official: Context, model_outputs: Path) -> None:
    """Of some 1,000 labels it reads, ten are others than the reader's or none to the reader."""
    right, invented = right_and_invented(official, model_outputs, "strict", hand_labels())
    assert invented <= 12
    assert right >= 1_700

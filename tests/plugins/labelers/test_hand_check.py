"""Labelers against readers, on real answers of three models (labels only are kept here)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.labelers import HandLabel, answers, hand_labels
from imhi._core.context import Context
from imhi._core.records import Response


def test_the_hand_labels_are_labels_of_their_datasets(demo: Context) -> None:
    found = hand_labels()
    assert Counter(one.sample for one in found) == {"uniform": 100, "stratified": 150}
    assert len({(one.model, one.dataset, one.row) for one in found}) == len(found)
    for one in found:
        assert one.label is None or one.label in demo.dataset(one.dataset).label_names


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
        texts.setdefault(path, answers(path))
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
def test_hybrid_reads_at_least_95_of_100_random_answers_as_a_reader_does(
    official: Context, model_outputs: Path
) -> None:
    uniform = [one for one in hand_labels() if one.sample == "uniform"]
    right, _ = right_and_invented(official, model_outputs, "hybrid", uniform)
    assert right >= 95


@pytest.mark.slow
def test_a_label_that_strict_reads_is_the_reader_s(official: Context, model_outputs: Path) -> None:
    right, invented = right_and_invented(official, model_outputs, "strict", hand_labels())
    assert invented == 0
    assert right >= 175

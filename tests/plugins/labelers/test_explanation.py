"""The labeler ``explanation``: which label does an explanation argue for?"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from imhi._core.context import Context
from imhi._core.records import Response
from imhi._core.report import Report
from imhi.plugins.labelers.reading.inferred import argument, without_label_sentences
from tests.plugins.labelers.reading import read

# Of the reference explanations of the official test files: the least share that is read at all, and of
# those that are, the share that is read right.
FLOORS = {
    "DR": (0.9, 0.96),
    "dreaddit": (0.95, 0.97),
    "SAD": (0.95, 0.985),
    "IRF": (0.85, 0.96),
    "MultiWD": (0.88, 0.965),
}


def test_the_label_sentence_is_not_read(demo: Context) -> None:
    """With either label before it, an explanation argues for the same."""
    row = next(row for row in demo.training_examples("DR") if row.label == "yes")
    found = {
        read(demo, "explanation", "DR", f"{label.sentence} Reasoning: {row.explanation}").label
        for label in demo.dataset("DR").labels
    }
    assert found == {"yes"}


def test_label_sentences_are_taken_out_wherever_they_stand(demo: Context) -> None:
    declared = demo.dataset("SAD")
    text = f"An exam. {declared.label('school').sentence} It is near."
    assert "stress cause" not in without_label_sentences(text, declared)
    assert (
        argument(f"{declared.label('work').sentence} An exam is near.", declared).strip(" .")
        == "an exam is near"
    )


def test_it_says_how_sure_it_is(demo: Context) -> None:
    row = demo.training_examples("SAD")[0]
    found = read(demo, "explanation", "SAD", f"Reasoning: {row.explanation}")
    assert found.label == found.explanation_label == row.label
    assert found.confidence is not None
    assert found.confidence > 0
    assert found.decided_by == "explanation"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Yes.",
        "Reasoning: so it is",
        "No, the poster does not suffer from depression.",
        "They are tired and sad and cannot sleep.",
    ],
)
def test_a_few_words_argue_for_nothing(demo: Context, text: str) -> None:
    assert read(demo, "explanation", "DR", text).status == "unparsed"


def test_without_training_explanations_it_reads_nothing_and_says_so(demo: Context) -> None:
    class TestOnly:
        def __getattr__(self, name: str) -> Any:
            return getattr(demo.source, name)

        def splits(self, dataset: str) -> list[str]:
            return ["test"]

    bare_source: Any = TestOnly()
    bare = dataclasses.replace(demo, source=bare_source, data=None, _labelers={}, report=Report())
    found = read(
        bare,
        "explanation",
        "DR",
        "Reasoning: They cannot sleep, they see no way out, and no day is good any more.",
    )
    assert found.status == "unparsed"
    assert any("DR: the source has no training explanations" in note for note in bare.notes)


@pytest.mark.slow
@pytest.mark.parametrize("dataset", list(FLOORS))
def test_reference_explanations_are_read_without_their_label_sentences(
    official: Context, dataset: str
) -> None:
    """Trained on train + val, asked for the labels of the test explanations."""
    rows = list(official.examples(dataset, "test"))
    declared = official.dataset(dataset)
    responses = [
        Response(row.id, dataset, "", text=f"Reasoning: {row.explanation}") for row in rows
    ]
    found = official.labeler("explanation")(declared, [row.aspect for row in rows], responses)
    read_at_all = [got for got in found if got.label is not None]
    gold = {row.id: row.label for row in rows}
    right = sum(got.label == gold[got.id] for got in read_at_all)
    shares = len(read_at_all) / len(rows), right / len(read_at_all)
    least, least_right = FLOORS[dataset]
    assert shares[0] >= least
    assert shares[1] >= least_right

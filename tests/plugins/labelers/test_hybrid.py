"""The labeler ``hybrid``: a label where a reader finds one, and who decided. Answers are ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imhi._core.context import Context
from imhi._core.evaluation import evaluate
from imhi._core.plugin_manager import PluginManager
from imhi.plugins.labelers.reading.inferred import LEAST_MARGIN
from tests.plugins.labelers.reading import read

READ = [
    ("strict", "DR", "yes", "Yes, the poster suffers from depression."),
    ("stance", "DR", "no", "There is no indication that the poster suffers from depression."),
    ("stance", "DR", "no", "The post does not mention any signs of depression."),
    ("stance", "DR", "yes", "The poster's words suggest depression: nothing is fun any more."),
    ("stance", "DR", "yes", "I cannot diagnose. However, the post shows symptoms of depression."),
    ("stance", "IRF", "no", "There is no mention of thwarted belongingness in the post."),
    ("stance", "MultiWD", "no", "The post does not mention the spiritual dimension."),
    ("named", "SAD", "school", "The stress cause of this post is the upcoming exams."),
    ("named", "T-SID", "none", "The post does not show any mental disorder."),
]
UNREADABLE = [
    ("empty", "DR", ""),
    ("blank", "SAD", " \n\n"),
    ("dots", "DR", "..."),
    ("a refusal", "DR", "As an AI language model, I cannot diagnose depression."),
    ("a refusal", "DR", "The question cannot be answered."),
    (
        "a refusal that goes on",
        "DR",
        "It is not possible to determine from this post whether the poster suffers from "
        "depression. The poster should see a doctor.",
    ),
    ("a refusal", "SAD", "The text does not mention any stress, so it cannot be answered."),
    ("many causes", "SAD", "It describes a variety of factors, such as work, school and family."),
]


@pytest.mark.parametrize(("by", "dataset", "label", "text"), READ)
def test_a_label_and_who_decided(
    demo: Context, by: str, dataset: str, label: str, text: str
) -> None:
    found = read(demo, "hybrid", dataset, text)
    assert (found.decided_by, found.status, found.label) == (by, "labelled", label)


@pytest.mark.parametrize(("dataset", "text"), [row[1:] for row in UNREADABLE])
def test_what_holds_no_label_stays_unparsed(demo: Context, dataset: str, text: str) -> None:
    found = read(demo, "hybrid", dataset, text)
    assert (found.label, found.status, found.contradiction) == (None, "unparsed", False)
    assert found.inferred is None
    assert found.why


def test_what_is_inferred_stands_beside_and_is_no_label(demo: Context) -> None:
    """A reference explanation without a word of its label, and none that says the condition."""
    row = next(row for row in demo.training_examples("SAD") if "exam" in row.explanation)
    found = read(demo, "hybrid", "SAD", f"Reasoning: {without_terms(row.explanation)}")
    assert (found.label, found.status, found.why) == (None, "unparsed", "not stated")
    assert found.inferred == row.label
    assert found.confidence is not None
    assert found.confidence >= LEAST_MARGIN


def without_terms(text: str) -> str:
    return re.sub(r"(?i)\b(?:school|stress\w*|causes?|label)\b", "this", text)


HEDGES: list[tuple[str | None, str]] = [
    (None, "It is possible that the poster suffers from depression: no sleep, no joy."),
    ("yes", "It is likely that the poster suffers from depression, though one cannot be certain."),
    ("no", "While the poster is sad, the post does not show signs of depression."),
]


@pytest.mark.parametrize(("label", "text"), HEDGES)
def test_a_hedge_counts_for_the_side_it_lands_on(
    demo: Context, label: str | None, text: str
) -> None:
    assert read(demo, "hybrid", "DR", text).label == label


def test_a_contradiction_keeps_the_stated_label_and_is_marked(demo: Context) -> None:
    """A reference explanation under the sentence of another label."""
    declared = demo.dataset("SAD")
    for row in demo.training_examples("SAD"):
        other = next(label for label in declared.labels if label.name != row.label)
        found = read(demo, "hybrid", "SAD", f"{other.sentence} Reasoning: {row.explanation}")
        assert found.label == other.name
        assert found.contradiction
        assert found.explanation_label == row.label


def test_agreement_is_no_contradiction(demo: Context) -> None:
    declared = demo.dataset("SAD")
    for row in demo.training_examples("SAD"):
        sentence = declared.label(row.label).sentence
        text = f"{sentence} Reasoning: {row.explanation}"
        assert not read(demo, "hybrid", "SAD", text).contradiction


def test_an_answer_of_one_part_cannot_contradict_itself(demo: Context) -> None:
    row = demo.training_examples("SAD")[0]
    assert not read(demo, "hybrid", "SAD", "This post shows other stress causes.").contradiction
    assert not read(demo, "hybrid", "SAD", row.explanation).contradiction


@pytest.mark.slow
def test_contradictions_are_found_in_official_answers(official: Context) -> None:
    """SAD: of 684 reference answers under the wrong sentence at least 90% are found, of the same
    answers as they are less than 1.5% are flagged."""
    declared = official.dataset("SAD")
    rows = list(official.examples("SAD", "test"))
    names = declared.label_names
    flagged = {"wrong": 0, "right": 0}
    for row in rows:
        wrong = names[(names.index(row.label) + 1) % len(names)]
        for kind, name in (("wrong", wrong), ("right", row.label)):
            text = f"{declared.label(name).sentence} Reasoning: {row.explanation}"
            flagged[kind] += read(official, "hybrid", "SAD", text).contradiction
    assert flagged["wrong"] / len(rows) >= 0.9
    assert flagged["right"] / len(rows) < 0.015


def test_what_came_of_the_answers_is_counted(
    manager: PluginManager, tmp_path: Path, demo: Context
) -> None:
    """An imported file of a plain, a contradictory, an empty, a refusing and a hinting answer."""
    yes = demo.dataset("DR").labels[0].sentence
    low = demo.training_examples("DR")
    argued = next(row.explanation for row in low if row.label == "yes")
    answers = [
        f"{yes} Reasoning: {argued}",
        "",
        "I cannot answer.",
        "The poster is depressed, no doubt.",
        "Their words suggest depression.",
    ]
    lines = ["goldens,generated_text"]
    lines += [f'"{yes} Reasoning: so","{answer}"' for answer in answers]
    (tmp_path / "DR.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = evaluate(
        f"imported:{tmp_path}",
        manager=manager,
        source=f"imported:{tmp_path}",
        split="imported",
        out=tmp_path / "runs",
        resamples=100,
    )
    counts = found.runs[0].labelling["DR"]
    assert (counts["n"], counts["unparsed"], counts["failed"]) == (5, 2, 0)
    assert counts["decided_by"] == {"strict": 2, "stance": 1}

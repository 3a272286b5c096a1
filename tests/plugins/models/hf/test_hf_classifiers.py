"""Sequence classifiers behind ``hf:``."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.errors import HarnessError
from imhi._core.records import Request
from tests import tiny_models
from tests.plugins.models.hf.asking import Asker, requests


def test_a_classifier_returns_label_and_probabilities(classifier: Path, ask: Asker) -> None:
    answered = ask(f"hf:{classifier}", requests())
    for response in answered.values():
        assert response.text == "" and response.probabilities is not None
        assert set(response.probabilities) == {"yes", "no"}
        assert sum(response.probabilities.values()) == pytest.approx(1)
        label = response.label or ""
        assert response.probabilities[label] == max(response.probabilities.values())
    assert {r.label for r in answered.values()} == {"yes", "no"}


def test_probabilities_do_not_depend_on_the_batch(classifier: Path, ask: Asker) -> None:
    together = ask(f"hf:{classifier}", requests(20))
    for key, response in ask(f"hf:{classifier},batch_size=1", requests(20)).items():
        assert together[key].label == response.label
        assert together[key].probabilities == pytest.approx(response.probabilities, abs=1e-5)


def test_a_post_beyond_a_classifiers_window_is_marked(classifier: Path, ask: Asker) -> None:
    answered = ask(
        f"hf:{classifier}", requests(posts=[" ".join(tiny_models.demo_posts()[:9]), "Short."])
    )
    assert answered["test-0"].truncated and answered["test-0"].prompt_tokens == 128
    assert not answered["test-1"].truncated
    assert "1 of 2 posts were longer than its window of 128 tokens" in ask.context.notes[0]


def test_where_a_dataset_asks_several_questions_the_question_counts(
    classifier: Path, ask: Asker
) -> None:
    post = tiny_models.demo_posts()[0]
    questions = ask.registry.datasets.get("IRF").questions
    asked = [
        Request(question.aspect, "IRF", "", "h", post, question.text, question.aspect)
        for question in questions
    ]
    first, second = ask(f"hf:{classifier}", asked).values()
    assert first.probabilities != second.probabilities


def test_labels_says_what_outputs_mean(folder: Path, classifier: Path, ask: Asker) -> None:
    unnamed = tiny_models.save_classifier(folder / "unnamed", ["LABEL_0", "LABEL_1"], window=128)
    with pytest.raises(
        HarnessError, match="labels are LABEL_0, LABEL_1, those of dataset DR are yes, no"
    ):
        ask(f"hf:{unnamed}", requests(1))
    named = ask(f"hf:{unnamed},labels=0:no;1:yes", requests(4))
    swapped = ask(f"hf:{unnamed},labels=0:yes;1:no", requests(4))
    for key, response in ask(f"hf:{classifier}", requests(4)).items():
        assert named[key].probabilities == pytest.approx(response.probabilities)
        assert swapped[key].label != response.label


def test_labels_must_name_every_output(classifier: Path, ask: Asker) -> None:
    with pytest.raises(HarnessError, match="expected each of 0 to 1 once"):
        ask.open(f"hf:{classifier},labels=0:no;2:yes")
    with pytest.raises(HarnessError, match="expected INDEX:LABEL"):
        ask.open(f"hf:{classifier},labels=no yes")

"""A task can be one YAML file; whatever is wrong with it is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.plugin_manager import load_plugins
from tests.conftest import Imhi

GOOD = """
task: mood detection
summary: Which mood does a post show?
dataset: mood
rows: mood.jsonl
question: What mood does this post show?
labels:
  happy: This post shows happiness.
  sad: {sentence: This post shows sadness., variants: [unhappy], completion: sadness}
"""
TWO = """
task: feelings
datasets:
  - dataset: calm
    questions: {body: "Is the body calm?", mind: "Is the mind calm?"}
    labels: {yes: "Yes, calm.", no: "No, not calm."}
    counts: {test: 12}
  - {dataset: awe, question: "Is there awe?", labels: {yes: "Yes, awe.", no: "No awe."}}
"""


def task_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mood.yaml"
    path.write_text(text)
    return path


def test_a_task_file_declares_a_task(tmp_path: Path) -> None:
    manager = load_plugins([task_file(tmp_path, GOOD)])
    assert manager.problems == []
    dataset = manager.registry.datasets.get("mood")
    assert manager.registry.task_of("mood").name == "mood detection"
    assert dataset.label_names == ("happy", "sad")
    assert dataset.label("sad").variants == ("unhappy",)
    assert dataset.label("sad").completion == "sadness"
    assert dataset.rows == str(tmp_path / "mood.jsonl")


def test_a_task_file_may_hold_several_datasets_and_questions(tmp_path: Path) -> None:
    registry = load_plugins([task_file(tmp_path, TWO)]).registry
    calm = registry.datasets.get("calm")
    assert [question.aspect for question in calm.questions] == ["body", "mind"]
    assert calm.label_names == ("yes", "no"), "a bare yes or no is a label, not a truth value"
    assert dict(calm.counts) == {"test": 12}
    assert [d.name for d in registry.tasks.get("feelings").datasets] == ["calm", "awe"]


def test_a_task_file_is_run_with_its_own_rows(imhi_here: Imhi, tmp_path: Path) -> None:
    task_file(tmp_path, GOOD)
    (tmp_path / "mood.jsonl").write_text(
        '{"post": "sun!", "label": "happy"}\n{"post": "rain", "label": "sad"}\n'
    )
    words = "run --plugin mood.yaml --source own -m baseline:majority --metric accuracy --json"
    said = imhi_here(*words.split(), "--labeler", "strict")
    assert said.code == 0, said.err
    assert {(row["dataset"], row["n"]) for row in said.json["scores"]} == {("mood", 2)}


BAD = {
    "not YAML": ("task: [", "not YAML"),
    "not UTF-8": (b"task: caf\xe9\n", "found byte 0xe9 at position 9, expected UTF-8"),
    "empty": ("", "found nothing, expected a mapping with the key 'task'"),
    "a list": ("- task\n", "expected a mapping with the key 'task'"),
    "unknown key": (GOOD + "colour: red\n", "found the unknown field 'colour'"),
    "misspelt key": (GOOD.replace("question:", "qestion:"), "did you mean 'question'?"),
    "no task": (GOOD.replace("task: mood detection", ""), "task: found nothing, expected a text"),
    "task is a number": (GOOD.replace("mood detection", "3"), "task: found 3, expected a text"),
    "no dataset": (GOOD.replace("dataset: mood", ""), "dataset: found nothing, expected a text"),
    "no question": (GOOD.replace("question: What", "note: What"), "question: found nothing"),
    "no labels": (GOOD.partition("labels:")[0], "labels: found nothing, expected label: sentence"),
    "labels are a list": (GOOD.partition("labels:")[0] + "labels: [a]\n", "labels: found ['a']"),
    "label is a number": (GOOD.replace("This post shows happiness.", "7"), "labels.happy: found 7"),
    "label without sentence": (GOOD.replace("sentence: This post shows sadness.,", ""), "sentence"),
    "unknown label key": (GOOD.replace("variants:", "variant:"), "did you mean 'labels.variants'?"),
    "variants are a text": (GOOD.replace("[unhappy]", "unhappy"), "expected a list of texts"),
    "rows are a number": (GOOD.replace("mood.jsonl", "5"), "rows: found 5, expected a path"),
    "questions are a list": (
        GOOD.replace("question: What mood does this post show?", "questions: [a]"),
        "expected a mapping 'aspect: question'",
    ),
    "datasets are a text": ("task: t\ndatasets: mood\n", "datasets: found 'mood', expected a list"),
    "no datasets": ("task: t\ndatasets: []\n", "datasets: found [], expected a list"),
    "dataset is a text": ("task: t\ndatasets: [mood]\n", "found 'mood', expected a mapping"),
    "counts are a list": (GOOD + "counts: [1, 2]\n", "counts: found [1, 2]"),
    "count is a text": (GOOD + "counts: {test: many}\n", "counts.test: found 'many'"),
    "stray keys beside datasets": (
        TWO + "question: Which?\n",
        "unknown field 'question': did you mean 'datasets.question'?",
    ),
    "doubled label": (GOOD + "  sad: Again.\n", "line 10: found the key 'sad' a second time"),
    "taken name": (GOOD.replace("dataset: mood", "dataset: DR"), "already registered"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_task_file_is_one_line_that_names_the_place(
    kind: str, imhi_here: Imhi, tmp_path: Path
) -> None:
    text, message = BAD[kind]
    path = tmp_path / "mood.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    said = imhi_here("tasks", "--plugin", "mood.yaml")
    assert said.code == 2 and said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("imhi: plugin mood (mood.yaml)") and message in line, line


@pytest.mark.parametrize("name", ["plugin.txt", "plugin", "folder"])
def test_a_plugin_of_another_kind_is_refused(name: str, imhi_here: Imhi, tmp_path: Path) -> None:
    (tmp_path / "plugin.txt").write_text("")
    (tmp_path / "plugin").write_text("")
    (tmp_path / "folder").mkdir()
    said = imhi_here("tasks", "--plugin", name)
    assert said.code == 2
    assert said.complaint.startswith(f"imhi: plugin file {name}: ")

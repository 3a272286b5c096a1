"""Depression detection: DR and CLP."""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Dataset, Label, Question, Task, hookimpl

_LABELS = (
    Label(
        "yes",
        "Yes, the poster suffers from depression.",
        variants=(
            "the poster suffers from depression",
            "the poster is suffering from depression",
            "the poster is depressed",
            "the poster has depression",
        ),
    ),
    Label(
        "no",
        "No, the poster does not suffer from depression.",
        variants=(
            "the poster does not suffer from depression",
            "the poster is not suffering from depression",
            "the poster is not depressed",
            "the poster does not have depression",
        ),
    ),
)

_QUESTIONS = (
    Question(
        "Does the poster suffer from depression?",
        stem='The answer to the question "Does the poster suffers from depression?" is ',
        terms=("depression", "depressed", "depressive"),
    ),
)


@hookimpl
def imhi_tasks() -> Iterator[Task]:
    yield Task(
        "depression detection",
        "Does the poster suffer from depression?",
        (
            Dataset("DR", _LABELS, _QUESTIONS, counts={"train": 1003, "val": 430, "test": 405}),
            Dataset(
                "CLP",
                _LABELS,
                _QUESTIONS,
                counts={"train": 456, "val": 196, "test": 299},
                note="the test data are not public",
            ),
        ),
    )

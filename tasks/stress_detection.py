"""Stress detection: dreaddit."""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Dataset, Label, Question, Task, hookimpl


@hookimpl
def imhi_tasks() -> Iterator[Task]:
    labels = (
        Label(
            "yes",
            "Yes, the poster suffers from stress.",
            variants=(
                "the poster suffers from stress",
                "the poster is suffering from stress",
                "the poster is stressed",
            ),
        ),
        Label(
            "no",
            "No, the poster does not suffer from stress.",
            variants=(
                "the poster does not suffer from stress",
                "the poster is not suffering from stress",
                "the poster is not stressed",
            ),
        ),
    )
    question = Question(
        "Does the poster suffer from stress?",
        stem='The answer to the question "Does the poster suffers from stress?" is ',
        terms=("stress", "stressed", "stressful"),
    )
    yield Task(
        "stress detection",
        "Does the poster suffer from stress?",
        (
            Dataset(
                "dreaddit", labels, (question,), counts={"train": 2837, "val": 300, "test": 414}
            ),
        ),
    )

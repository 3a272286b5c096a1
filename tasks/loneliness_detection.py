"""Loneliness detection: the loneliness dataset."""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Dataset, Label, Question, Task, hookimpl


@hookimpl
def imhi_tasks() -> Iterator[Task]:
    labels = (
        Label(
            "yes",
            "Yes, the poster suffers from loneliness.",
            variants=(
                "the poster suffers from loneliness",
                "the poster is suffering from loneliness",
                "the poster is lonely",
            ),
        ),
        Label(
            "no",
            "No, the poster does not suffer from loneliness.",
            variants=(
                "the poster does not suffer from loneliness",
                "the poster is not suffering from loneliness",
                "the poster is not lonely",
            ),
        ),
    )
    question = Question(
        "Does the poster suffer from loneliness?",
        stem='The answer to the question "Does the poster suffers from loneliness?" is ',
        terms=("loneliness", "lonely"),
    )
    yield Task(
        "loneliness detection",
        "Does the poster suffer from loneliness?",
        (
            Dataset(
                "loneliness",
                labels,
                (question,),
                counts={"train": 2463, "val": 527, "test": 531},
                note="the published test file has 528 of the 531 rows",
            ),
        ),
    )

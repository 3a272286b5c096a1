"""Wellness dimensions detection: MultiWD, six questions about each post."""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Dataset, Label, Question, Task, hookimpl

DIMENSIONS = ("spiritual", "physical", "intellectual", "social", "vocational", "emotional")

_TERMS = {
    "spiritual": ("spirituality", "spiritual"),
    "physical": ("physical", "physically"),
    "intellectual": ("intellectual", "intellectually"),
    "social": ("social",),
    "vocational": ("vocational", "vocation"),
    "emotional": ("emotional", "emotionally"),
}


@hookimpl
def imhi_tasks() -> Iterator[Task]:
    labels = (
        Label(
            "yes",
            "Yes, this wellness dimension exists in the post.",
            variants=(
                "this wellness dimension exists in the post",
                *(f"the {d} wellness dimension exists in the post" for d in DIMENSIONS),
                *(f"the {d} wellness dimension does exist in the post" for d in DIMENSIONS),
            ),
        ),
        Label(
            "no",
            "No, this wellness dimension does not exist in the post.",
            variants=(
                "this wellness dimension does not exist in the post",
                *(f"the {d} wellness dimension does not exist in the post" for d in DIMENSIONS),
            ),
        ),
    )
    questions = tuple(
        Question(
            f"Does the {d} wellness dimension exist in the post?",
            stem=f'The answer to the question "Does the {d} wellness dimension exists in the '
            'post?" is ',
            aspect=d,
            terms=(
                f"{d} wellness",
                f"{d} dimension",
                f"{d} aspect",
                "wellness dimension",
                *_TERMS[d],
            ),
        )
        for d in DIMENSIONS
    )
    counts = {"train": 15744, "val": 1500, "test": 2441}
    yield Task(
        "wellness dimensions detection",
        "Which of six wellness dimensions are in a post?",
        (Dataset("MultiWD", labels, questions, counts=counts),),
    )

"""Interpersonal risk factors detection: IRF, two questions about each post."""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Dataset, Label, Question, Task, hookimpl

FACTORS = ("thwarted belongingness", "perceived burdensomeness")

_TERMS = {
    "thwarted belongingness": (
        "belongingness",
        "belonging",
        "lack of belonging",
        "lack of belongingness",
        "not belonging",
        "this risk",
    ),
    "perceived burdensomeness": ("burdensomeness", "burdensomness", "burden", "this risk"),
}


@hookimpl
def imhi_tasks() -> Iterator[Task]:
    labels = (
        Label(
            "yes",
            "Yes, the post shows this risk.",
            variants=(
                "the post shows this risk",
                *(f"the post shows risk of {f}" for f in FACTORS),
                *(f"the post shows a risk of {f}" for f in FACTORS),
                *(f"the post does show risk of {f}" for f in FACTORS),
                *(f"the post does show a risk of {f}" for f in FACTORS),
            ),
        ),
        Label(
            "no",
            "No, the post does not show this risk.",
            variants=(
                "the post does not show this risk",
                *(f"the post does not show risk of {f}" for f in FACTORS),
                *(f"the post does not show a risk of {f}" for f in FACTORS),
            ),
        ),
    )
    questions = tuple(
        Question(
            f"Does the post show risk of {f}?",
            stem=f'The answer to the question: "Does the post shows risk of {f}?" is ',
            aspect=f,
            terms=(f, *_TERMS[f]),
        )
        for f in FACTORS
    )
    counts = {"train": 3943, "val": 985, "test": 2113}
    yield Task(
        "interpersonal risk factors detection",
        "Does a post show an interpersonal risk factor of suicide?",
        (Dataset("IRF", labels, questions, counts=counts),),
    )

"""Depression/suicide cause detection: CAMS."""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Dataset, Label, Question, Task, hookimpl

_ABUSE = tuple(
    f"{kind} abuse" for kind in ("emotional", "physical", "sexual", "verbal", "domestic")
)
_JOBS = (
    "job and career",
    "jobs and careers",
    "jobs or career",
    "job",
    "job-related stress",
    "work",
    "work-related stress",
    "career",
)


def _cause(name: str, *variants: str) -> Label:
    sentence = f"This post shows causes of depression related to {name}."
    return Label(name, sentence, variants=variants)


@hookimpl
def imhi_tasks() -> Iterator[Task]:
    labels = (
        _cause("bias or abuse", "bias and abuse", *_ABUSE),
        _cause("jobs and career", *_JOBS),
        _cause("medication"),
        _cause("relationship", "relationships", "relationship issues", "relationship problems"),
        _cause("alienation", "social isolation", "isolation", "alienated", "loneliness"),
        Label(
            "none",
            "This post shows no causes of depression.",
            variants=(
                "no causes of depression",
                "no cause of depression",
                "no causes",
                "no reason",
            ),
            denies=("cause of depression", "causes of depression", "cause", "causes"),
        ),
    )
    question = Question(
        "What cause of depression does this post show?",
        stem="This post shows the mental disorder cause of ",
        terms=(
            "depression",
            "depressive",
            "mental disorder",
            "mental disorders",
            "mental health",
            "cause",
            "causes",
        ),
    )
    counts = {"train": 2207, "val": 320, "test": 625}
    yield Task(
        "depression/suicide cause detection",
        "What is the cause of the depression in a post?",
        (Dataset("CAMS", labels, (question,), counts=counts),),
    )

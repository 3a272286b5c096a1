"""Depression/suicide cause detection: CAMS."""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Dataset, Label, Question, Task, hookimpl

# Words by which an answer that names no label means one all the same.
_CUES = {
    "bias or abuse": "bias abuse abused abusive bullying bullied harassment assault discrimination "
    "racism trauma traumatic violence stigma neglect",
    "jobs and career": "job jobs career work workplace boss unemployment unemployed school college "
    "exam exams studies academic degree financial money",
    "medication": "medication medications medicine antidepressants drug drugs alcohol addiction "
    "withdrawal dosage pills side-effects treatment",
    "relationship": "relationship relationships breakup girlfriend boyfriend partner husband wife "
    "marriage divorce friend friends friendship family parents mother father",
    "alienation": "alienation alienated isolation isolated lonely loneliness worthless worthlessness "
    "meaningless emptiness disconnected outcast",
}


def _cause(name: str, *variants: str) -> Label:
    sentence = f"This post shows causes of depression related to {name}."
    return Label(name, sentence, variants=variants, cues=tuple(_CUES[name].split()))


@hookimpl
def imhi_tasks() -> Iterator[Task]:
    labels = (
        _cause("bias or abuse", "bias and abuse", "abuse"),
        _cause("jobs and career", "job and career", "jobs and careers", "jobs or career"),
        _cause("medication"),
        _cause("relationship", "relationships"),
        _cause("alienation"),
        Label(
            "none",
            "This post shows no causes of depression.",
            variants=(
                "no causes of depression",
                "no cause of depression",
                "no causes",
                "no reason",
            ),
        ),
    )
    question = Question(
        "What cause of depression does this post show?",
        stem="This post shows the mental disorder cause of ",
    )
    counts = {"train": 2207, "val": 320, "test": 625}
    yield Task(
        "depression/suicide cause detection",
        "What is the cause of the depression in a post?",
        (Dataset("CAMS", labels, (question,), counts=counts),),
    )

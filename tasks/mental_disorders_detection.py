"""Mental disorders detection: SWMH and T-SID."""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Dataset, Label, Question, Task, hookimpl

# Other words for the disorders, and for what an answer denies that finds none.
_DEPRESSION = (
    "major depressive disorder",
    "major depression",
    "clinical depression",
    "severe depression",
    "depressive disorder",
    "depressive symptoms",
    "depressed mood",
    "depressed",
    "mdd",
)
_PTSD = (
    "post-traumatic stress disorder",
    "post traumatic stress disorder",
    "posttraumatic stress disorder",
)
_SUICIDE = (
    "suicide",
    "suicidal",
    "suicidal ideation",
    "suicidal thoughts",
    "suicidal tendencies",
    "suicidality",
)
_DISORDERS = (
    "mental disorder",
    "mental disorders",
    "mental health disorder",
    "mental health disorders",
    "mental illness",
    "mental health condition",
    "mental health conditions",
    "mental health issue",
    "mental health issues",
    "psychiatric disorder",
    "disorder",
)

_STEM = "This post shows the mental disorder symptoms of "


def _symptoms(name: str, *variants: str) -> Label:
    sentence = f"This post shows mental disorder symptoms related to {name}."
    return Label(name, sentence, variants=variants)


@hookimpl
def imhi_tasks() -> Iterator[Task]:
    swmh = Dataset(
        "SWMH",
        (
            _symptoms("anxiety"),
            _symptoms("bipolar disorder", "bipolar"),
            _symptoms("depression", *_DEPRESSION),
            _symptoms("suicide", *_SUICIDE),
            Label(
                "none",
                "This post shows no mental disorder symptoms.",
                # No completion file of SWMH is public: T-SID's wording, which shares its stem.
                completion="no mental disorders",
                variants=("no mental disorder symptoms", "no mental disorders", "no symptoms"),
                denies=_DISORDERS,
            ),
        ),
        (Question("What mental disorder symptoms does this post show?", stem=_STEM),),
        counts={"train": 34822, "val": 8705, "test": 10882},
        note="only 35 expert rows are public",
    )
    tsid = Dataset(
        "T-SID",
        (
            Label("depression", "This post shows depression.", variants=_DEPRESSION),
            Label("PTSD", "This post shows PTSD.", variants=_PTSD),
            Label(
                "suicide or self-harm tendency",
                "This post shows suicide or self-harm tendency.",
                variants=("suicide or self-harm", "self-harm", "self-harm tendency", *_SUICIDE),
            ),
            Label(
                "none",
                "This post shows no mental disorders.",
                completion="no mental disorders",
                variants=("no mental disorders", "no mental disorder"),
                denies=_DISORDERS,
            ),
        ),
        (Question("What mental disorder does this post show?", stem=_STEM),),
        aliases=("tsid", "t_sid"),
        counts={"train": 3071, "val": 767, "test": 959},
    )
    yield Task(
        "mental disorders detection", "Which mental disorder does a post show?", (swmh, tsid)
    )

"""Stress cause detection: SAD."""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Dataset, Label, Question, Task, hookimpl

# Words by which an answer that names no label means one all the same.
_CUES = {
    "school": (
        "school college university academic academically exam exams test tests midterm "
        "midterms final finals homework thesis class classes grade grades student students "
        "study studying studies graduation scholarship scholarships essay teacher professor "
        "assignment assignments education educational semester coursework dissertation "
        "tuition"
    ),
    "financial problem": (
        "money financial financially finances finance debt debts bill bills rent mortgage "
        "loan loans income budget economic expense expenses afford unemployed unemployment "
        "payment payments paycheck salary poverty"
    ),
    "family issues": (
        "family parent parents mother mom mum father dad sister sisters brother brothers "
        "sibling siblings son daughter child children kids in-laws husband wife spouse "
        "marriage marital grandparents grandmother grandfather relatives parenting divorce "
        "household"
    ),
    "social relationships": (
        "boyfriend girlfriend dating friend friends friendship friendships romantic partner "
        "breakup roommate roommates girl crush isolation loneliness lonely interpersonal "
        "isolated date"
    ),
    "work": (
        "work working worked work-life teaching job jobs boss coworker coworkers co-workers colleague "
        "colleagues workplace career employer employment shift shifts "
        "project projects workload manager customers staff meeting meetings worker "
        "professional"
    ),
    "health issues": (
        "health illness sick sickness disease diagnosis diagnosed dental dentist appointment "
        "pain sleep insomnia surgery cancer medical "
        "doctor hospital migraine injury pregnancy pregnant weight headache medication "
        "symptoms fatigue"
    ),
    "emotion turmoil": "grief grieving grieved death dying died bereavement heartbreak",
    "everyday decision making": (
        "decision decisions deciding decide choice choices choosing chores cleaning cooking "
        "meal planning errands packing "
        "laundry procrastination"
    ),
}

_FINANCIAL = (
    "financial",
    "financial problems",
    "financial issues",
    "financial difficulties",
    "financial stress",
    "financial strain",
    "financial concerns",
    "finances",
    "money",
)


def _cause(name: str, *variants: str, completion: str = "", weak: str = "") -> Label:
    return Label(
        name,
        f"This post shows the stress cause related to {name}.",
        completion,
        variants,
        cues=tuple(_CUES.get(name, "").split()),
        weak_cues=tuple(weak.split()),
    )


@hookimpl
def imhi_tasks() -> Iterator[Task]:
    labels = (
        _cause("school", "school work", "schoolwork", "academics", "academic"),
        _cause("financial problem", *_FINANCIAL),
        _cause("family issues", "family issue", "family problems", "family"),
        _cause(
            "social relationships",
            "social relationship",
            "social relations",
            "romantic relationship",
            "romantic relationships",
            weak="relationship relationships",
        ),
        _cause("work", "work-related", "work-related stress", "work stress", "job", "workplace"),
        _cause("health issues", "health issue", "health problems", "health"),
        _cause("emotion turmoil", "emotional turmoil", completion="emotional turmoil"),
        _cause("everyday decision making", "everyday decision-making", "decision making"),
        Label(
            "other",
            "This post shows other stress causes.",
            completion="other causes",
            variants=("other stress causes", "other causes", "others"),
            catch_all=True,
        ),
    )
    question = Question(
        "What is the stress cause of this post?",
        stem="This post shows the stress cause of ",
        terms=(
            "stress",
            "stresses",
            "stressed",
            "stressful",
            "stressor",
            "stressors",
            "cause",
            "causes",
        ),
    )
    counts = {"train": 5547, "val": 616, "test": 684}
    yield Task(
        "stress cause detection",
        "What is the cause of the stress in a post?",
        (Dataset("SAD", labels, (question,), counts=counts),),
    )

"""The check ``leakage``, on planted leaks, on published explanations and on real model output.

Share of published explanations that are found, beside the share that says "the appropriate label"
or "the assigned label" (../shared/FACTS.md, 8: SAD's test split 57%; the 8% of T-SID and the 9% of
CAMS are of files that are not here):

========  =======  ==========  =====================
dataset   rows     found       appropriate, assigned
========  =======  ==========  =====================
SAD       6,847    69.2%       59.4%
dreaddit  3,551    2.5%        0.3%
DR        1,838    2.0%        0.2%
IRF       3,098    0.8%        0.0%
MultiWD   3,941    0.1%        0.0%
========  =======  ==========  =====================

Answers of models that were given no label: Vicuna 13B 0 of 6,057, Gemma 7B 0 of 6,057. MentaLLaMA
7B, which was trained on the published explanations, has learnt to speak of labels: 71% on SAD.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from imhi.build.checks.leakage import Settings as LeakageSettings, find
from imhi.build.records import BuiltRow
from tests.imhi_build.checks.corpora import a_row, found, recall_and_precision

# Written for this test, after the patterns.
LEAKS = (
    "The label says yes, and the post shows why: nothing gives the poster joy.",
    "As labelled, the poster suffers from depression.",
    "Based on the label, the poster must be depressed.",
    "The given label is yes because the poster cries every night.",
    "The correct label is yes.",
    "The poster cannot sleep. This supports the assigned label.",
    "Hopelessness is evident, so the label is justified.",
    'Hence the label "yes" fits.',
    "According to the given label, the poster is depressed.",
    "Like in the first example, the poster withdraws from friends.",
    "This is less severe than in the previous example.",
    "As in the examples above, the poster speaks of emptiness.",
    "Similar to the other examples, guilt is a sign.",
    "The prompt asks for a reason, so here it is: the poster is tired of life.",
    "The post was labelled as depressed for good reason.",
    "It fits none of the listed categories but this one.",
    "From the list of options provided, this is the closest.",
    "The annotators were right: this is depression.",
    "The ground truth is depression, which the sleeplessness explains.",
    "Therefore, I assign the label yes.",
    "The label of the post is consistent with the symptoms.",
    "All this explains the label.",
    "In line with the provided label, the poster shows loss of interest.",
    "The reasoning for this label is the poster's despair.",
)

NO_LEAKS = (
    "The poster labels himself a failure and a burden.",
    "They were labelled as lazy at school, which still hurts.",
    "She fears being labeled an attention seeker.",
    "The poster rejects the label of bipolar that a doctor gave.",
    "For example, the poster cannot get out of bed.",
    "The poster gives several examples of being ignored, e.g. at dinner.",
    "Being bullied is another example of the violence they describe.",
    "The poster sets an example for her children and is tired of it.",
    "There is not enough in the post to label the poster as depressed.",
    "The poster works at a record label and hates the job.",
    "Reading the warning label on the pills frightens the poster.",
    "The writing prompt at therapy made the poster cry.",
    "The poster has few options left and sees no way out.",
    "Her instructions to the doctor were ignored.",
    "The poster is given a list of chores every day.",
    'The poster wrote "the label says two pills a day" and took ten.',
    "The poster was assigned to another team against her will.",
    "They feel as low as in the previous year.",
)


@pytest.mark.parametrize("text", LEAKS)
def test_what_speaks_of_a_label_or_of_examples_is_found(text: str) -> None:
    assert len(list(find([a_row("I cry.", text)], LeakageSettings()))) == 1


@pytest.mark.parametrize("text", NO_LEAKS)
def test_labels_that_people_give_and_examples_of_their_lives_pass(text: str) -> None:
    row = a_row("It is late. The label says two pills a day, I took ten.", text)
    assert not list(find([row], LeakageSettings()))


def test_the_label_of_the_row_itself_is_known() -> None:
    text = "All of this is best described by the label financial problem in my view."
    stressed = a_row("Rent is due.", text, dataset="SAD", label="financial problem")
    other = dataclasses.replace(stressed, label="school")
    assert list(find([stressed], LeakageSettings()))
    assert not list(find([other], LeakageSettings()))


def test_a_list_of_options_is_no_leak_where_the_question_has_one() -> None:
    text = "None of the other listed categories is met."
    question = "Which of these causes does the post show: school, work, or other?"
    row = a_row("Exams are near.", text, label="school")
    assert list(find([row], LeakageSettings()))
    assert not list(find([dataclasses.replace(row, question=question)], LeakageSettings()))


def test_kinds_can_be_chosen_and_expressions_added() -> None:
    rows = [
        a_row("I cry.", "As in the first example, guilt is a sign."),
        a_row("I cry.", "The assigned label is yes."),
        a_row("I cry.", "Gold: yes."),
    ]
    settings = LeakageSettings(kinds=("examples",), also=(r"\bgold: {label}",))
    assert found(find(rows, settings)) == {rows[0].key, rows[2].key}


@pytest.mark.parametrize("settings", [{"kinds": ["colour"]}, {"also": ["["]}])
def test_settings_that_mean_nothing_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LeakageSettings(**settings)


# --- real rows ---------------------------------------------------------------------------------


def test_planted_leaks_are_found_in_published_explanations(
    all_published: list[BuiltRow],
) -> None:
    clean = [row for row in all_published if "label" not in row.explanation.lower()]
    rows = random.Random(2).sample(
        [r for r in clean if not list(find([r], LeakageSettings()))], 1600
    )
    planted = [
        dataclasses.replace(row, explanation=f"{row.explanation} {LEAKS[number % len(LEAKS)]}")
        for number, row in enumerate(rows[:400])
    ]
    said = found(find([*planted, *rows[400:]], LeakageSettings()))
    recall, precision = recall_and_precision(said, [row.key for row in planted])
    assert (recall, precision) >= (0.99, 1.0)


@pytest.mark.parametrize(
    ("dataset", "least", "most"),
    [
        ("SAD", 0.66, 0.72),
        ("dreaddit", 0.02, 0.03),
        ("DR", 0.015, 0.025),
        ("IRF", 0.005, 0.012),
        ("MultiWD", 0, 0.002),
    ],
)
def test_shares_of_published_explanations_that_are_found(
    published: Callable[..., list[BuiltRow]], dataset: str, least: float, most: float
) -> None:
    # Of SAD the smaller splits, for time.
    rows = published(dataset, "val", "test") if dataset == "SAD" else published(dataset)
    share = len(found(find(rows, LeakageSettings()))) / len(rows)
    assert least <= share <= most


def test_every_explanation_that_says_assigned_or_appropriate_label_is_found(
    all_published: list[BuiltRow], published: Callable[..., list[BuiltRow]]
) -> None:
    def says_so(row: BuiltRow) -> bool:
        text = row.explanation.lower()
        return "appropriate label" in text or "assigned label" in text

    test = published("SAD", "test")
    assert 0.56 < sum(map(says_so, test)) / len(test) < 0.575  # FACTS, 8
    others = [row for row in all_published if row.dataset != "SAD" or row.split == "val"]
    said = [row for row in [*test, *others] if says_so(row)]
    assert len(said) > 700
    assert len(list(find(said, LeakageSettings()))) == len(said)


def test_published_explanations_on_labels_that_others_give_pass(
    all_published: list[BuiltRow],
) -> None:
    """Read by hand: the published explanations outside SAD that have the word and no leak speak of
    labels that people give, or say that a post is not enough to label its poster."""
    rows = [
        row
        for row in all_published
        if row.dataset != "SAD" and "being label" in row.explanation.lower()
    ]
    assert len(rows) >= 8
    assert not list(find(rows, LeakageSettings()))


def test_models_that_were_given_no_label_speak_of_none(
    outputs: Callable[[str], list[BuiltRow]],
) -> None:
    for model in ("vicuna_13B", "Gemma_instruct_7B"):
        rows = outputs(model)[::2]  # of all, none is found, either
        assert not list(find(rows, LeakageSettings())), model


def test_a_model_that_was_trained_on_leaks_leaks(
    outputs: Callable[[str], list[BuiltRow]],
) -> None:
    rows = [row for row in outputs("Mentallama-7B") if row.dataset == "SAD"]
    assert len(found(find(rows, LeakageSettings()))) / len(rows) > 0.65

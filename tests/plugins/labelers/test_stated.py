"""What counts as a label that an answer states. All answers here were written for this test."""

from __future__ import annotations

import time

import pytest

from imhi._core.context import Context
from imhi._core.declarations import Dataset, Label, Question
from imhi.plugins.labelers.reading.options import picked, split_options
from imhi.plugins.labelers.reading.stated import read as read_answer
from imhi.plugins.labelers.reading.wordings import wordings
from tests.plugins.labelers.reading import read

NONE = None

ANSWERS: dict[str, list[tuple[str, str | None, str]]] = {
    "an explicit answer wins, wherever it stands": [
        ("CAMS", "relationship", "Her job is hard. Answer: relationship"),
        ("SAD", "school", "They work and have a family. The correct answer is: School."),
        ("SAD", "work", "Tired of it all. Therefore, the appropriate label for this post is Work."),
        ("T-SID", "depression", "The correct answer is: Major Depressive Disorder."),
        ("DR", "no", '{"label": "no", "explanation": "a joke"}'),
        ("DR", "yes", "<answer>Yes</answer>"),
        ("DR", "no", "The final answer is $\\boxed{\\text{No}}$."),
        ("DR", "yes", "Depression: yes\nSeverity: high"),
        ("DR", "no", "I would say no, because they laugh about it."),
    ],
    "an option that the answer itself defines": [
        ("SAD", "family issues", "A. Work\nB. School\nC. Family issues\nAnswer: C. Family issues"),
        ("SAD", "school", "A) Work B) School C) Money\n\nThe correct answer is (B)."),
        ("DR", "no", "a) Yes\nb) No\n\nAnswer: b"),
        ("CAMS", "none", "A. No causes suggested. Reasoning: the relationship is fine."),
    ],
    "options without a choice": [
        ("CAMS", NONE, "A) Social isolation B) Lack of purpose C) Abuse ... Please select one"),
        ("SAD", NONE, "1. School 2. Work 3. Family issues"),
        ("DR", NONE, "A. Yes, they seem depressed.\nB. No, they seem fine.\nC. Nobody can say."),
        ("DR", NONE, "Please select one of the following options:\n\nYes, it does.\nNo, not so."),
        ("DR", NONE, "Yes, the poster suffers.\n\nNo, the poster is without depression."),
    ],
    "an answer that is none of the labels": [
        ("T-SID", NONE, "A. Depression\nB. Anxiety\n\nAnswer: B. Anxiety"),
        ("T-SID", NONE, "The answer is: Social Anxiety Disorder. They avoid people."),
        ("CAMS", NONE, "Answer: hopelessness"),
    ],
    "the label in prose": [
        ("T-SID", "depression", "This post shows signs of depression."),
        ("T-SID", "suicide or self-harm tendency", "The post shows suicidal ideation."),
        ("T-SID", "none", "The post does not show any mental disorder."),
        ("T-SID", "none", "Reasoning: There is no indication of any mental disorder in this post."),
        ("T-SID", "depression", "The post talks of dying. Therefore, it is likely depression."),
        ("T-SID", NONE, "This post shows signs of depression and suicidal ideation."),
        ("T-SID", NONE, "It could be depression, anxiety, or burnout that the poster has."),
        ("CAMS", "alienation", "The post shows a cause of depression as social isolation."),
        ("SAD", "work", "They experience stress related to their work environment."),
        ("SAD", NONE, "They work hard, see friends and go to school."),
        ("SAD", NONE, "The stress could have various causes, such as work, school and family."),
    ],
    "a denial reaches as far as its clause": [
        (
            "loneliness",
            "yes",
            "The mention of having no friends further emphasizes their loneliness.",
        ),
        ("loneliness", "no", "There is no mention of friends, family or any loneliness."),
        ("DR", "yes", "They have no hope left, which indicates depression."),
        ("DR", "no", "The post does not contain words that would suggest depression."),
        ("DR", "no", "It is unlikely that the poster is suffering from depression."),
        (
            "DR",
            "yes",
            "While the post does not mention it, the words of the poster suggest depression.",
        ),
        ("IRF", "yes", "The poster describes a lack of belonging."),
    ],
    "a denial of what is thought is one of what follows": [
        ("DR", "no", "I don't think the poster is depressed."),
        ("DR", "no", "It doesn't look like the poster is depressed."),
        ("DR", "no", "Nothing suggests that the poster is depressed."),
        ("DR", "no", "The post displays none of the hallmarks of depression."),
        ("DR", "no", "The poster no longer suffers from depression."),
    ],
    "a denial of something else": [
        ("DR", "yes", "The poster doesn't know how to cope with their depression."),
        ("DR", "yes", "They struggle with depression, and the poster doesn't feel able to talk."),
        ("loneliness", "yes", "The poster can't shake the loneliness."),
        ("DR", "yes", "No energy, no sleep, no hope: the poster suffers from depression."),
    ],
    "a field counts where it is about what is asked": [
        ("DR", "no", "Hopelessness: yes\nDepression: no"),
        ("DR", "yes", "Mania: No\nPsychosis: No\n\nThe poster suffers from depression."),
        ("DR", "yes", '{"depression": true}'),
        ("dreaddit", "yes", "Stress: Present"),
        ("SAD", "emotion turmoil", '{"stress_cause": "emotional turmoil"}'),
        ("T-SID", "none", "Mental disorder: None"),
        ("SAD", "work", "Final: Work"),
        ("SAD", "work", "I would go with work."),
    ],
    "what is cited, or taken back at once": [
        ("DR", "no", "> Answer: yes\n\nNo, the poster does not suffer from depression."),
        ("DR", "yes", "I'd say no, but the poster suffers from depression."),
        ("DR", NONE, "The poster may or may not be suffering from depression."),
        ("DR", NONE, "Signs of depression include: low mood, fatigue, guilt."),
    ],
    "hedges, refusals and what they do": [
        ("DR", "yes", "The post suggests that the poster may be experiencing depression."),
        ("DR", NONE, "It is possible that the poster has depression."),
        ("DR", NONE, "It is hard to say. Their tiredness could be a sign of depression."),
        ("DR", "yes", "I cannot diagnose anyone. However, the post shows symptoms of depression."),
        ("DR", "yes", "The poster shows symptoms of depression. I cannot give medical advice."),
        (
            "DR",
            NONE,
            "Some signs of depression may be there. It cannot be determined from one post.",
        ),
        (
            "DR",
            NONE,
            "The post does not mention depression, therefore I cannot answer the question.",
        ),
        ("DR", NONE, "If you suffer from depression, please seek professional help."),
    ],
    "what comes after the answer is not part of it": [
        ("DR", "yes", 'Yes.\n\nConsider this post: "What a day!" Question: Does he? Answer: No.'),
        (
            "SAD",
            "school",
            "The stress cause is school.\nPost: My boss shouts.\nQuestion: What is it? Work.",
        ),
        ("DR", NONE, 'Consider this post: "I am well." Question: Is he? Answer: No.'),
    ],
    "the words of the post are not the answer's": [
        ("DR", NONE, 'The phrase "this is depression" is quoted by the poster from a song.'),
    ],
    "a cause in other words": [
        ("SAD", "school", "The stress cause of this post is the upcoming exams."),
        ("SAD", "financial problem", "The stress cause is the rent that she cannot afford."),
        ("SAD", "family issues", "Her sister's behavior is causing stress to her."),
        ("SAD", NONE, "The stress cause is a dog that barks."),
        ("SAD", NONE, "The stress cause is the exam, the boss and the rent."),
    ],
}
TABLE = [(kind, *answer) for kind, answers in ANSWERS.items() for answer in answers]


@pytest.mark.parametrize(
    ("dataset", "label", "text"),
    [row[1:] for row in TABLE],
    ids=[f"{row[0]}: {row[3][:40]}".replace("\n", " ") for row in TABLE],
)
def test_label_of(demo: Context, dataset: str, label: str | None, text: str) -> None:
    found = read(demo, "hybrid", dataset, text)
    assert found.label == label
    assert found.status == ("unparsed" if label is None else "labelled")
    assert bool(found.why) == (label is None)


def test_another_aspect_s_label_is_no_answer(demo: Context) -> None:
    text = (
        "The post shows risk of thwarted belongingness. It does not show risk of perceived "
        "burdensomeness."
    )
    assert read(demo, "hybrid", "IRF", text, "thwarted belongingness").label == "yes"
    assert read(demo, "hybrid", "IRF", text, "perceived burdensomeness").label == "no"


def test_options_are_taken_out_of_the_text_and_found_by_their_letter() -> None:
    rest, offered = split_options("which? a) work b) school c) other\nanswer: b")
    assert offered == {"a": "work", "b": "school", "c": "other"}
    assert "work" not in rest
    assert picked(rest, offered) == "school"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("B", "calm"),
        ("(b)", "calm"),
        ("A. They dance.", "happy"),
        ("The answer is C.", "sad"),
        ("C, since they lost their home.", "sad"),
        ("**Answer:** B) Calm", "calm"),
        ("Happy", "happy"),
        ("D", NONE),
        ("A post about a home.", NONE),
        ("B or C, hard to say.", NONE),
        ("A) Happy B) Calm C) Sad", NONE),
        ("A) Calm B) Happy C) Sad\nAnswer: B", "happy"),
    ],
)
def test_an_option_s_letter_is_an_answer_where_the_question_lists_the_options(
    text: str, label: str | None
) -> None:
    mood = Dataset(
        "mood",
        labels=tuple(Label(name, f"This post is {name}.") for name in ("happy", "calm", "sad")),
        questions=(Question("Which mood is it?\nA) Happy\nB) Calm\nC) Sad"),),
    )
    found = read_answer(text, wordings(mood, ""))
    assert (found.label if found else None) == label


def test_numbered_arguments_are_no_options() -> None:
    text = "1. the poster writes that nothing is fun any more and never will be. 2. they also cry."
    assert split_options(text) == (text, {})


LONG = {
    "words": "the poster says that it is a long day and writes of stress and of work again. ",
    "dashes": "-- '- ",
    "quotes": '"a ',
    "options": "a) work b) school ",
    "commas": "no, ",
    "denials": "no sign of ",
    "causes": "it is causing ",
    "spaces": " \n ",
    "open quotes": "'",
    "labels": "school or ",
    "disorders": "and depression ",
}


@pytest.mark.parametrize("kind", list(LONG))
@pytest.mark.parametrize("dataset", ["dreaddit", "SAD", "T-SID"])
def test_time_is_linear_in_the_length_of_an_answer(demo: Context, dataset: str, kind: str) -> None:
    """100,000 characters take at most 50 times what 2,000 take; measured as time per character, in
    the best of three, with room for a busy machine."""
    words = wordings(demo.dataset(dataset), "")

    def seconds(length: int, times: int) -> float:
        text = (LONG[kind] * (length // len(LONG[kind]) + 1))[:length]
        taken = []
        for _ in range(3):
            started = time.process_time()
            for _ in range(times):
                read_answer(text, words)
            taken.append((time.process_time() - started) / times)
        return min(taken)

    assert seconds(100_000, 1) < 10 * 50 * max(seconds(2_000, 20), 1e-4)  # of the square: 2,500

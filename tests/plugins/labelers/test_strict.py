"""The labeler ``strict``, answer by answer. All answers here were written for this test."""

from __future__ import annotations

from typing import Any

import pytest

from imhi._core.context import Context
from imhi._core.records import Response
from imhi._core.row_files import TableRow, read_table
from imhi.plugins.sources.official.layout import SplitFile
from tests.plugins.labelers.reading import read

NONE = None
TEN = (
    "DR",
    "CLP",
    "dreaddit",
    "SWMH",
    "T-SID",
    "SAD",
    "CAMS",
    "loneliness",
    "MultiWD",
    "IRF",
)

ANSWERS: dict[str, list[tuple[str, str | None, str]]] = {
    "an answer as it should be": [
        ("DR", "yes", "Yes, the poster suffers from depression. Reasoning: They are tired."),
        ("DR", "no", "No, the poster does not suffer from depression. Reasoning: A joke."),
        (
            "SAD",
            "school",
            "This post shows the stress cause related to school. Reasoning: An exam.",
        ),
        ("T-SID", "none", "This post shows no mental disorders."),
        (
            "SWMH",
            "bipolar disorder",
            "This post shows mental disorder symptoms related to bipolar disorder.",
        ),
    ],
    "the label stands after the reasoning": [
        ("DR", "no", "Reasoning: No, the poster does not suffer from depression."),
        ("DR", "yes", "Reasoning: Tired, flat. Therefore the poster suffers from depression."),
        (
            "SAD",
            "family issues",
            "Reasoning: Her mother shouts. Hence the label would be family issues.",
        ),
    ],
    "no is not in know": [
        ("DR", NONE, "I know that nobody can tell."),
        ("DR", NONE, "Nobody knows."),
        ("DR", NONE, "Note: the post is about cooking."),
        ("DR", NONE, "Yesterday was hard."),
    ],
    "yes and no that are no answers": [
        ("DR", NONE, "No one can answer this question."),
        ("DR", NONE, "No information is given about depression."),
        ("DR", NONE, "No, I cannot answer that."),
        ("DR", NONE, "Yes and no."),
        ("DR", NONE, "Yes or no? Hard to say."),
        ("DR", NONE, "Not sure."),
    ],
    "short answers": [
        ("DR", "yes", "YES"),
        ("dreaddit", "no", "no"),
        ("DR", "yes", "yes.. Reasoning: tired"),
        ("DR", "no", "No the poster is fine."),
        ("SAD", "school", "School"),
        ("T-SID", "PTSD", "ptsd."),
        ("CAMS", "none", "none."),
    ],
    "Markdown, quotes and dashes": [
        ("DR", "yes", "**Answer:** Yes"),
        ("DR", "yes", "**Yes**, the poster suffers from depression."),
        ("SAD", "work", "**Work**"),
        ("DR", "no", "\u201cNo, the poster doesn\u2019t suffer from depression.\u201d"),
        ("dreaddit", "yes", "Yes \u2013 the poster suffers from stress."),
        ("SAD", "health issues", 'The appropriate label for this post is "health issues".'),
    ],
    "announced answers": [
        ("DR", "yes", "The answer to this question is yes."),
        ("DR", "yes", "The answer is: Yes, the poster suffers from depression."),
        ("DR", "yes", "Label: yes"),
        ("SAD", "school", "The stress cause of this post is school."),
        ("SAD", "work", "The cause of stress is work, not school."),
        (
            "SAD",
            "everyday decision making",
            "The post shows the stress cause of everyday decision-making.",
        ),
        ("CAMS", "jobs and career", "The cause is jobs and careers."),
    ],
    "sentences in other words": [
        ("DR", "no", "The poster is not depressed."),
        ("DR", "yes", "Based on the post, the poster suffers from depression."),
        ("DR", "no", "Based on the post, the poster does not suffer from depression."),
        ("loneliness", "yes", "The poster is lonely."),
        ("IRF", "yes", "The post shows a risk of thwarted belongingness because of the move."),
        ("MultiWD", "no", "The spiritual wellness dimension does not exist in the post."),
        ("MultiWD", "yes", "The spiritual wellness dimension does exist in the post."),
    ],
    "denied or doubted sentences": [
        ("dreaddit", NONE, "There is no indication that the poster suffers from stress."),
        ("DR", NONE, "I cannot say whether the poster suffers from depression."),
        ("DR", NONE, "It does not follow that the poster suffers from depression."),
        ("DR", NONE, "The poster may be depressed."),
        (
            "MultiWD",
            NONE,
            "It is unclear whether the social wellness dimension exists in the post.",
        ),
        ("SAD", NONE, "The post does not show the stress cause related to school."),
    ],
    "the question, echoed": [
        ("DR", NONE, "Does the poster suffer from depression?"),
        ("DR", NONE, "# Does the poster suffer from depression?\nThe post tells of a bad week."),
        ("DR", "no", "# Does the poster suffer from depression?\n\nNo, they do not."),
        ("DR", "no", "**Question:** Does the poster suffer from depression?\n**Answer:** No."),
        ("SAD", "work", "What is the stress cause of this post? Work."),
    ],
    "lists of options": [
        (
            "DR",
            NONE,
            "A) Yes, the poster suffers from depression.\nB) No, the poster does not "
            "suffer from depression.",
        ),
        ("DR", NONE, "A) Yes\nB) No"),
        ("SAD", NONE, "Options:\nA) school\nB) work\nC) other"),
        ("DR", "no", "A) No, the poster does not suffer from depression."),
        ("DR", "yes", "1. Yes, the poster suffers from depression.\n2. They sleep badly."),
    ],
    "two labels are none": [
        (
            "DR",
            NONE,
            "The poster suffers from depression. The poster does not suffer from depression.",
        ),
        (
            "SAD",
            NONE,
            "This post shows the stress cause related to school. This post shows the "
            "stress cause related to work.",
        ),
        ("SAD", NONE, "school or work"),
    ],
    "words of labels in passing": [
        ("SAD", NONE, "They work hard and go to school."),
        ("SAD", NONE, "She has a health insurance and a family."),
    ],
    "nothing": [("DR", NONE, ""), ("SAD", NONE, "   \n"), ("DR", NONE, "Reasoning:")],
}
TABLE = [(kind, *answer) for kind, answers in ANSWERS.items() for answer in answers]


@pytest.mark.parametrize(
    ("dataset", "label", "text"),
    [row[1:] for row in TABLE],
    ids=[f"{row[0]}: {row[3][:40]}".replace("\n", " ") for row in TABLE],
)
def test_label_of(demo: Context, dataset: str, label: str | None, text: str) -> None:
    found = read(demo, "strict", dataset, text)
    assert found.label == label
    assert found.status == ("unparsed" if label is None else "labelled")
    assert found.decided_by == ("" if label is None else "strict")


@pytest.mark.parametrize("dataset", TEN)
def test_every_label_sentence_is_read_back(demo: Context, dataset: str) -> None:
    """Alone, with an explanation, in capitals, quoted, bold, after its question."""
    declared = demo.dataset(dataset)
    for label in declared.labels:
        for text in (
            label.sentence,
            f"{label.sentence} Reasoning: The poster writes so.",
            label.sentence.upper(),
            f'"{label.sentence}"',
            f"**{label.sentence}**",
            f"Answer: {label.sentence}",
            f"{declared.questions[0].text}\n{label.sentence}",
            f"Reasoning: The poster writes so. {label.sentence}",
        ):
            assert read(demo, "strict", dataset, text).label == label.name, text


@pytest.mark.parametrize("dataset", TEN)
def test_every_completion_wording_is_read_back(demo: Context, dataset: str) -> None:
    """As the completion files have it, with a space before, two stops, or after its stem."""
    declared = demo.dataset(dataset)
    for label in declared.labels:
        for text in (
            f"{label.completion}.",
            f" {label.completion}. Reasoning: The poster writes so.",
            f" {label.completion}.. Reasoning: The poster writes so.",
        ):
            assert read(demo, "strict", dataset, text).label == label.name, text


@pytest.mark.parametrize("dataset", TEN)
def test_no_label_sentence_is_read_out_of_the_question(demo: Context, dataset: str) -> None:
    for question in demo.dataset(dataset).questions:
        assert read(demo, "strict", dataset, question.text).label is None


@pytest.mark.slow
@pytest.mark.parametrize("labeler", ["strict", "hybrid"])
def test_every_official_gold_answer_is_read_back(official: Context, labeler: str) -> None:
    """The cells as the files have them, all splits and both styles: none is unparsed."""
    source: Any = official.source
    read_labels = official.labeler(labeler)
    seen = 0
    for dataset, splits in source.layout.files.items():
        for split, file in splits.items():
            rows = list(official.examples(dataset, split))
            responses = [
                Response(row.id, dataset, "", text=text)
                for row, text in zip(rows, gold_answers(file), strict=True)
            ]
            aspects = [row.aspect for row in rows]
            found = read_labels(official.dataset(dataset), aspects, responses)
            wrong = [r.id for r, got in zip(rows, found, strict=True) if got.label != r.label]
            assert not wrong, f"{dataset}/{split}: {wrong[:5]}"
            seen += len(rows)
    assert seen > 20_000


def gold_answers(file: SplitFile) -> list[str]:
    """Return the reference answers of an official file as they are."""
    joined = ("post", "question", "response")
    columns: tuple[str, ...] = joined if file.folder.joined else ("query", "gpt-3.5-turbo")
    rows = read_table(file.path, columns)
    return [row.cells[columns[-1]] for row in rows if isinstance(row, TableRow)]

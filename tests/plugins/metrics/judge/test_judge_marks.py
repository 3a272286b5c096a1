"""How marks are read out of what a judge answers."""

from __future__ import annotations

import pytest

from imhi.plugins.metrics.judge.marks import Marks, read_marks

NAMES = ("consistency", "reliability", "professionality", "overall")
ALL = '{"consistency": 2, "reliability": 3, "professionality": 1, "overall": 2}'
READ = Marks("read", {"consistency": 2, "reliability": 3, "professionality": 1, "overall": 2})


@pytest.mark.parametrize(
    "text",
    [
        ALL,
        f"```json\n{ALL}\n```",
        f"Here are my marks:\n\n{ALL}\n\nI hope this helps {{really}}.",
        '{"reason": "says {odd: things} and \\"quotes\\"", ' + ALL[1:],
        '{"marks": ' + ALL + "}",
        ALL.replace("consistency", "Consistency").replace("overall", " OVERALL"),
        ALL.replace("2", "2.0").replace("3", '"3"'),
        f"{ALL} so, once more: {ALL}",
        f'The form is {{"consistency": 0, 1, 2 or 3}}. {ALL}',
    ],
    ids=["plain", "fenced", "in prose", "braces in texts", "nested", "case", "written otherwise",
         "the same twice", "form repeated"],
)  # fmt: skip
def test_marks_are_read_wherever_their_object_stands(text: str) -> None:
    assert read_marks(text, "stop", NAMES) == READ


@pytest.mark.parametrize(
    "value", ["4", "-1", "2.5", "true", "null", '"2/3"', '"good"', "[2]", "NaN"]
)
def test_a_value_that_is_no_mark_loses_its_criterion_only(value: str) -> None:
    text = ALL.replace('"overall": 2', f'"overall": {value}')
    marks = read_marks(text, "stop", NAMES)
    assert marks.outcome == "partly_read"
    assert marks.values == {"consistency": 2, "reliability": 3, "professionality": 1}


def test_a_criterion_given_twice_or_not_at_all_is_not_read() -> None:
    text = '{"consistency": 2, "consistency": 2, "reliability": 3, "overall": 1}'
    assert read_marks(text, "stop", NAMES) == Marks("partly_read", {"reliability": 3, "overall": 1})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It is a good explanation: 3 out of 3.",
        '{"consistency": 2, "reliability": 3, "professio',
        f"{ALL} or rather {ALL.replace('3', '0')}",
        '{"score": 3}',
        '{"consistency": 9, "reliability": 9, "professionality": 9, "overall": 9}',
        "[2, 3, 1, 2]",
        '{"a":' * 3000,
        "{" * 3000,
    ],
    ids=["empty", "prose", "cut off", "two minds", "other names", "out of range", "list", "deep",
         "braces"],
)  # fmt: skip
def test_what_holds_no_marks_is_unreadable(text: str) -> None:
    assert read_marks(text, "length", NAMES) == Marks("unreadable")


@pytest.mark.parametrize(
    "text",
    ["I'm sorry, but I can't help with that.", "I cannot rate this.", "Sorry, no.",
     "As an AI model I do not judge.", "I am unable to assist with self-harm.", "I won’t do it."],
)  # fmt: skip
def test_a_refusal_in_words_is_recognised(text: str) -> None:
    assert read_marks(text, "stop", NAMES) == Marks("refused")


@pytest.mark.parametrize("finish_reason", ["refusal", "content_filter"])
def test_a_refusal_told_by_the_interface_counts_whatever_the_text(finish_reason: str) -> None:
    assert read_marks(ALL, finish_reason, NAMES) == Marks("refused")


def test_marks_given_with_an_apology_are_marks() -> None:
    assert read_marks(f"Sorry for the delay. {ALL}", "stop", NAMES) == READ

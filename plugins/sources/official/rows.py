"""One row of an official file -> post, question, label, explanation.

Instruction files ask ``Consider this post: "POST" Question: QUESTION`` and answer ``SENTENCE
Reasoning: EXPLANATION``; completion files ask ``Post: POST Question: STEM`` and answer ``WORDING.
Reasoning: EXPLANATION``. Posts hold quotes, line breaks and the word ``Question:``, so the last
one counts. Completion answers vary: ``yes.``, ``" yes.. "``, ``" yes, the post does show a risk"``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from imhi import Dataset, Question, answer_format
from imhi.plugins.sources.official.layout import Style

QUESTION_MARKER = "Question:"
_OPENING = {"instruction": 'Consider this post: "', "completion": "Post: "}
_FORM = {
    "instruction": 'Consider this post: "POST" Question: QUESTION',
    "completion": "Post: POST Question: STEM",
}


class Unreadable(ValueError):
    """A cell that does not have the form it should have: ``found ..., expected ...; do ...``.

    What stands in a row may be a post, also where a label or a question should be: a message says how
    long it is and repeats none of it.
    """

    def __init__(self, found: str, expected: str, do: str) -> None:
        super().__init__(f"found {found}, expected {expected}; {do}")


@dataclass(frozen=True)
class RowReader:
    """Reads the rows of one dataset in one style."""

    dataset: Dataset
    style: Style
    _questions: Mapping[str, Question] = field(init=False)

    def __post_init__(self) -> None:
        declared = self.dataset.questions
        texts = [q.text if self.style == "instruction" else q.stem for q in declared]
        pairs = zip(texts, declared, strict=True)
        object.__setattr__(self, "_questions", {_plain(text): q for text, q in pairs if text})

    def query(self, text: str) -> tuple[str, Question]:
        """Return the bare post and the question asked about it.

        Raises:
            Unreadable: another form, an unknown question, an empty post.
        """
        opening = _OPENING[self.style]
        head, marker, asked = text.rpartition(QUESTION_MARKER)
        if not marker or not head.startswith(opening):
            lacking = QUESTION_MARKER if not marker else opening.strip()
            raise Unreadable(
                f"a query without '{lacking}'" + (" at its beginning" if marker else ""),
                f"the form {_FORM[self.style]}",
                "correct the row or remove it",
            )
        question = self._questions.get(_plain(asked))
        if question is None:
            raise Unreadable(
                f"an unknown question ({_long(asked)} after '{QUESTION_MARKER}')",
                " or ".join(f"'{known}'" for known in self._known_questions()),
                f"correct it, or check that this is a file of {self.dataset.name}",
            )
        post = head[len(opening) :].rstrip(" ")
        if self.style == "instruction":
            if not post.endswith('"'):
                raise Unreadable(
                    "a post without its closing quote",
                    f"the form {_FORM[self.style]}",
                    "correct the row or remove it",
                )
            post = post[:-1]
        if not post.strip():
            raise Unreadable("an empty post", "a post with text", "remove the row")
        return post, question

    def answer(self, text: str) -> tuple[str, str]:
        """Return the label's name and the explanation (which may be empty).

        Raises:
            Unreadable: the words before ``Reasoning:`` are no label of the dataset.
        """
        label, explanation = answer_format.gold_label(
            text, self.dataset, completion=self.style == "completion"
        )
        if label is None:
            wordings = " / ".join(
                one.sentence if self.style == "instruction" else f"{one.completion}."
                for one in self.dataset.labels
            )
            raise Unreadable(
                f"an unknown label ({_long(text.partition(answer_format.MARKER)[0])} before "
                f"'{answer_format.MARKER}')"
                if answer_format.MARKER in text
                else f"an answer without '{answer_format.MARKER}' that is no label ({_long(text)})",
                f"one of {wordings}",
                f"correct it, or check that this is a file of {self.dataset.name}",
            )
        return label, explanation

    def _known_questions(self) -> list[str]:
        return [
            question.text if self.style == "instruction" else question.stem.strip()
            for question in self._questions.values()
        ]


def _plain(text: str) -> str:
    """Return a wording without what does not change its meaning: case, spaces, final full stops."""
    return " ".join(text.split()).casefold().rstrip(". ")


def _long(text: str) -> str:
    """Return how long a text is: ``1 character``, ``1,234 characters``."""
    count = len(text.strip())
    return f"{count:,} character{'' if count == 1 else 's'}"

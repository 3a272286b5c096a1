"""A row in the words it is written in: as instruction (query, answer) and as completion.

The wording is that of the published files: ``Consider this post: "POST" Question: QUESTION`` with
``SENTENCE Reasoning: EXPLANATION``, and ``Post: POST Question: STEM`` with ``COMPLETION. Reasoning:
EXPLANATION``. Reading published rows and writing them again gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from imhi import DataError, Dataset, answer_format
from imhi.build.records import BuiltRow


@dataclass(frozen=True, slots=True)
class Worded:
    """One row and its words. ``stem`` and ``response`` are empty where the question declares no
    stem: such a dataset has no completion style."""

    row: BuiltRow
    query: str
    answer: str
    stem: str = ""
    response: str = ""

    @property
    def prompt(self) -> str:
        """The completion prompt as training files and the prompt style ``completion`` have it (the
        published *test* files have one space more before ``Question:``)."""
        return f"Post: {self.row.post} Question: {self.stem}" if self.stem else ""


class Wording:
    """Words the rows of one dataset."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._questions = {question.aspect: question for question in dataset.questions}
        self._labels = {label.name: label for label in dataset.labels}

    def worded(self, row: BuiltRow) -> Worded:
        """Return a row with its words.

        Raises:
            DataError: its label or question is not (or no longer) the dataset's, or a text of it
                cannot stand in a file; names the row, and shows nothing of its post.
        """
        question, label = self._questions.get(row.aspect), self._labels.get(row.label)
        if question is None or (row.question and row.question != question.text):
            asked = f"the question '{row.question}'" if question else f"the aspect '{row.aspect}'"
            known = " or ".join(f"'{known.text}'" for known in self.dataset.questions)
            raise DataError(
                f"{row.key}: found {asked}, expected {known}: the dataset was declared otherwise "
                "when the row was built; build again, beginning with: imhi build read"
            )
        if label is None:
            raise DataError(
                f"{row.key}: found the label '{row.label}', expected one of "
                f"{', '.join(self.dataset.label_names)}: the dataset was declared otherwise when the "
                "row was built; build again, beginning with: imhi build read"
            )
        _check_texts(row)
        return Worded(
            row,
            f'Consider this post: "{row.post}" Question: {question.text}',
            # The space after the marker stays where there is no explanation, as published.
            f"{label.sentence} {answer_format.MARKER} {row.explanation}",
            question.stem,
            f"{label.completion}. {answer_format.MARKER} {row.explanation}"
            if question.stem
            else "",
        )


_TEXTS = (
    *("post", "explanation", "evidence", "raw_label", "source_id", "file"),
    *("explained_by", "finish_reason", "split", "id", "post_id", "human_label"),
)


def _check_texts(row: BuiltRow) -> None:
    """Raise DataError where a text holds what no CSV or Parquet reader takes: half of a surrogate
    pair (UTF-8 has no form for it) or a NUL character."""
    together = "".join([getattr(row, name) for name in _TEXTS] + [row.model_label or ""])
    try:
        together.encode("utf-8")
        if "\0" not in together:
            return
        problem = "a NUL character"
    except UnicodeEncodeError as error:
        problem = f"half of a surrogate pair (U+{ord(together[error.start]):04X})"
    raise DataError(
        f"{row.key}: found {problem} in a text, expected text that UTF-8 can hold; correct row "
        f"{row.row} of {row.file or 'the raw file'} and build again"
    )

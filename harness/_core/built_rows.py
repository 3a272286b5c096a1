"""The rows of a build, and what a check has against one. Plain values only: each is a JSON object
(:func:`imhi._core.records.as_row`, :func:`imhi._core.records.from_row`)."""

from __future__ import annotations

import dataclasses
from typing import Literal

from imhi._core.records import Example

GoldFrom = Literal["human", "model"]


@dataclasses.dataclass(frozen=True, slots=True)
class BuiltRow:
    """One post under one question, with its label, its explanation and where both are from.

    ``id`` is ``SPLIT-N``, N counted from 0 within dataset and split; with the dataset it is unique
    in a build. ``post_id`` is equal for rows about one post. ``label`` is the gold label;
    ``human_label`` what the raw data has (``raw_label`` in its own wording), ``model_label`` what
    the explaining model (or the given file) answered, None where it said nothing; ``gold_from``
    says which of the two the gold label is. ``explained_by`` is the model's name, or what the
    explanation was taken from; ``round`` the round of asking, from 1, 0 where nothing was asked.
    ``file``, ``row`` (from 0, without header) and ``source_id`` (the raw data's own name for the
    row) lead back to the raw data. ``evidence`` is the passage people marked as their reason.
    """

    id: str
    dataset: str
    split: str
    post: str
    question: str
    label: str
    human_label: str
    explanation: str = ""
    aspect: str = ""
    post_id: str = ""
    model_label: str | None = None
    gold_from: GoldFrom = "human"
    explained_by: str = ""
    round: int = 0
    finish_reason: str = ""
    file: str = ""
    row: int = -1
    raw_label: str = ""
    source_id: str = ""
    evidence: str = ""

    @property
    def key(self) -> str:
        """What the row is called in reports: ``DATASET/SPLIT-N``."""
        return f"{self.dataset}/{self.id}"

    def example(self) -> Example:
        """Return the row as the rest of the harness knows it."""
        return Example(
            id=self.id,
            dataset=self.dataset,
            split=self.split,
            post=self.post,
            question=self.question,
            label=self.label,
            explanation=self.explanation,
            aspect=self.aspect,
            post_id=self.post_id,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """What a check has against a row. ``reason`` is a sentence without the post in it; ``score``
    what the threshold was held against; ``related`` another row (``DATASET/SPLIT-N``); ``about``
    whether another explanation might mend it."""

    check: str
    dataset: str
    id: str
    reason: str
    score: float | None = None
    related: str = ""
    about: Literal["explanation", "post"] = "explanation"

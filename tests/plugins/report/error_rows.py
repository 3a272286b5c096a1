"""Invented rows for the analysis of errors."""

from __future__ import annotations

import random
from collections.abc import Sequence

from imhi._core.records import Example, Prediction, Response
from imhi._core.run_store.columns import Columns

SUBJECTS = {
    "rent": "rent landlord deposit flat lease bills heating kitchen window moving boxes neighbour",
    "exam": "exam lecture essay library professor grade semester campus revision notes tutor seminar",
    "garden": "garden tomato seeds shovel compost rain hedge lawn flower greenhouse roots soil",
    "team": "team coach match goal training referee jersey season captain league whistle stadium",
}
COMMON = "today after before always maybe really again still about there while since"


def example(
    number: int, gold: str = "yes", post: str = "", aspect: str = "", post_id: str = ""
) -> Example:
    return Example(
        f"test-{number}", "DR", "test", post or f"post {number}", "?", gold, "", aspect, post_id
    )


def run(
    examples: Sequence[Example],
    labels: Sequence[str | None],
    *,
    own_labels: Sequence[str | None] | None = None,
    argued: Sequence[str | None] | None = None,
) -> Columns:
    """A run's rows: ``labels`` as they were read (None: unparsed), the labels that the model gave
    itself, and those that explanations argue for."""
    none = [None] * len(examples)
    return Columns(
        examples,
        [
            Response(e.id, e.dataset, "", "a text", own)
            for e, own in zip(examples, own_labels or none, strict=True)
        ],
        [
            Prediction(
                e.id,
                e.dataset,
                label,
                "unparsed" if label is None else "labelled",
                contradiction=bool(other),
                explanation_label=other,
            )
            for e, label, other in zip(examples, labels, argued or none, strict=True)
        ],
    )


def posts(number: int, seed: int = 0) -> list[tuple[str, str]]:
    """Posts of a dozen words and one that no other has, as ``(subject, text)``; nobody wrote them."""
    drawn = random.Random(seed)
    found = []
    for place in range(number):
        subject = list(SUBJECTS)[place % len(SUBJECTS)]
        words = drawn.sample(SUBJECTS[subject].split(), 6) + drawn.sample(COMMON.split(), 6)
        nobody_else = "".join("abcdefghij"[int(digit)] for digit in str(place))
        found.append((subject, f"{' '.join(words)} only{nobody_else}"))
    return found

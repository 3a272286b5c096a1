"""Marks read out of what a judge answered; what cannot be read is said to be so, never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from imhi.io import Marking
from imhi.runs import judging

Outcome = Literal["read", "partly_read", "unreadable", "refused"]


@dataclass(frozen=True)
class Marks:
    """What was read: ``values`` holds the criteria whose mark could be read."""

    outcome: Outcome
    values: Mapping[str, int] = field(default_factory=dict)


def read_marks(text: str, finish_reason: str | None, criteria: Sequence[str]) -> Marks:
    """Read the marks (0 to 3) of ``criteria`` out of a JSON object that stands in ``text``.

    Each criterion is read by itself: one whose mark is missing, given twice, out of range or not a
    whole number is left out. Prose and fences around the object do not matter, nor does the case of
    its names. Several objects with marks that differ are unreadable, since nobody says which is meant.
    """
    if judging.is_refusal("", finish_reason):
        return Marks("refused")
    readings: list[dict[str, int]] = []
    marked = False
    for fields in judging.json_objects(text, criteria):
        marked = True
        values = {
            name: mark
            for name in criteria
            if (mark := _mark(fields.get(name.casefold()))) is not None
        }
        if values not in readings:
            readings.append(values)
    if len(readings) == 1 and (values := readings[0]):
        return Marks("read" if len(values) == len(criteria) else "partly_read", values)
    if not marked and judging.is_refusal(text, finish_reason):
        return Marks("refused")
    return Marks("unreadable")


def _mark(value: object) -> int | None:
    """Return a mark; a whole number written as ``2.0`` or as the text ``"2"`` is one, ``true`` and
    ``"2/3"`` are not."""
    if isinstance(value, str) and value.strip() in {str(mark) for mark in Marking.MARKS}:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value in Marking.MARKS else None

"""Marks read out of what a judge answered; what cannot be read is said to be so, never guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from imhi.io import Marking

Outcome = Literal["read", "partly_read", "unreadable", "refused"]

REFUSING = ("refusal", "content_filter")
"""Finish reasons by which an interface says that nothing was answered."""

# Only the opening of an answer: a reason may well speak of what "I can't" means in a post.
_REFUSAL = re.compile(
    r"\W*(?:(?:i['’]?m|i am)\s+(?:so |very |really )?(?:sorry|unable|not able)|sorry\b|i apologi[sz]e|"
    r"(?:unfortunately,?\s+)?i\s+(?:can\s?not|can['’]?t|won['’]?t|will not|must (?:decline|refuse)|"
    r"decline|refuse)\b|as an ai\b)",
    re.IGNORECASE,
)
_THOUGHT = "</think>"
_TWICE = "(given twice)"
Fields = dict[str, object]
"""What stands in a JSON object, by name in lower case."""


@dataclass(frozen=True)
class Marks:
    """What was read: ``values`` holds the criteria whose mark could be read."""

    outcome: Outcome
    values: Mapping[str, int] = field(default_factory=dict)


def read_marks(text: str, finish_reason: str | None, criteria: Sequence[str]) -> Marks:
    """Read the marks (0 to 3) of ``criteria`` out of a JSON object that stands in ``text``.

    Each criterion is read by itself: one whose mark is missing, given twice, out of range or not a
    whole number is left out. Prose and fences around the object do not matter, nor does the case of
    its names; what a reasoning model thinks before ``</think>`` is not its answer. Several objects
    with marks that differ are unreadable, since nobody says which is meant.
    """
    if finish_reason in REFUSING:
        return Marks("refused")
    answer = text.rpartition(_THOUGHT)[2]
    readings: list[dict[str, int]] = []
    marked = False
    for fields in _objects(answer, criteria):
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
    if not marked and _REFUSAL.match(answer):
        return Marks("refused")
    return Marks("unreadable")


def _objects(text: str, criteria: Sequence[str]) -> Iterator[Fields]:
    """Yield the outermost JSON objects that have a criterion among their names."""
    decoder = json.JSONDecoder(object_pairs_hook=_fields)
    names = {name.casefold() for name in criteria}
    start = text.find("{")
    while start >= 0:
        end = start + 1
        try:
            value, past = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            pass
        else:
            if names & set(value):
                yield value
                end = past
        start = text.find("{", end)


def _fields(pairs: list[tuple[str, object]]) -> Fields:
    fields: Fields = {}
    for name, value in pairs:
        plain = name.strip().casefold()
        fields[plain] = _TWICE if plain in fields else value
    return fields


def _mark(value: object) -> int | None:
    """Return a mark; a whole number written as ``2.0`` or as the text ``"2"`` is one, ``true`` and
    ``"2/3"`` are not."""
    if isinstance(value, str) and value.strip() in {str(mark) for mark in Marking.MARKS}:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value in Marking.MARKS else None

"""The JSON objects in what a judge answers, wherever they stand, and refusals in words."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator

REFUSING = ("refusal", "content_filter")
"""Finish reasons by which an interface says that nothing was answered."""

# Only the opening of an answer: a reason may well speak of what "I can't" means in a post.
_REFUSAL = re.compile(
    r"\W*(?:(?:i['’]?m|i am)\s+(?:so |very |really )?(?:sorry|unable|not able)|sorry\b|i apologi[sz]e|"
    r"(?:unfortunately,?\s+)?i\s+(?:can\s?not|can['’]?t|won['’]?t|will not|must (?:decline|refuse)|"
    r"decline|refuse)\b|as an ai\b)",
    re.IGNORECASE,
)
_TWICE = "(given twice)"
Fields = dict[str, object]
"""What stands in a JSON object, by name in lower case; a name given twice has no value of its own."""


def json_objects(text: str, names: Collection[str]) -> Iterator[Fields]:
    """Yield the outermost JSON objects that have one of these names (in whatever case) among theirs.

    Prose and fences around an object do not matter. The text holds no thought: judges' answers come
    without (:meth:`imhi._core.judging.judge.Judge.ask`).
    """
    decoder = json.JSONDecoder(object_pairs_hook=_fields)
    wanted = {name.casefold() for name in names}
    start = text.find("{")
    while start >= 0:
        end = start + 1
        try:
            value, past = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            pass
        else:
            if wanted & set(value):
                yield value
                end = past
        start = text.find("{", end)


def is_refusal(text: str, finish_reason: str | None) -> bool:
    """Say whether a judge refused: by its interface, or with its first words."""
    return finish_reason in REFUSING or bool(_REFUSAL.match(text))


def _fields(pairs: list[tuple[str, object]]) -> Fields:
    fields: Fields = {}
    for name, value in pairs:
        plain = name.strip().casefold()
        fields[plain] = _TWICE if plain in fields else value
    return fields

"""What of the free values that other stages left can be shown: nothing that may be of a post, and no
path of this machine."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import islice

from pydantic import JsonValue

MANY = 60  # values of one thing that are shown
_VALUE, _KEY = 2, 4  # words of a text that can be shown, and of the name of a value
_LETTERS = 300
_WORDS = re.compile(r"[\w.:+@#%()/,&-]+(?: [\w.:+@#%()/,&-]+)*")
_LOCAL = re.compile(r"(?:^|[\s:=,])(?:/|~|\.{1,2}/|[A-Za-z]:[\\/])")


def showable(value: JsonValue, words: int = _VALUE) -> bool:
    """Say whether a value is a number, yes or no, or a name of so many words that is no path."""
    if isinstance(value, bool | int | float):
        return math.isfinite(value)
    if not isinstance(value, str) or len(value) > _LETTERS or _LOCAL.search(value):
        return False
    return bool(_WORDS.fullmatch(value)) and len(value.split()) <= words


def some_leaves(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what can be shown of a nested table, under dotted names."""
    return dict(islice(_leaves(values, ""), MANY))


def _leaves(values: Mapping[str, JsonValue], prefix: str) -> Iterator[tuple[str, JsonValue]]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if not showable(str(key), _KEY):
            continue
        if isinstance(value, dict):
            yield from _leaves(value, f"{name}.")
        elif isinstance(value, list):
            if value and all(isinstance(item, dict) for item in value):
                numbered: Mapping[str, JsonValue] = {
                    str(n): item for n, item in enumerate(value, 1)
                }
                yield from _leaves(numbered, f"{name}.")
            elif value and all(showable(item) for item in value):
                yield name, ", ".join(map(str, value))
        elif showable(value):
            yield name, value

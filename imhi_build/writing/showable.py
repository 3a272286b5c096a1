"""What of the free values that other stages left can be shown: nothing that may be of a post, and no
path of this machine."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

MANY = 60  # values of one thing that are shown
_VALUE, _KEY = 2, 4  # words of a text that can be shown, and of the name of a value
_LETTERS = 300
_WORDS = re.compile(r"[\w.:+@#%()/,&-]+(?: [\w.:+@#%()/,&-]+)*")
_LOCAL = re.compile(r"(?:^|[\s:=,])(?:/|~|\.{1,2}/|[A-Za-z]:[\\/])")


def showable(value: Any, words: int = _VALUE) -> bool:
    """Say whether a value is a number, yes or no, or a name of so many words that is no path."""
    if isinstance(value, bool | int | float):
        return math.isfinite(value)
    if not isinstance(value, str) or len(value) > _LETTERS or _LOCAL.search(value):
        return False
    return bool(_WORDS.fullmatch(value)) and len(value.split()) <= words


def some_leaves(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be shown of a nested table, under dotted names."""
    return dict(islice(_leaves(values, ""), MANY))


def _leaves(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if not showable(str(key), _KEY):
            continue
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{name}.")
        elif isinstance(value, list | tuple):
            if value and all(isinstance(item, Mapping) for item in value):
                numbered = {str(number): item for number, item in enumerate(value, 1)}
                yield from _leaves(numbered, f"{name}.")
            elif value and all(showable(item) for item in value):
                yield name, ", ".join(map(str, value))
        elif showable(value):
            yield name, value


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a value that should be a table; an empty one where it is none."""
    return value if isinstance(value, Mapping) else {}


def numbers(value: Any) -> dict[str, int]:
    """Return the whole numbers of what should be a table of them."""
    return {str(key): one for key, one in mapping(value).items() if isinstance(one, int)}

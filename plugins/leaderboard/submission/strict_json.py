"""JSON of strangers: bounded in depth and numbers, no key twice, no NaN, no half characters."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from imhi.plugins.leaderboard.submission.limits import LIMITS
from imhi.plugins.leaderboard.submission.refusal import Unacceptable, shown

if TYPE_CHECKING:
    from pydantic import JsonValue


def parse(raw: bytes, where: str) -> dict[str, JsonValue]:
    """Return the object that ``raw`` holds.

    Raises:
        Unacceptable: it holds something else, or something nobody needs to write down a run.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unacceptable(
            "contents", f"{where}: not UTF-8 (byte {error.start}); expected JSON in UTF-8"
        ) from None
    _check_depth(text, where)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_doubles,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_constant,
        )
    except (ValueError, RecursionError) as error:
        raise Unacceptable(
            "contents", f"{where}: {shown(error, 120)}; expected plain JSON"
        ) from None
    if not isinstance(value, dict):
        raise Unacceptable(
            "contents", f"{where}: found a {type(value).__name__}, expected a JSON object"
        )
    if "\\u" in text and any(_is_broken(part) for part in texts(value)):
        raise Unacceptable(
            "contents",
            f"{where}: half a character (a lone surrogate such as \\ud800); expected whole ones",
        )
    return value


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def _check_depth(text: str, where: str) -> None:
    """Refuse deep nesting before anything follows it down."""
    if text.count("[") + text.count("{") <= LIMITS.depth:
        return
    # Every other piece between quotes is outside of texts, once escaped quotes are gone.
    outside = "".join(text.replace("\\\\", "").replace('\\"', "").split('"')[::2])
    depth = 0
    for bracket in re.finditer(r"[\[\]{}]", outside):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > LIMITS.depth:
            raise Unacceptable(
                "contents",
                f"{where}: nested deeper than {LIMITS.depth} levels, more than a submission needs",
            )


def _without_doubles(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        double = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key '{double}' stands twice in one object")
    return value


def _whole(text: str) -> int:
    if len(text.lstrip("-")) > LIMITS.digits:
        raise ValueError(f"a whole number of {len(text)} digits (at most {LIMITS.digits})")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or abs(value) > LIMITS.magnitude:
        raise ValueError(f"the number {text[:20]} is out of range")
    return value


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _is_broken(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False

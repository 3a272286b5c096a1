"""Patterns that are data: groups of regular expressions in a YAML file beside a check.

A file holds a list ``groups``; each group has a ``name``, the ``reason`` that is given for a row,
where its patterns are looked for (``at: start`` or, by default, anywhere) and the ``patterns``, one
a line. Case does not count, a space stands for any white space, apostrophes are straight, and
``{label}`` is the row's own label. ``needs``, optional, are words of which each pattern has one: a
text without them is not searched.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

import yaml
from pydantic import Field, field_validator

from imhi.build.checks.declarations import CheckSettings

# What may stand before the first word of an answer.
_START = r"\A\W*(?:(?:answer|response|reasoning|explanation)\W+)*"


@dataclass(frozen=True)
class Group:
    """Patterns with one reason, joined into one expression. It is compiled when it is needed: that
    takes longer than to search some thousand texts."""

    name: str
    reason: str
    expression: str
    needs: tuple[str, ...] = ()

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """What finds them in a text, in either case."""
        return re.compile(self.expression, re.IGNORECASE)

    @functools.cached_property
    def in_small_letters(self) -> re.Pattern[str]:
        """What finds them in a text in small letters."""
        return re.compile(self.expression)


class GroupData(TypedDict, total=False):
    """A group as it stands in a file."""

    name: str
    reason: str
    patterns: str
    at: str
    needs: list[str]


class PatternData(TypedDict):
    """A file of patterns."""

    groups: list[GroupData]


@functools.cache
def read_data(path: Path) -> PatternData:
    """Return a YAML file that comes with the project."""
    return cast(PatternData, yaml.safe_load(path.read_text(encoding="utf-8")))


@functools.lru_cache(maxsize=256)
def groups_of(path: Path, also: tuple[str, ...] = (), label: str = "") -> tuple[Group, ...]:
    """Return the groups of a file, in its order, and one of a user's own patterns, for rows with a
    label."""
    groups = [
        Group(
            group["name"],
            group["reason"],
            _joined(group["patterns"].splitlines(), label, group.get("at") == "start"),
            tuple(group.get("needs", ())),
        )
        for group in read_data(path)["groups"]
    ]
    if also:
        reason = "matches an expression of the settings"
        groups.append(Group("also", reason, _joined(also, label)))
    return tuple(groups)


def _joined(patterns: Sequence[str], label: str, at_start: bool = False) -> str:
    labelled = re.escape(label) if label else r"(?!)"  # no label: found nowhere
    spaced = [pattern.replace(" ", r"(?:\s+)").replace("{label}", labelled) for pattern in patterns]
    joined = "|".join(f"(?:{pattern})" for pattern in spaced)
    return f"{_START}(?:{joined})" if at_start else joined


class PatternSettings(CheckSettings):
    """``also``: a user's own regular expressions, besides those of the file."""

    also: tuple[str, ...] = Field(default=(), max_length=1000)

    @field_validator("also")
    @classmethod
    def _expressions(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse one that cannot be compiled, or that finds the empty text, and so every row."""
        for pattern in patterns:
            try:
                finds_nothing = re.search(_joined([pattern], "label"), "", re.IGNORECASE) is None
            except re.error as error:
                raise ValueError(f"'{pattern}' is no regular expression ({error})") from None
            if not finds_nothing:
                raise ValueError(f"'{pattern}' is found in an empty text, so in every row")
        return patterns


def straight(text: str) -> str:
    """Return the text with straight apostrophes, place by place."""
    return text.replace("’", "'").replace("ʼ", "'").replace("`", "'")


def found_in(group: Group, lowered: str) -> bool:
    """Say whether a group is found in a text in small letters; a label in it has to be so, too. Three
    times as fast as to look for either case."""
    if group.needs and not any(word in lowered for word in group.needs):
        return False
    return group.in_small_letters.search(lowered) is not None


def search(groups: Iterable[Group], text: str) -> tuple[Group, re.Match[str]] | None:
    """Return the first group, in order, that is found in a text, and where."""
    lowered = text.lower()
    for group in groups:
        if group.needs and not any(word in lowered for word in group.needs):
            continue
        if match := group.pattern.search(text):
            return group, match
    return None

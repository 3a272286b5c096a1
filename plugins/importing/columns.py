"""What the columns of a file of answers are called, and what each is for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imhi import HarnessError, ThoughtFormat

ROLES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "example_id", "custom_id"),
    "text": (
        "generated_text",
        "response",
        "prediction",
        "output",
        "generation",
        "model_output",
        "model_answer",
        "text",
    ),
    "gold": ("goldens", "golden", "gold", "reference", "target", "ground_truth"),
    "thought": ("reasoning_content", "reasoning", "thought", "thinking"),
    "finish": ("finish_reason", "stop_reason"),
    "dataset": ("dataset",),
}
"""Names by role, as they are compared (:func:`plain`). ``text`` is often the post, so it holds the
answer only where no other column does."""

WEAKEST = "text"
NO_COLUMN = "-"
CHOSEN = ("id", "text", "gold", "thought")
_ROLE_OF = {name: role for role, names in ROLES.items() for name in names}


def plain(name: str) -> str:
    """Return a column's name as it is compared: small letters, words joined by ``_``."""
    return re.sub(r"[-_. ]+", "_", name.strip()).casefold()


def role_of(name: str) -> str | None:
    """Return what a column of this plain name is for; None where it is of no use."""
    return _ROLE_OF.get(name)


@dataclass(frozen=True)
class Columns:
    """The columns of one file by role, by their names in the file; empty where there is none. ``formats``
    name the fields of messages that hold thoughts."""

    id: str = ""
    text: str = ""
    gold: str = ""
    thought: str = ""
    finish: str = ""
    dataset: str = ""
    formats: tuple[ThoughtFormat, ...] = ()


def find_columns(names: Iterable[str], chosen: Mapping[str, str], where: str) -> Columns:
    """Return which column is for what; ``chosen`` names some by role, ``-`` for none.

    Raises:
        HarnessError: a chosen column is not there, or two could be the same thing.
    """
    by_plain = {plain(name): name for name in names}
    found: dict[str, str] = {}
    for role, candidates in ROLES.items():
        if role in chosen:
            found[role] = _chosen(role, chosen[role], by_plain, where)
            continue
        taken = {plain(name) for name in chosen.values()}
        there = [name for name in candidates if name in by_plain and name not in taken]
        if role == "text" and len(there) > 1:
            there = [name for name in there if name != WEAKEST]
        if len(there) > 1:
            shown = " and ".join(by_plain[name] for name in there)
            raise HarnessError(
                f"{where}: found the columns {shown}, expected one with {_MEANING[role]}; say which "
                f"with --column {role}={by_plain[there[0]]}"
                if role in CHOSEN
                else f"{where}: found the columns {shown}, expected one; remove the others"
            )
        found[role] = by_plain[there[0]] if there else ""
    return Columns(
        id=found["id"],
        text=found["text"],
        gold=found["gold"],
        thought=found["thought"],
        finish=found["finish"],
        dataset=found["dataset"],
    )


_MEANING = {
    "id": "the examples' ids",
    "text": "the answers",
    "gold": "the reference answers",
    "thought": "the thoughts",
}


def _chosen(role: str, name: str, by_plain: Mapping[str, str], where: str) -> str:
    if name == NO_COLUMN:
        return ""
    if plain(name) not in by_plain:
        shown = ", ".join(one[:40] for one in list(by_plain.values())[:8])
        raise HarnessError(
            f"{where}: found the columns {shown}, expected {name} (--column {role}={name}); correct "
            "the name"
        )
    return by_plain[plain(name)]


def read_choices(given: Iterable[str]) -> dict[str, str]:
    """Read ``--column ROLE=NAME``.

    Raises:
        HarnessError: another form, or a role that there is not.
    """
    chosen: dict[str, str] = {}
    for text in given:
        role, equals, name = text.partition("=")
        if not equals or not name or role not in CHOSEN or role in chosen:
            raise HarnessError(
                f"--column {text}: expected one of {', '.join(f'{one}=NAME' for one in CHOSEN)}, each "
                f"at most once; NAME is a column of the file, {NO_COLUMN} for none"
            )
        chosen[role] = name
    return chosen

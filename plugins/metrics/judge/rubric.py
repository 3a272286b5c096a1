"""The rubric: criteria with what each mark means, read from YAML and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.yaml_files import read_yaml

SHIPPED = Path(__file__).with_name("rubric.yaml")
MARKS = (0, 1, 2, 3)
"""The scale of the paper's human evaluation."""
OVERALL = "overall"
REASON = "reason"
# Fields of the answer and measures that would be called the same.
_TAKEN = (REASON, "unread", "alpha", "kappa", "self_kappa")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Criterion:
    """What is marked. ``marks[m]`` says what mark ``m`` means."""

    name: str
    definition: str
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Rubric:
    """What judges are told; ``file`` is shown, its content counts."""

    file: str
    instruction: str
    criteria: tuple[Criterion, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(criterion.name for criterion in self.criteria)

    def content(self) -> dict[str, Any]:
        """Return, as JSON, what changes a mark."""
        return {
            "instruction": self.instruction,
            "criteria": [[c.name, c.definition, list(c.marks)] for c in self.criteria],
        }

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the answer.

        Marks are an ``enum``, since strict servers take no ``minimum``; the reason stands first, so
        that it is written before the marks it is to give reasons for.
        """
        properties: dict[str, Any] = {REASON: {"type": "string"}}
        properties |= {name: {"type": "integer", "enum": list(MARKS)} for name in self.names}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }


def load_rubric(path: Path = SHIPPED) -> Rubric:
    """Read a rubric.

    Raises:
        HarnessError: no such file, not YAML, or a field that is missing or not what it should be;
            the message names field and value.
    """
    where = f"rubric {path}"
    fields = _mapping(read_yaml(path, where), ("instruction", "criteria"), where)
    rows = fields["criteria"]
    if not isinstance(rows, list) or not rows:
        raise HarnessError(f"{where}: criteria: found {_shown(rows)}, expected a list of criteria")
    criteria = tuple(
        _criterion(row, f"{where}: criterion {number}") for number, row in enumerate(rows, start=1)
    )
    names = [criterion.name for criterion in criteria]
    for name in names:
        if names.count(name) > 1:
            raise HarnessError(f"{where}: criteria: found '{name}' twice, expected each name once")
    if OVERALL not in names:
        raise HarnessError(
            f"{where}: criteria: found {', '.join(names)}, expected one called '{OVERALL}' among them"
        )
    instruction = _text(fields["instruction"], f"{where}: instruction")
    return Rubric(path.name, instruction, criteria)


def _criterion(row: Any, where: str) -> Criterion:
    fields = _mapping(row, ("name", "definition", "marks"), where)
    name = fields["name"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise HarnessError(
            f"{where}: name: found {_shown(name)}, expected small letters, digits and underscores"
        )
    if name in _TAKEN:
        raise HarnessError(
            f"{where}: name: found '{name}', expected another name: this one is taken"
        )
    where = f"{where} ({name})"
    marks = fields["marks"]
    found = list(marks) if isinstance(marks, Mapping) else None
    # True equals 1 in Python, and is no mark.
    if found is None or any(isinstance(m, bool) for m in found) or set(found) != set(MARKS):
        raise HarnessError(
            f"{where}: marks: found {_shown(marks if found is None else found)}, expected a text "
            f"for each of {', '.join(map(str, MARKS))}"
        )
    return Criterion(
        name,
        _text(fields["definition"], f"{where}: definition"),
        tuple(_text(marks[mark], f"{where}: marks: {mark}") for mark in MARKS),
    )


def _mapping(value: Any, names: tuple[str, ...], where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise HarnessError(f"{where}: found {_shown(value)}, expected the fields {_list(names)}")
    missing = [name for name in names if name not in value]
    unknown = [str(name) for name in value if name not in names]
    if missing or unknown:
        wrong = f"no {missing[0]}" if missing else f"the unknown field '{unknown[0]}'"
        raise HarnessError(f"{where}: found {wrong}, expected the fields {_list(names)}")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise HarnessError(f"{where}: found {_shown(value)}, expected a text")
    return value.strip()


def _list(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

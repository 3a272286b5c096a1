"""What explanations are marked by, by people or by models: criteria, and what each mark means.

Read from YAML and checked. The scale, 0 to 3, and the criteria's names are those of the human
evaluation in the MentaLLaMA paper (arXiv 2309.13567).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from imhi._core.errors import HarnessError

MARKS = (0, 1, 2, 3)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")


@dataclass(frozen=True)
class Criterion:
    """What is marked. ``marks[m]`` says what mark ``m`` means."""

    name: str
    definition: str
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Marking:
    """What those who mark are told; ``file`` is shown, the rest counts."""

    file: str
    instruction: str
    criteria: tuple[Criterion, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the criteria, in their order."""
        return tuple(criterion.name for criterion in self.criteria)

    def content(self) -> dict[str, Any]:
        """Return, as JSON, what changes a mark."""
        return {
            "instruction": self.instruction,
            "criteria": [[c.name, c.definition, list(c.marks)] for c in self.criteria],
        }

    def as_yaml(self) -> dict[str, Any]:
        """Return the values that :func:`marking_from` reads."""
        return {
            "instruction": self.instruction,
            "criteria": [
                {"name": c.name, "definition": c.definition, "marks": dict(enumerate(c.marks))}
                for c in self.criteria
            ],
        }


def marking_from(value: Any, file: str, where: str, taken: Collection[str] = ()) -> Marking:
    """Check what a YAML or JSON file holds.

    Args:
        where: named in errors.
        taken: names that no criterion may have.

    Raises:
        HarnessError: a field is missing, unknown or not what it should be; the message names field
            and value.
    """
    fields = _mapping(value, ("instruction", "criteria"), where)
    rows = fields["criteria"]
    if not isinstance(rows, list) or not rows:
        raise HarnessError(f"{where}: criteria: found {_shown(rows)}, expected a list of criteria")
    criteria = tuple(
        _criterion(row, f"{where}: criterion {number}", taken)
        for number, row in enumerate(rows, start=1)
    )
    names = [criterion.name for criterion in criteria]
    for name in names:
        if names.count(name) > 1:
            raise HarnessError(f"{where}: criteria: found '{name}' twice, expected each name once")
    return Marking(file, _text(fields["instruction"], f"{where}: instruction"), criteria)


def _criterion(row: Any, where: str, taken: Collection[str]) -> Criterion:
    fields = _mapping(row, ("name", "definition", "marks"), where)
    name = fields["name"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise HarnessError(
            f"{where}: name: found {_shown(name)}, expected up to 30 small letters, digits and "
            "underscores, a letter first"
        )
    if name in taken:
        raise HarnessError(
            f"{where}: name: found '{name}', expected another name: this one is taken"
        )
    where = f"{where} ({name})"
    return Criterion(
        name, _text(fields["definition"], f"{where}: definition"), _marks(fields["marks"], where)
    )


def _marks(value: Any, where: str) -> tuple[str, ...]:
    # JSON has texts for keys. True equals 1 in Python, and is no mark.
    texts = {str(mark): mark for mark in MARKS}
    found = {
        texts.get(mark, mark) if isinstance(mark, str) else mark: text
        for mark, text in (value.items() if isinstance(value, Mapping) else ())
    }
    if any(isinstance(mark, bool) for mark in found) or set(found) != set(MARKS):
        shown = _shown(list(found) if isinstance(value, Mapping) else value)
        raise HarnessError(
            f"{where}: marks: found {shown}, expected a text for each of {', '.join(texts)}"
        )
    return tuple(_text(found[mark], f"{where}: marks: {mark}") for mark in MARKS)


def _mapping(value: Any, names: tuple[str, ...], where: str) -> Mapping[str, Any]:
    expected = f"expected the fields {', '.join(names[:-1])} and {names[-1]}"
    if not isinstance(value, Mapping):
        raise HarnessError(f"{where}: found {_shown(value)}, {expected}")
    missing = [name for name in names if name not in value]
    unknown = [str(name) for name in value if name not in names]
    if missing or unknown:
        wrong = f"no {missing[0]}" if missing else f"the unknown field '{unknown[0]}'"
        raise HarnessError(f"{where}: found {wrong}, {expected}")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise HarnessError(f"{where}: found {_shown(value)}, expected a text")
    return value.strip()


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

"""The scheme: what annotators are told and what each mark means, read from YAML and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.fingerprints import digest
from harness.yaml_files import read_yaml

SHIPPED = Path(__file__).with_name("scheme.yaml")
MARKS = (0, 1, 2, 3)
"""The scale of the paper's human evaluation."""
ALLOWED = "0, 1, 2 or 3"
ITEM, POST, QUESTION, LABEL, EXPLANATION = "item", "post", "question", "label", "explanation"
COMMENT, ANNOTATOR, SAMPLE = "comment", "annotator", "sample"
TEXTS = (POST, QUESTION, LABEL, EXPLANATION)
"""The columns of a sheet that show an item."""
_TAKEN = (ITEM, *TEXTS, COMMENT, ANNOTATOR, SAMPLE)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")


@dataclass(frozen=True)
class Criterion:
    """What is marked. ``marks[m]`` says what mark ``m`` means."""

    name: str
    definition: str
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Scheme:
    """What annotators are told; ``file`` is shown, its content counts."""

    file: str
    instruction: str
    criteria: tuple[Criterion, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(criterion.name for criterion in self.criteria)

    def content(self) -> dict[str, Any]:
        """Return the scheme as it stands in YAML."""
        return {
            "instruction": self.instruction,
            "criteria": [
                {"name": c.name, "definition": c.definition, "marks": dict(enumerate(c.marks))}
                for c in self.criteria
            ],
        }

    @property
    def digest(self) -> str:
        """Return 16 hex digits that tell the wording from every other."""
        parts = [[c.name, c.definition, list(c.marks)] for c in self.criteria]
        return digest([self.instruction, parts])[:16]


def load_scheme(path: Path = SHIPPED) -> Scheme:
    """Read a scheme.

    Raises:
        HarnessError: no such file, not YAML, or a field that is missing or not what it should be;
            the message names field and value.
    """
    where = f"scheme {path}"
    return scheme_from(read_yaml(path, where), path.name, where)


def scheme_from(value: Any, file: str, where: str) -> Scheme:
    """Check what a YAML or JSON file holds; ``where`` is named in errors.

    Raises:
        HarnessError: as :func:`load_scheme`.
    """
    fields = _mapping(value, ("instruction", "criteria"), where)
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
    return Scheme(file, _text(fields["instruction"], f"{where}: instruction"), criteria)


def _criterion(row: Any, where: str) -> Criterion:
    fields = _mapping(row, ("name", "definition", "marks"), where)
    name = fields["name"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise HarnessError(
            f"{where}: name: found {_shown(name)}, expected up to 30 small letters, digits and "
            "underscores, a letter first"
        )
    if name in _TAKEN:
        raise HarnessError(
            f"{where}: name: found '{name}', expected another name: a column of the sheets has it"
        )
    where = f"{where} ({name})"
    return Criterion(
        name, _text(fields["definition"], f"{where}: definition"), _marks(fields["marks"], where)
    )


def _marks(value: Any, where: str) -> tuple[str, ...]:
    # JSON has texts for keys. True equals 1 in Python, and is no mark.
    found = {
        int(mark) if mark in {"0", "1", "2", "3"} else mark: text
        for mark, text in (value.items() if isinstance(value, Mapping) else ())
    }
    if any(isinstance(mark, bool) for mark in found) or set(found) != set(MARKS):
        shown = _shown(list(found) if isinstance(value, Mapping) else value)
        raise HarnessError(
            f"{where}: marks: found {shown}, expected a text for each of {', '.join(map(str, MARKS))}"
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

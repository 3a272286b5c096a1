"""What is wrong with a sheet: one line each, and no row is passed over without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal[
    "unreadable", "other sample", "same annotator", "given twice", "missing column", "unknown column",
    "not a mark", "off the scale", "missing marks", "missing rows", "unknown item", "doubled row",
    "edited text", "cells beyond",
]  # fmt: skip

_NAMED = 5


@dataclass(frozen=True)
class Problem:
    """``row`` is where in the file (``row 5``), empty for the whole of it; ``items`` are those it is
    about. ``found``, ``expected`` and ``do`` hold no post."""

    kind: Kind
    file: str
    row: str
    found: str
    expected: str
    do: str
    items: tuple[str, ...] = field(default=())

    def line(self) -> str:
        """Return the problem as it is printed."""
        where = f"{self.file}: {self.row}" if self.row else self.file
        return f"{where}: found {self.found}, expected {self.expected}; {self.do}"

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "items": list(self.items), "line": self.line()}


def some(names: Sequence[str]) -> str:
    """Return the first few of many names."""
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")


def of_file(kind: Kind, file: Path, found: str, expected: str, do: str) -> Problem:
    """Return a problem of a whole file."""
    return Problem(kind, str(file), "", found, expected, do)

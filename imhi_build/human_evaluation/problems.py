"""What is wrong with a sheet: one line each, and no row is passed over without one.

The sentences stand in ``problems.yaml``, by the kind of the problem or, where a kind has several,
by the case.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from imhi.io import read_yaml

_WORDS = Path(__file__).with_name("problems.yaml")
_NAMED = 5


@dataclass(frozen=True)
class Problem:
    """``row`` is where in the file (``row 5``), empty for the whole of it; ``items`` are those it is
    about. ``found``, ``expected`` and ``do`` hold no post."""

    kind: str
    file: str
    row: str
    found: str
    expected: str
    do: str
    items: tuple[str, ...] = ()

    def line(self) -> str:
        """Return the problem as it is printed."""
        where = f"{self.file}: {self.row}" if self.row else self.file
        return f"{where}: found {self.found}, expected {self.expected}; {self.do}"

    def to_json(self) -> dict[str, object]:
        """Return the problem as the report holds it."""
        return {**asdict(self), "items": list(self.items), "line": self.line()}


@functools.cache
def _words() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = read_yaml(_WORDS, str(_WORDS))
    return words


def problem(
    case: str, file: Path, row: str = "", items: Sequence[str] = (), **values: object
) -> Problem:
    """Return a problem of a file; ``case`` names its sentences, which ``values`` fill."""
    words = _words()[case]
    found, expected, do = (words[part].format(**values) for part in ("found", "expected", "do"))
    return Problem(words.get("kind", case), str(file), row, found, expected, do, tuple(items))


def some(names: Sequence[str]) -> str:
    """Return the first few of many names."""
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")

"""What is in a raw file, and which preset fits: ``imhi build inspect FILE``.

Nothing here shows a post: of a column with many different or long values only their number and
length are told.
"""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import DataError
from harness.registry import Registry
from harness.tables import TableRow
from imhi_build.raw.files import format_of, read_file
from imhi_build.raw.labels import LabelReader
from imhi_build.raw.preset import Preset, preset_names, read_preset

SHOWN_VALUES = 12
_SHORT = 40


@dataclass
class Column:
    """A column. ``values`` has its different values with their number of rows as long as they are
    few and short, None otherwise; ``characters`` is the mean length of what is not empty."""

    name: str
    filled: int = 0
    length: int = 0
    values: Counter[str] | None = field(default_factory=Counter)

    @property
    def characters(self) -> float:
        return self.length / self.filled if self.filled else 0.0

    def add(self, cell: str) -> None:
        text = cell.strip()
        if not text:
            return
        self.filled += 1
        self.length += len(text)
        if self.values is not None:
            self.values[text] += 1
            if len(text) > _SHORT or len(self.values) > SHOWN_VALUES:
                self.values = None


@dataclass(frozen=True)
class Fit:
    """How well a preset fits: the share of its columns that are there, and, for each label column,
    raw values that it does not know. ``named`` says whether the file is called as it expects."""

    preset: str
    dataset: str
    missing: Sequence[str]
    unknown: Mapping[str, Sequence[str]]
    named: bool

    @property
    def fits(self) -> bool:
        return not self.missing and not any(self.unknown.values())


@dataclass(frozen=True)
class Inspected:
    """A file as found. ``problems`` are rows that could not be read, one sentence each."""

    path: Path
    format: str
    rows: int
    columns: Sequence[Column]
    problems: Sequence[str]
    fits: Sequence[Fit]


def inspect_file(
    path: Path,
    registry: Registry,
    *,
    encoding: str = "utf-8",
    sheet: str | None = None,
    presets: Sequence[str] = (),
) -> Inspected:
    """Read a whole file and hold every preset (and those of one's own) against it.

    Raises:
        DataError: the file as a whole cannot be read.
    """
    columns: dict[str, Column] = {}
    problems: list[str] = []
    rows = 0
    for row in read_file(path, None, encoding, sheet):
        rows += 1
        if isinstance(row, DataError):
            problems.append(str(row))
            continue
        _add(columns, row)
    named = [*preset_names(), *presets]
    fits = [_fit(name, read_preset(name, registry), path, columns) for name in named]
    # What fits comes first, then what lacks least; a preset that shares no column says nothing.
    near = [fit for fit in fits if len(fit.missing) < _needed(fit, registry)]
    near.sort(key=lambda fit: (not fit.fits, not fit.named, len(fit.missing), fit.preset))
    return Inspected(path, format_of(path), rows, list(columns.values()), problems, near)


def _add(columns: dict[str, Column], row: TableRow) -> None:
    for name, cell in row.cells.items():
        columns.setdefault(name, Column(name)).add(cell)


def _fit(name: str, preset: Preset, path: Path, columns: Mapping[str, Column]) -> Fit:
    missing = [column for column in preset.columns if column not in columns]
    unknown: dict[str, list[str]] = {}
    for question in preset.questions.values():
        column = columns.get(question.column)
        if column is None:
            continue
        reader = LabelReader(question)
        if column.values is None:
            unknown[question.column] = ["many different values"]
        else:
            strange = [value for value in column.values if not reader.knows(value)]
            if strange:
                unknown[question.column] = strange
    patterns = [pattern for file in preset.files.values() for pattern in file.patterns]
    named = any(
        fnmatch.fnmatchcase(path.name.lower(), p.lower().rpartition("/")[2]) for p in patterns
    )
    return Fit(name, preset.dataset, missing, unknown, named)


def _needed(fit: Fit, registry: Registry) -> int:
    return len(read_preset(fit.preset, registry).columns)


def skeleton(found: Inspected) -> str:
    """Return the beginning of a preset for the file, to be completed by hand."""
    longest = max(found.columns, key=lambda column: column.characters, default=None)
    few = [c for c in found.columns if c.values is not None and 1 < len(c.values) <= SHOWN_VALUES]
    label = few[0] if few else None
    raws = (label.values or ()) if label else ()
    values = ", ".join(f"{_quoted(raw)}: LABEL" for raw in raws)
    return "\n".join(
        [
            "dataset: NAME            # a dataset of a task plugin (see: imhi tasks)",
            f"files: {{all: {{path: {_quoted(found.path.name)}}}}}",
            "split: {shares: {train: 0.8, val: 0.1, test: 0.1}}",
            f"post: {_quoted(longest.name) if longest else 'COLUMN'}",
            f"label: {{column: {_quoted(label.name) if label else 'COLUMN'}, values: {{{values}}}}}",
        ]
    )


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)

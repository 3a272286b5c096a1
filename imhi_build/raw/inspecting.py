"""What is in a raw file, and which preset fits: ``imhi build inspect FILE``.

Nothing here shows a post: of the column with the longest texts, and of columns with many different
or long values, only their number and length are told.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imhi import DataError, Registry
from imhi.build.raw.files import RowError, format_of, read_file
from imhi.build.raw.labels import LabelReader
from imhi.build.raw.preset import Preset, preset_names, read_preset
from imhi.build.raw.splits import matches
from imhi.io import TableRow

SHOWN_VALUES = 12
_HELD_VALUES = 60
_SHORT = 40

# What the column of the post is usually called; an explanation may be longer.
_POST_NAMES = ("text", "post", "body", "selftext", "tweet", "sentence", "content", "message")


@dataclass
class Column:
    """A column. ``values`` has its different short values with their number of rows, None where
    there are too many; ``long`` counts the others. ``longest`` says that no column has longer texts:
    it may be the post."""

    name: str
    filled: int = 0
    length: int = 0
    values: Counter[str] | None = field(default_factory=Counter)
    long: int = 0
    longest: bool = False

    @property
    def characters(self) -> float:
        """The mean length of what is not empty."""
        return self.length / self.filled if self.filled else 0.0

    @property
    def shown(self) -> Counter[str] | None:
        """The values, where they are few and none is long, and can be no posts."""
        few = self.values is not None and len(self.values) <= SHOWN_VALUES
        return self.values if few and not self.long and not self.longest else None

    def add(self, cell: str) -> None:
        """Count a cell."""
        text = cell.strip()
        if not text:
            return
        self.filled += 1
        self.length += len(text)
        if len(text) > _SHORT:
            self.long += 1
        elif self.values is not None:
            self.values[text] += 1
            if len(self.values) > _HELD_VALUES:
                self.values = None


@dataclass(frozen=True)
class Fit:
    """How well a preset fits: columns that are missing, and, for each label column, what it does not
    know. ``named`` says whether the file is called as it expects (``names``); ``single`` whether
    it takes a file of any name."""

    preset: str
    dataset: str
    missing: Sequence[str]
    unknown: Mapping[str, Sequence[str]]
    named: bool
    names: Sequence[str]
    single: bool

    @property
    def fits(self) -> bool:
        """Whether nothing is missing and nothing unknown."""
        return not self.missing and not self.unknown


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
    known = {name: read_preset(name, registry) for name in [*preset_names(), *presets]}
    columns: dict[str, Column] = {}
    problems: list[str] = []
    rows = 0
    replaced = False
    for row in read_file(path, None, encoding, sheet, wanted=()):
        rows += 1
        if isinstance(row, RowError):
            problems.append(str(row))
        else:
            _add(columns, row)
            replaced = replaced or "\N{REPLACEMENT CHARACTER}" in "".join(row.cells.values())
    longest = max(columns.values(), key=lambda column: column.characters, default=None)
    if longest is not None:
        longest.longest = True
    fits = [_fit(name, preset, path, columns) for name, preset in known.items()]
    # What fits comes first, then what lacks least; a preset that shares no column says nothing.
    lacks = {fit.preset: len(fit.missing) / len(known[fit.preset].columns) for fit in fits}
    near = [fit for fit in fits if fit.preset in presets or lacks[fit.preset] < 1]
    near.sort(key=lambda fit: (not fit.fits, not fit.named, lacks[fit.preset], fit.preset))
    if replaced or format_of(path) == "excel":
        # Only what is read has to be sound: the columns of the preset, where one has them all.
        whole = near and not near[0].missing
        wanted = known[near[0].preset].columns if whole else list(columns)
        again = read_file(path, None, encoding, sheet, wanted)
        problems = [str(row) for row in again if isinstance(row, DataError)]
    return Inspected(path, format_of(path), rows, list(columns.values()), problems, near)


def _add(columns: dict[str, Column], row: TableRow) -> None:
    for name, cell in row.cells.items():
        columns.setdefault(name, Column(name)).add(cell)


def _fit(name: str, preset: Preset, path: Path, columns: Mapping[str, Column]) -> Fit:
    missing = [column for column in preset.columns if column not in columns]
    readers = [column.reader for column in preset.questions.values()]
    readers += [preset.split.reader] if preset.split and preset.split.reader else []
    strange = {one.column: _strange(one, columns.get(one.column)) for one in readers}
    unknown = {column: values for column, values in strange.items() if values}
    patterns = [pattern for file in preset.files.values() for pattern in file.patterns]
    named = any(matches(path.name, pattern.rpartition("/")[2]) for pattern in patterns)
    return Fit(name, preset.dataset, missing, unknown, named, patterns, "all" in preset.files)


def _strange(reader: LabelReader, column: Column | None) -> list[str]:
    """Return what the preset does not know in a column."""
    if column is None:
        return []
    if column.values is None:
        return ["many different values"]
    unknown = [repr(value) for value in column.values if not reader.knows(value)]
    if column.long:
        unknown.append(f"{column.long:,} longer texts")
    return unknown


def skeleton(found: Inspected) -> Iterator[str]:
    """Yield the lines of the beginning of a preset for the file, to be completed by hand."""
    named = {column.name.casefold(): column for column in found.columns}
    usual = next((named[name] for name in _POST_NAMES if name in named), None)
    post = usual or next((column for column in found.columns if column.longest), None)
    few = [c for c in found.columns if c.shown is not None and len(c.shown) > 1 and c is not post]
    yield "dataset: NAME  # a dataset that a task declares (see: imhi tasks)"
    yield "files:"
    yield f"  all: {{path: {_quoted(found.path.name)}}}"
    yield "split: {shares: {train: 0.8, val: 0.1, test: 0.1}}"
    yield f"post: {_quoted(post.name) if post else 'COLUMN'}"
    yield "label:"
    yield f"  column: {_quoted(few[0].name) if few else 'COLUMN'}"
    yield "  values:"
    for raw in (few[0].shown if few else None) or ("VALUE",):
        yield f"    {_quoted(raw)}: LABEL"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

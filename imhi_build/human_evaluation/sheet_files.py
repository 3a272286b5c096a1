"""Sheets as they come back, whatever kind of file they are in: rows of cells, not yet judged."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi.build.human_evaluation.page import FORMAT, KIND
from imhi.build.human_evaluation.scheme import ANNOTATOR, COMMENT, ITEM, SAMPLE
from imhi.build.human_evaluation.whole_files import needed
from imhi.build.human_evaluation.workbook import MARKS_SHEET, SCHEME_SHEET
from imhi.io import FIELD_LIMIT


class Unreadable(Exception):
    """A file that is no sheet: a case of ``problems.yaml``, and the values that fill its words."""

    def __init__(self, case: str, **values: object) -> None:
        super().__init__(case)
        self.case, self.values = case, values


@dataclass(frozen=True)
class SheetRow:
    """``where`` is how the row is found in its file (``row 5``, as a spreadsheet program counts);
    ``beyond`` is how many cells stand right of the last column."""

    where: str
    cells: Mapping[str, object]
    beyond: int = 0


@dataclass(frozen=True)
class SheetFile:
    """``annotator`` and ``sample`` (the digest) are empty where the file does not say."""

    path: Path
    annotator: str
    sample: str
    columns: tuple[str, ...]
    rows: Sequence[SheetRow]


def read_sheet(path: Path) -> SheetFile:
    """Read a sheet of any kind.

    Raises:
        Unreadable: not there, damaged, of another kind, or without the column ``item``.
        HarnessError: openpyxl is not installed.
    """
    readers: dict[str, Callable[[Path], SheetFile]] = {
        ".xlsx": _workbook,
        ".json": _json,
        ".csv": _csv,
    }
    reader = readers.get(path.suffix.lower())
    if path.is_dir():
        raise Unreadable("a folder")
    if not path.exists():
        raise Unreadable("no such file")
    if reader is None:
        raise Unreadable("another kind of file", suffix=path.suffix)
    if path.name.startswith(("~$", ".~lock")):
        raise Unreadable("a lock")
    try:
        return reader(path)
    except OSError as error:
        raise Unreadable("not readable", error=error.strerror or error) from None


def _workbook(path: Path) -> SheetFile:
    openpyxl = needed("openpyxl", "openpyxl", f"reading {path.name}")
    try:
        # Cells as they stand, not what formulas came to: a formula is no mark.
        book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True)
        tables = {sheet.title: [list(row) for row in _values(sheet)] for sheet in book.worksheets}
    except OSError:
        raise
    except Exception as error:  # openpyxl, zipfile or the parser raise anything
        told = f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"
        raise Unreadable("damaged Excel", error=told) from None
    about = {_name(row[0]): row[1] for row in tables.get(SCHEME_SHEET, []) if len(row) > 1}
    named = [tables[MARKS_SHEET]] if MARKS_SHEET in tables else []
    for table in [*named, *tables.values()]:
        if any(_name(cell) == ITEM for cell in (table[0] if table else ())):
            return _table(path, table, _said(about.get(ANNOTATOR)), _said(about.get(SAMPLE)))
    raise Unreadable("no items", item=ITEM)


def _values(sheet: Any) -> Iterable[Sequence[Any]]:
    sheet.reset_dimensions()  # some programs write them wrong, and rows beyond would be passed over
    found: Iterable[Sequence[Any]] = sheet.iter_rows(values_only=True)
    return found


def _csv(path: Path) -> SheetFile:
    data = path.read_bytes()
    try:
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        byte = f"0x{error.object[error.start]:02x}"
        raise Unreadable("not UTF-8", byte=byte, position=error.start) from None
    csv.field_size_limit(max(csv.field_size_limit(), FIELD_LIMIT))
    head = text.partition("\n")[0]
    # Excel separates by semicolons where commas are decimal signs.
    delimiter = max(",;\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Unreadable("broken CSV", error=error) from None
    return _table(path, rows, "", "")


def _table(path: Path, table: Sequence[Sequence[Any]], annotator: str, sample: str) -> SheetFile:
    """Make a sheet of a table whose first row is the header; empty rows are none."""
    columns = [_name(cell) for cell in (table[0] if table else ())]
    if ITEM not in columns:
        raise Unreadable("no items", item=ITEM)
    doubled = sorted({name for name in columns if name and columns.count(name) > 1})
    if doubled:
        raise Unreadable("doubled column", column=doubled[0])
    rows = []
    for number, cells in enumerate(table[1:], start=2):
        if all(cell is None or cell == "" for cell in cells):
            continue
        named = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
        beyond = sum(cell is not None and cell != "" for cell in cells[len(columns) :])
        rows.append(SheetRow(f"row {number}", named, beyond))
    return SheetFile(
        path,
        annotator or _one(rows, ANNOTATOR),
        sample or _one(rows, SAMPLE),
        tuple(name for name in columns if name),
        rows,
    )


def _one(rows: Sequence[SheetRow], column: str) -> str:
    """Return what a column says in every row."""
    found = list(dict.fromkeys(_said(row.cells.get(column)) for row in rows))
    if len(found) > 1:
        named = ", ".join(f"'{name[:40]}'" for name in found[:3])
        raise Unreadable("several in one file", column=column, named=named)
    return found[0] if found else ""


def _json(path: Path) -> SheetFile:
    try:
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        told = " ".join(str(error).split())[:80]
        raise Unreadable("damaged JSON", error=told) from None
    items = value.get("items") if isinstance(value, dict) else None
    if not isinstance(items, list) or value.get("kind") != KIND:
        raise Unreadable("other JSON")
    if value.get("format") != FORMAT:
        found = str(value.get("format"))[:20]
        raise Unreadable("other format", found=found, expected=FORMAT)
    rows = []
    columns: dict[str, None] = {ITEM: None}
    criteria = value.get("criteria")
    columns.update(dict.fromkeys(map(str, criteria)) if isinstance(criteria, list) else {})
    for number, one in enumerate(items, start=1):
        marks = one.get("marks") if isinstance(one, dict) else None
        if not isinstance(marks, dict):
            raise Unreadable("other JSON")
        rows.append(
            SheetRow(
                f"item {number}",
                {ITEM: one.get(ITEM), **marks, COMMENT: one.get(COMMENT)},
            )
        )
        columns.update(dict.fromkeys(marks))
    columns[COMMENT] = None
    return SheetFile(
        path, _said(value.get(ANNOTATOR)), _said(value.get(SAMPLE)), tuple(columns), rows
    )


def _name(cell: Any) -> str:
    return str(cell).strip().casefold() if cell is not None else ""


def _said(cell: Any) -> str:
    return str(cell).strip() if cell is not None else ""

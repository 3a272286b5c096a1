"""CSV, TSV and JSONL, row by row.

A quote that is not closed makes a reader of CSV swallow what follows. Here only the row it stands in
is lost: reading goes on at the next line that begins a row, which is one with as many cells as the
header. (A line inside a broken post may look like one; its label will be none that a preset knows.)
"""

from __future__ import annotations

import codecs
import csv
import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from imhi import DataError, HarnessError
from imhi.build.raw.cells import KEEP_BYTES, RowError, Rows, header, listed, sound, texts
from imhi.io import FIELD_LIMIT, TableRow

_SEPARATORS = (",", ";", "\t", "|")
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def encoding_of(path: Path, encoding: str) -> str:
    """Return the encoding to read with: a byte order mark outdoes what was said.

    Raises:
        HarnessError: no such encoding.
    """
    with path.open("rb") as stream:
        start = stream.read(4)
    for mark, marked in _MARKS:
        if start.startswith(mark):
            return marked
    try:
        "".encode(encoding)
    except (LookupError, ValueError):
        raise HarnessError(
            f"{path}: unknown encoding '{encoding}', expected one such as utf-8 or cp1252; correct "
            "'encoding' in the preset"
        ) from None
    if codecs.lookup(encoding).name in {"utf-16", "utf-32"}:
        raise HarnessError(
            f"{path}: found no byte order mark, expected one in a file in {encoding}; name the order of "
            f"its bytes too: {encoding}-le or {encoding}-be"
        )
    return encoding


class _Lines:
    """The lines of a file, handed out one by one; ``taken`` are those of the row being read."""

    def __init__(self, stream: TextIO) -> None:
        self.number = 0
        self.taken: list[str] = []
        self._stream = stream
        self._ahead: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._stream)
        self.taken.append(line)
        self.number += 1
        return line

    def begin_row(self) -> None:
        self.taken = []

    def back_to(self, count: int) -> None:
        """Put back all lines taken but the first ``count``."""
        self._ahead.extendleft(reversed(self.taken[count:]))
        self.number -= len(self.taken) - count
        del self.taken[count:]


def delimited(path: Path, encoding: str, separator: str, wanted: Sequence[str] | None) -> Rows:
    """Yield the rows of a CSV or TSV file. Where its header holds no ``separator`` but another of
    the usual ones, that one separates the cells: one column is never a dataset.

    Raises:
        DataError: no header, or one that cannot be read.
    """
    csv.field_size_limit(max(csv.field_size_limit(), FIELD_LIMIT))
    chosen = encoding_of(path, encoding)
    # Bytes that are not of the encoding come through as lone surrogates: their rows are told apart.
    with path.open(encoding=chosen, newline="", errors=KEEP_BYTES) as stream:
        lines = _Lines(stream)
        names, separator = _names(path, lines, separator)
        number = 0
        damaged = False
        while True:
            line = lines.number + 1
            try:
                cells = _row(lines, separator)
            except csv.Error as error:
                damaged = True
                _pass_rest(lines, separator, len(names))
                more = (
                    f" (lines {line} to {lines.number} are left out)" if lines.number > line else ""
                )
                yield RowError(path, number, line, _broken(error) + more)
                number += 1
                continue
            if cells is None:
                return
            if not cells:
                continue
            if len(cells) != len(names):
                yield RowError(
                    path,
                    number,
                    line,
                    f"found {_counted(len(cells))}, expected {len(names)} ({listed(names)}); put "
                    "quotes around cells that hold separators",
                )
            elif damaged and not _well_quoted(lines.taken, cells):
                yield RowError(path, number, line, _STRAY)
            else:
                row = TableRow(number, line, dict(zip(names, cells, strict=True)))
                yield sound(row, path, chosen, wanted)
            number += 1


def _row(lines: _Lines, separator: str) -> list[str] | None:
    """Return the cells of the next row, none for an empty line, None at the end.

    Raises:
        csv.Error: quotes that do not come in pairs.
    """
    lines.begin_row()
    return next(csv.reader(lines, delimiter=separator, strict=True), None)


def _names(path: Path, lines: _Lines, separator: str) -> tuple[list[str], str]:
    """Return the names of the columns, and what separates them."""
    found: dict[str, list[str]] = {}
    failed: csv.Error | None = None
    for candidate in (separator, *_SEPARATORS):
        try:
            while (cells := _row(lines, candidate)) == []:
                pass
            found.setdefault(candidate, cells or [])
        except csv.Error as error:
            failed = failed or error
        if len(found.get(separator, ())) > 1:
            return header(path, found[separator], lines.number), separator
        lines.back_to(0)
    best = max(found, key=lambda candidate: len(found[candidate]), default=separator)
    if failed is not None and len(found.get(best, ())) < 2:
        raise DataError(f"{path}: line 1: {_broken(failed)}")
    _row(lines, best)
    return header(path, found[best], lines.number), best


def _pass_rest(lines: _Lines, separator: str, width: int) -> None:
    """Pass over the rest of a row with broken quotes: the lines after its first one, up to the one
    that has the row's last cells, or to the next whole row."""
    lines.back_to(1)
    while len(next(csv.reader(lines.taken, delimiter=separator), [])) != width:
        try:
            cells = _row(lines, separator)
            whole = cells is not None and len(cells) == width and _well_quoted(lines.taken, cells)
        except csv.Error:
            whole = False
        if whole or not lines.taken:
            lines.back_to(0)
            return
        lines.back_to(1)


def _well_quoted(taken: Sequence[str], cells: Sequence[str]) -> bool:
    """Say whether every cell that holds quotes can be in quotes itself, its own doubled."""
    quotes = sum(line.count('"') for line in taken)
    return quotes >= sum(2 * n + 2 for cell in cells if (n := cell.count('"')))


_STRAY = (
    "found quotes inside a cell that is not in quotes, after a row with broken ones, expected the "
    "beginning of a row; put the cell in quotes and double those inside"
)


def _broken(error: csv.Error) -> str:
    said = str(error)
    if "unexpected end of data" in said:
        return (
            "found the end of the file inside a quoted cell, expected a closing quote; the file is "
            "cut off or a quote is not closed: get it again, or close the quote"
        )
    if "expected after" in said:
        said = "text after a closing quote (a quote before it may not be closed)"
    elif "field larger" in said:
        said = f"a cell of more than {FIELD_LIMIT:,} characters"
    return f"found {said}, expected CSV with quotes in pairs; double the quotes inside a cell"


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


def jsonl(path: Path, encoding: str, wanted: Sequence[str] | None) -> Rows:
    """Yield the rows of a file with one JSON object a line."""
    chosen = encoding_of(path, encoding)
    number = 0
    with path.open(encoding=chosen, errors=KEEP_BYTES) as stream:
        for line, found in enumerate(stream, start=1):
            if found.strip():
                yield _json_row(path, number, line, found, chosen, wanted)
                number += 1


def _json_row(
    path: Path, number: int, line: int, text: str, encoding: str, wanted: Sequence[str] | None
) -> TableRow | RowError:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        said = "too deep" if isinstance(error, RecursionError) else error
        wrong = f"no JSON ({said}), expected one object a line"
    else:
        if isinstance(found, Mapping):
            return sound(TableRow(number, line, texts(found)), path, encoding, wanted)
        wrong = f"a JSON {type(found).__name__}, expected an object"
    return RowError(path, number, line, f"found {wrong}; correct the line")

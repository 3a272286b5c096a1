"""CSV files read row by row, with errors that say where and what to do.

Rows are counted from 0 without the header (as pandas counts them and as example ids do); lines
from 1 with the header (as an editor does): a post may hold line breaks, so the two differ.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from imhi._core.errors import DataError

# The standard library's limit of 131,072 characters is below some posts on Reddit.
FIELD_LIMIT = 1 << 28
_INDEX_NAMES = {"", "Unnamed: 0"}


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its number from 0, the line it begins on, and its cells by column."""

    number: int
    line: int
    cells: Mapping[str, str]

    def place(self, path: Path) -> str:
        """Return how the row is named in messages."""
        return _place(path, self.number, self.line)


def _place(path: Path, number: int, line: int) -> str:
    return f"{path}: row {number} (line {line})"


def read_table(
    path: Path, required: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[TableRow | DataError]:
    """Yield the rows of a UTF-8 CSV file (a byte order mark and an unnamed index column are let
    through; empty lines are not rows).

    A row with too few or too many cells comes out as a DataError, so that the caller can go on
    with the next one.

    Raises:
        DataError: not readable, not UTF-8, NUL characters, no header, no rows, missing or
            unknown columns, a quote that is not closed.
    """
    csv.field_size_limit(max(csv.field_size_limit(), FIELD_LIMIT))
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield from _rows(path, stream, required, optional)
    except UnicodeDecodeError:
        raise _wrong_encoding(path) from None
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read: {error.strerror}; expected a CSV file you may read"
        ) from None


def _rows(
    path: Path, stream: TextIO, required: Sequence[str], optional: Sequence[str]
) -> Iterator[TableRow | DataError]:
    # strict: without it an unclosed quote swallows the rest of the file without a word.
    reader = csv.reader(_without_nul(path, stream), strict=True)
    header: list[str] | None = None
    number = 0
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise _broken_quoting(path, number, line, str(error)) from None
        if cells is None:
            break
        if not cells:
            continue
        if header is None:
            header = _checked_header(path, cells, required, optional)
            continue
        if len(cells) == len(header):
            yield TableRow(number, line, dict(zip(header, cells, strict=True)))
        else:
            yield DataError(
                f"{_place(path, number, line)}: found {len(cells)} cells, expected {len(header)} "
                f"({', '.join(name or 'index' for name in header)}); put quotes around cells that "
                "hold commas"
            )
        number += 1
    if header is None:
        raise DataError(
            f"{path}: found an empty file, expected the columns {', '.join(required)}; "
            "fetch or export it again"
        )
    if number == 0:
        raise DataError(
            f"{path}: found a header and no rows, expected at least one row; "
            "fetch or export it again"
        )


def _checked_header(
    path: Path, header: list[str], required: Sequence[str], optional: Sequence[str]
) -> list[str]:
    names = header[1:] if header[0] in _INDEX_NAMES else header
    missing = [name for name in required if name not in names]
    extra = [name for name in names if name not in {*required, *optional}]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if len(missing) == len(required):
        # Not a header, but most likely a row, which may hold a post: none of it is repeated.
        raise DataError(
            f"{path}: line 1: found {len(header)} columns and the names of none of them, expected the "
            f"header {','.join(required)}; write it above the rows, or rename columns"
        )
    if missing or extra or doubled:
        wrong = "; ".join(
            f"{what}: {', '.join(repr(name[:40]) for name in which)}"
            for what, which in (("missing", missing), ("unknown", extra), ("doubled", doubled))
            if which
        )
        may = f" (and optionally {', '.join(optional)})" if optional else ""
        shown = ", ".join(name[:40] for name in header[:8])
        raise DataError(
            f"{path}: line 1: found the columns {shown}, expected {', '.join(required)}{may} "
            f"({wrong}); rename or remove columns"
        )
    return header


def _without_nul(path: Path, stream: TextIO) -> Iterator[str]:
    for number, line in enumerate(stream, start=1):
        if "\0" in line:
            raise DataError(
                f"{path}: line {number}: found a NUL character at column {line.index(chr(0)) + 1}, "
                "expected text; the file is damaged or not UTF-8: fetch or export it again"
            )
        yield line


def _broken_quoting(path: Path, number: int, line: int, message: str) -> DataError:
    if "unexpected end of data" in message:
        found, do = "a quote that is never closed", "close it, or double quotes inside a cell"
    elif "expected after" in message:
        found, do = (
            "text after a closing quote (a quote before it may not be closed)",
            "double the quotes inside a cell",
        )
    elif "field larger" in message:
        found, do = f"a cell of more than {FIELD_LIMIT} characters", "look for an unclosed quote"
    else:
        found, do = message, "export the file again"
    return DataError(
        f"{_place(path, number, line)}: found {found}, expected CSV with quotes in pairs; {do}"
    )


def _wrong_encoding(path: Path) -> DataError:
    """Say which byte is not UTF-8 (the decoder of a text stream knows only its own block)."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    end = 0
    with path.open("rb") as stream:
        while True:
            block = stream.read(1 << 20)
            end += len(block)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                at = end - len(error.object) + error.start
                return DataError(
                    f"{path}: found the byte 0x{error.object[error.start]:02x} at position {at}, "
                    "expected UTF-8; save the file as UTF-8"
                )
            if not block:
                return DataError(f"{path}: expected UTF-8; save the file as UTF-8")

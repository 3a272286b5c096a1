"""Cells of any format as texts, and rows that cannot be read as errors in their place."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from imhi import DataError
from imhi.io import TableRow

SHOWN = 40  # characters of a column's name: in a file without a header it is a post

NUL = "\0"
_BROKEN = re.compile(r"[\ud800-\udfff\0]")


class RowError(DataError):
    """A row that cannot be read; ``number`` is counted as that of a :class:`TableRow`."""

    def __init__(self, path: Path, number: int, line: int, text: str) -> None:
        super().__init__(f"{TableRow(number, line, {}).place(path)}: {text}")
        self.number = number


Rows = Iterator[TableRow | RowError]


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    found = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in found), error.end


# As surrogateescape, which refuses bytes below 0x80: in UTF-16 those can be wrong, too.
KEEP_BYTES = "imhi-keep-bytes"
codecs.register_error(KEEP_BYTES, _keep_bytes)


def sound(
    row: TableRow, path: Path, encoding: str, wanted: Sequence[str] | None
) -> TableRow | RowError:
    """Return the row, or an error where a wanted cell (any, if None) holds what no text holds. In
    other cells it is replaced by U+FFFD."""
    broken = {
        name: found
        for name, cell in row.cells.items()
        if (not cell.isascii() or "\0" in cell) and (found := _BROKEN.search(cell))
    }
    if not broken:
        return row
    for name in row.cells if wanted is None else wanted:
        if name in broken:
            told = _told(broken[name].group(), encoding)
            return RowError(path, row.number, row.line, f"column {name[:SHOWN]}: {told}")
    cells = {k: readable(cell) if k in broken else cell for k, cell in row.cells.items()}
    return TableRow(row.number, row.line, cells)


def readable(text: str) -> str:
    """Return the text with U+FFFD for what no text holds."""
    return _BROKEN.sub("\N{REPLACEMENT CHARACTER}", text)


def _told(character: str, encoding: str) -> str:
    if character == NUL:
        return "found a NUL character, expected text; the file is damaged: get it again"
    if not 0xDC00 <= ord(character) <= 0xDCFF:  # JSON can spell it
        return (
            f"found half of a character (\\u{ord(character):04x}), expected whole ones; the text was "
            "cut inside it: correct the row"
        )
    return (
        f"found the byte 0x{ord(character) - 0xDC00:02x}, expected {encoding.removesuffix('-sig')}; "
        "save the file in one encoding, or say which it is in the preset (encoding: cp1252)"
    )


def header(path: Path, cells: Sequence[str], line: int = 1) -> list[str]:
    """Return the names of the columns. One without a name is called by its place, as pandas does.

    Raises:
        DataError: there are none, or two are the same.
    """
    names = [readable(name).strip() for name in cells]
    if not any(names):
        raise DataError(f"{path}: found no header, expected column names in the first line")
    if any(NUL in name for name in cells):
        raise DataError(
            f"{path}: line {line}: found NUL characters, expected column names; if the file is "
            "UTF-16, say so in the preset (encoding: utf-16), else it is damaged: get it again"
        )
    doubled = [name for name in names if name and names.count(name) > 1]
    if doubled:
        raise DataError(
            f"{path}: line {line}: found the column {doubled[0][:SHOWN]!r} more than once, expected "
            "distinct names; rename one"
        )
    places = [f"Unnamed: {index}" for index in range(len(names))]
    return [
        name or (f"{given}.1" if given in names else given)
        for name, given in zip(names, places, strict=True)
    ]


def listed(names: Sequence[str]) -> str:
    """Return the names of columns for a message."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(name[:SHOWN] for name in names[:10]) + more


def texts(row: Mapping[str, object]) -> dict[str, str]:
    """Return all cells of a row as texts."""
    return {str(name): text(value) for name, value in row.items()}


def text(value: object) -> str:
    """Return a cell as text: nothing and NaN are empty, 1.0 is 1, true is true."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", KEEP_BYTES)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def one_line(error: BaseException) -> str:
    """Return what an error says, at most 200 characters on one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__

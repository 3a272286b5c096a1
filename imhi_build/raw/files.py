"""Tables of any of the usual formats, read row by row: CSV, TSV, JSONL, Parquet, Excel.

A row that cannot be read comes out as an error in its place, and the rows after it are read all the
same: one wrong byte must not cost a dataset. All cells are texts; what has no value is empty.
"""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from harness.errors import DataError, HarnessError
from harness.tables import FIELD_LIMIT, TableRow, place

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
}
_BATCH = 1024
_BROKEN = re.compile(r"[\ud800-\udfff\0]")

Rows = Iterator[TableRow | DataError]


def format_of(path: Path, given: str | None = None) -> str:
    """Return the format of a file.

    Raises:
        HarnessError: neither ``given`` nor told by the suffix.
    """
    found = given or SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise HarnessError(
            f"{path}: found the suffix '{path.suffix}', expected one of {', '.join(SUFFIXES)}; "
            "rename the file, or say 'format: csv' (tsv, jsonl, parquet, excel) in the preset"
        )
    return found


def read_file(
    path: Path,
    format: str | None = None,
    encoding: str = "utf-8",
    sheet: str | None = None,
    wanted: Sequence[str] = (),
) -> Rows:
    """Yield the rows of a file, or an error in the place of a row that cannot be read. Only the
    cells of the ``wanted`` columns have to be sound (all, where none is named).

    Raises:
        DataError: the file as a whole cannot be read: not there, damaged, no header, no rows.
        HarnessError: an unknown format or encoding.
    """
    kind = format_of(path, format)
    try:
        empty = path.stat().st_size == 0
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; expected a file") from None
    if empty:
        raise DataError(f"{path}: found an empty file, expected a table with a header")
    if kind == "parquet":
        rows = _parquet(path)
    elif kind == "excel":
        rows = _excel(path, sheet)
    elif kind == "jsonl":
        rows = _jsonl(path, encoding, wanted)
    else:
        rows = _delimited(path, encoding, "\t" if kind == "tsv" else ",", wanted)
    some = False
    for row in rows:
        some = True
        yield row
    if not some:
        raise DataError(f"{path}: found a header and no rows, expected at least one row")


def _encoding(path: Path, encoding: str) -> str:
    """Return the encoding to read with: a byte order mark outdoes what was said."""
    with path.open("rb") as stream:
        start = stream.read(4)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        "".encode(encoding)
    except LookupError:
        raise HarnessError(
            f"{path}: unknown encoding '{encoding}', expected one such as utf-8 or cp1252; correct "
            "'encoding' in the preset"
        ) from None
    return "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding


def _delimited(path: Path, encoding: str, delimiter: str, wanted: Sequence[str]) -> Rows:
    csv.field_size_limit(max(csv.field_size_limit(), FIELD_LIMIT))
    chosen = _encoding(path, encoding)
    # Bytes that are not of the encoding come through as lone surrogates: their rows are told apart.
    with path.open(encoding=chosen, newline="", errors="surrogateescape") as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        header = _header(path, next(reader, None))
        number = 0
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield _broken(path, number, line, error, stream)
                number += 1
                continue
            if cells is None:
                return
            if not cells:
                continue
            where = place(path, number, line)
            if len(cells) != len(header):
                yield DataError(
                    f"{where}: found {len(cells)} cells, expected {len(header)} "
                    f"({', '.join(header[:6])} ...); put quotes around cells that hold separators"
                )
            else:
                row = TableRow(number, line, dict(zip(header, cells, strict=True)))
                yield _sound(row, where, chosen, wanted)
            number += 1


def _header(path: Path, cells: list[str] | None) -> list[str]:
    if not cells:
        raise DataError(f"{path}: found no header, expected column names in the first line")
    names = [name.strip() or "Unnamed: 0" for name in cells]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise DataError(
            f"{path}: line 1: found the column {doubled[0]!r} more than once, expected distinct "
            "names; rename one"
        )
    return names


def _broken(path: Path, number: int, line: int, error: csv.Error, stream: TextIO) -> DataError:
    where = place(path, number, line)
    if "unexpected end of data" in str(error):
        return DataError(
            f"{where}: found the end of the file inside a quoted cell, expected a closing quote; the "
            "file is cut off or a quote is not closed: get it again, or close the quote"
        )
    return DataError(
        f"{where}: found {error}, expected CSV with quotes in pairs; double the quotes inside a cell"
    )


def _sound(row: TableRow, where: str, encoding: str, wanted: Sequence[str]) -> TableRow | DataError:
    """Return the row, or an error where a wanted cell holds what no text holds. In other cells it is
    replaced by U+FFFD."""
    broken = {
        name: found
        for name, cell in row.cells.items()
        if (not cell.isascii() or "\0" in cell) and (found := _BROKEN.search(cell))
    }
    if not broken:
        return row
    for name in wanted or row.cells:
        if name in broken:
            return DataError(f"{where}: column {name}: {_told(broken[name].group(), encoding)}")
    cells = {
        k: _BROKEN.sub("\ufffd", cell) if k in broken else cell for k, cell in row.cells.items()
    }
    return TableRow(row.number, row.line, cells)


def _told(character: str, encoding: str) -> str:
    if character == "\0":
        return "found a NUL character, expected text; the file is damaged: get it again"
    # JSON can spell half of a pair; bytes of another encoding come as U+DC80 to U+DCFF.
    byte = 0xDC80 <= ord(character) <= 0xDCFF
    found = f"the byte 0x{ord(character) - 0xDC00:02x}" if byte else "half of a surrogate pair"
    return (
        f"found {found}, expected {encoding.removesuffix('-sig')}; save the file in one encoding, or "
        "say which it is in the preset (encoding: cp1252)"
    )


def _jsonl(path: Path, encoding: str, wanted: Sequence[str]) -> Rows:
    chosen = _encoding(path, encoding)
    number = 0
    with path.open(encoding=chosen, errors="surrogateescape") as stream:
        for line, text in enumerate(stream, start=1):
            if not text.strip():
                continue
            where = place(path, number, line)
            try:
                found = json.loads(text)
            except ValueError as error:
                found = None
                yield DataError(
                    f"{where}: found no JSON ({error}), expected one object a line; correct the line"
                )
            else:
                if isinstance(found, Mapping):
                    yield _sound(TableRow(number, line, _texts(found)), where, chosen, wanted)
                else:
                    yield DataError(
                        f"{where}: found a JSON {type(found).__name__}, expected an object; correct "
                        "the line"
                    )
            number += 1


def _parquet(path: Path) -> Rows:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise _missing(path, "pyarrow") from None

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(batch_size=_BATCH):
                for row in batch.to_pylist():
                    yield TableRow(number, number + 1, _texts(row))
                    number += 1
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path}: cannot be read as Parquet ({_one_line(error)}); the file is damaged or cut "
            "off: get it again"
        ) from None


def _excel(path: Path, sheet: str | None) -> Rows:
    try:
        import openpyxl
    except ModuleNotFoundError:
        raise _missing(path, "openpyxl") from None

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError) as error:
        raise DataError(
            f"{path}: cannot be read as Excel ({_one_line(error)}); the file is damaged, cut off or "
            "of the old .xls format: save it as .xlsx"
        ) from None
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise DataError(
                f"{path}: found the sheets {', '.join(book.sheetnames)}, expected '{sheet}'; correct "
                "'sheet' in the preset"
            )
        rows = (book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True)
        header = _header(path, ["" if cell is None else str(cell) for cell in next(rows, ())])
        number = 0
        for line, cells in enumerate(rows, start=2):
            if all(cell is None for cell in cells):
                continue
            padded = [*cells, *(None for _ in range(len(header) - len(cells)))]
            yield TableRow(number, line, _texts(dict(zip(header, padded, strict=False))))
            number += 1
    finally:
        book.close()


def _texts(row: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): _text(value) for name, value in row.items()}


def _text(value: Any) -> str:
    """Return a cell as text: nothing and NaN are empty, 1.0 is 1, true is true."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _missing(path: Path, package: str) -> HarnessError:
    return HarnessError(
        f"{path}: reading it needs the package {package}, which is not installed: pip install "
        "'imhi-harness[build]'"
    )


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]

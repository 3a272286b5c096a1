"""Parquet and Excel, row by row."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imhi import DataError, HarnessError, how_to_install
from imhi.build.raw.cells import RowError, Rows, header, one_line, sound, texts
from imhi.io import TableRow

_BATCH = 1024
_ENCODING = "utf-8"  # of Parquet, always


def parquet(path: Path, wanted: Sequence[str] | None) -> Rows:
    """Yield the rows of a Parquet file; where a group of rows is damaged, an error for each of
    those that are lost.

    Raises:
        DataError: not a Parquet file, or cut off: what is where stands at its end.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise _missing(path, "pyarrow") from None

    try:
        file = pyarrow.parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path}: cannot be read as Parquet ({one_line(error)}); the file is damaged or cut "
            "off: get it again"
        ) from None
    number = 0
    with file:
        for group in range(file.num_row_groups):
            end = number + file.metadata.row_group(group).num_rows
            try:
                for batch in file.iter_batches(_BATCH, row_groups=[group]):
                    for cells in _records(batch):
                        row = TableRow(number, number + 1, texts(cells))
                        number += 1
                        yield sound(row, path, _ENCODING, wanted)
            except (pyarrow.ArrowException, OSError) as error:
                lost = f"cannot be read ({one_line(error)}); the file is damaged: get it again"
                for row_lost in range(number, end):
                    yield RowError(path, row_lost, row_lost + 1, lost)
            number = end


def _records(batch: Any) -> Iterator[Mapping[str, object]]:
    """Yield the rows of a batch; texts that are not UTF-8, which Parquet does not check, as bytes."""
    import pyarrow

    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError:
        columns = []
        for column in batch.columns:
            if pyarrow.types.is_dictionary(column.type):
                column = column.dictionary_decode()
            if pyarrow.types.is_string(column.type):
                column = column.cast(pyarrow.binary())
            elif pyarrow.types.is_large_string(column.type):
                column = column.cast(pyarrow.large_binary())
            columns.append(column.to_pylist())
        for cells in zip(*columns, strict=True):
            yield dict(zip(batch.schema.names, cells, strict=True))


def excel(path: Path, sheet: str | None, wanted: Sequence[str] | None) -> Rows:
    """Yield the rows of a sheet (the first, where none is named). Formulas count as what they came
    to when the file was saved.

    Raises:
        DataError: not an Excel file, cut off, no such sheet, or no header.
    """
    try:
        import openpyxl
    except ModuleNotFoundError:
        raise _missing(path, "openpyxl") from None

    with path.open("rb") as stream:
        try:
            with _quiet():
                book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        except Exception as error:  # whatever its parsers raise on a damaged file
            raise _damaged(path, error) from None
        yield from _sheet_rows(path, _sheet(path, book, sheet), wanted)
        book.close()


def _sheet(path: Path, book: Any, name: str | None) -> Any:
    there = {sheet.title: sheet for sheet in book.worksheets}
    if not there or (name is not None and name not in there):
        raise DataError(
            f"{path}: found the sheets {', '.join(there) or 'none'}, expected "
            f"{repr(name) if name else 'one with a table'}; correct 'sheet' in the preset"
        )
    return there[name] if name is not None else book.worksheets[0]


def _sheet_rows(path: Path, sheet: Any, wanted: Sequence[str] | None) -> Rows:
    from openpyxl.cell.cell import ERROR_CODES

    sheet.reset_dimensions()  # some programs write a wrong extent: rows would be missing
    rows = sheet.iter_rows(values_only=True)
    try:
        with _quiet():
            first = next(rows, ())
    except Exception as error:
        raise _damaged(path, error) from None
    names = header(path, ["" if cell is None else str(cell) for cell in first])
    number = 0
    line = 1
    while True:
        line += 1
        try:
            with _quiet():
                cells = next(rows, None)
        except Exception as error:
            yield RowError(
                path,
                number,
                line,
                f"this row and those after it cannot be read ({one_line(error)}); the file is "
                "damaged: get it again",
            )
            return
        if cells is None:
            return
        if all(cell is None for cell in cells):
            continue
        padded = [*map(_unescaped, cells), *(None for _ in range(len(names) - len(cells)))]
        row = TableRow(number, line, texts(dict(zip(names, padded, strict=False))))
        wrong = [n for n in wanted or () if row.cells.get(n) in ERROR_CODES]
        if wrong:
            yield RowError(
                path,
                number,
                line,
                f"column {wrong[0]}: found the error value {row.cells[wrong[0]]}, expected text; "
                "it was taken for a formula: put ' before it in Excel",
            )
        else:
            yield row
        number += 1


def _unescaped(value: Any) -> Any:
    """Return a cell without Excel's own spelling of characters: _x000D_ is a carriage return."""
    if not isinstance(value, str) or "_x" not in value:
        return value
    from openpyxl.utils.escape import unescape

    return unescape(value)


@contextmanager
def _quiet() -> Iterator[None]:
    """Let openpyxl not speak of styles, menus and dates that it does not understand."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path}: cannot be read as Excel ({one_line(error)}); the file is damaged, cut off, locked "
        "by a password, or of the old .xls format: save it as .xlsx"
    )


def _missing(path: Path, package: str) -> HarnessError:
    return HarnessError(
        f"{path}: reading it needs the package {package}, which is not installed: "
        f"{how_to_install('build')}"
    )

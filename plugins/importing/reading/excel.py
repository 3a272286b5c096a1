"""Excel workbooks, row by row.

A cell that begins with ``=`` is stored as a formula by most programs, although it was text; where
no value was computed for it, its text is what the formula says. A cell holds at most 32,767 characters,
and programs cut what is longer without a word.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from imhi import DataError, HarnessError, how_to_install
from imhi.plugins.importing.reading.rows import FileRow, Remark

MOST_CHARACTERS = 32_767


def excel_rows(path: Path, remark: Remark) -> Iterator[FileRow]:
    """Yield the rows of the only sheet that has any; empty rows are passed over.

    Raises:
        HarnessError: openpyxl is not installed.
        DataError: no workbook, cut off, several sheets with rows, no header, an error value.
    """
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        sheet = _only_sheet(path, _opened(path, stack, computed=False))
        values = _Computed(path, sheet.title, stack)
        names: list[str] = []
        number = 0
        for line, cells in enumerate(_sound(path, sheet.iter_rows()), start=1):
            if all(cell.value is None for cell in cells):
                continue
            if not names:
                names = _header(path, line, [cell.value for cell in cells])
                continue
            where = f"{path}: row {number} (line {line})"
            read = [
                _text(cell, line, place, values, where, counts) for place, cell in enumerate(cells)
            ]
            if any(read[len(names) :]):
                raise DataError(
                    f"{where}: found {len(cells)} cells, expected {len(names)} as in the header; name all "
                    "columns"
                )
            read += [""] * (len(names) - len(read))
            yield FileRow(number, where, dict(zip(names, read, strict=False)))
            number += 1
    for told, count in counts.items():
        remark(f"{path.name}: {count:,} {told}")


class _Computed:
    """What formulas came to when the workbook was saved; read beside it, where there are formulas."""

    def __init__(self, path: Path, title: str, stack: ExitStack) -> None:
        self.path, self.title, self.stack = path, title, stack
        self._rows: Iterator[tuple[Any, ...]] | None = None
        self._line = 0
        self._cells: tuple[Any, ...] = ()

    def at(self, line: int, place: int) -> Any:
        """Return the value of a cell, None where none was computed; lines must not go back."""
        if self._rows is None:
            sheet = _opened(self.path, self.stack, computed=True)[self.title]
            sheet.reset_dimensions()
            self._rows = _sound(self.path, sheet.iter_rows(values_only=True))
        while self._line < line:
            self._cells = next(self._rows, ())
            self._line += 1
        return self._cells[place] if place < len(self._cells) else None


def _opened(path: Path, stack: ExitStack, *, computed: bool) -> Any:
    try:
        import openpyxl
    except ModuleNotFoundError:
        raise HarnessError(
            f"{path}: reading it needs the package openpyxl, which is not installed: "
            f"{how_to_install('build')}"
        ) from None
    stream = stack.enter_context(path.open("rb"))
    try:
        with warnings.catch_warnings():  # of styles and menus that openpyxl does not understand
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(stream, read_only=True, data_only=computed)
    except Exception as error:  # whatever its parsers raise on a damaged file
        raise _damaged(path, error) from None
    stack.callback(book.close)
    return book


def _only_sheet(path: Path, book: Any) -> Any:
    filled = []
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # some programs write a wrong extent: rows would be missing
        if any(
            any(cell is not None for cell in row)
            for row in _sound(path, sheet.iter_rows(values_only=True))
        ):
            filled.append(sheet)
    if len(filled) != 1:
        named = ", ".join(sheet.title for sheet in filled) or "none with rows"
        raise DataError(
            f"{path}: found the sheets {named}, expected one with answers; save each as a file of its "
            "own, called by its dataset"
        )
    return filled[0]


def _sound(path: Path, rows: Iterator[Any]) -> Iterator[Any]:
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                row = next(rows, None)
        except Exception as error:
            raise _damaged(path, error) from None
        if row is None:
            return
        yield row


def _header(path: Path, line: int, cells: list[Any]) -> list[str]:
    names = ["" if cell is None else str(cell).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    doubled = [name for name in names if name and names.count(name) > 1]
    if doubled:
        raise DataError(
            f"{path}: line {line}: found the column {doubled[0][:40]!r} more than once, expected distinct "
            "names; rename one"
        )
    return [name or f"column {place}" for place, name in enumerate(names, start=1)]


def _text(
    cell: Any, line: int, place: int, values: _Computed, where: str, counts: Counter[str]
) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        computed = values.at(line, place)
        if computed is None:
            counts["cells that begin with '=' were stored as formulas; their text was read"] += 1
        else:
            value = computed
    _refuse_error(cell, value, where)
    if isinstance(value, str):
        if len(value) >= MOST_CHARACTERS:
            counts[
                f"cells hold {MOST_CHARACTERS:,} characters, the most that Excel keeps: what followed is "
                "lost"
            ] += 1
        return _unescaped(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _refuse_error(cell: Any, value: Any, where: str) -> None:
    from openpyxl.cell.cell import ERROR_CODES

    if cell.data_type == "e" or (cell.data_type == "f" and value in ERROR_CODES):
        raise DataError(
            f"{where}: found the error value {value}, expected text; it was taken for a formula: put ' "
            "before it in Excel"
        )


def _unescaped(text: str) -> str:
    """Return a text without Excel's own spelling of characters: _x000D_ is a carriage return."""
    if "_x" not in text:
        return text
    from openpyxl.utils.escape import unescape

    return unescape(text)


def _damaged(path: Path, error: Exception) -> DataError:
    told = " ".join(str(error).split())[:200] or type(error).__name__
    return DataError(
        f"{path}: cannot be read as Excel ({told}); the file is damaged, cut off, locked by a password, "
        "or of the old .xls format: save it as .xlsx"
    )

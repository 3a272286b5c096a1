"""Sheets for spreadsheet programs: an item a row, marks from a list, all else protected."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imhi.build.human_evaluation.items import Item
from imhi.build.human_evaluation.scheme import (
    ALLOWED,
    ANNOTATOR,
    COMMENT,
    EXPLANATION,
    ITEM,
    LABEL,
    POST,
    QUESTION,
    SAMPLE,
    TEXTS,
)
from imhi.build.human_evaluation.whole_files import needed
from imhi.io import Marking

MARKS_SHEET, SCHEME_SHEET = "marks", "scheme"
CELL_LIMIT = 32_767
"""The most a cell of Excel holds, in UTF-16 units."""
_CUT = "\n[cut: {} more characters; the whole text is on the HTML page]"
_WIDTHS = {ITEM: 16, POST: 70, QUESTION: 26, LABEL: 26, EXPLANATION: 60, COMMENT: 34}
_MARK_WIDTH, _LINE, _HIGHEST = 15, 15.0, 409.0  # characters; points; points, Excel's limit
# Excel reads _x0041_ in a cell as "A".
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_GREY, _YELLOW, _ORANGE = "FFEFEFEF", "FFFFFBE6", "FFFFE0B2"


@dataclass(frozen=True)
class Workbook:
    """The file, and which texts were cut: ``(item, column)``."""

    data: bytes
    cut: tuple[tuple[str, str], ...]


def fitted(text: str) -> str:
    """Return what a cell of Excel can hold of a text; where it was cut it says so at its end."""
    if _room(text) >= 0:
        return text
    low, high = 0, min(len(text), CELL_LIMIT)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _room(_cut(text, middle)) >= 0 else (low, middle - 1)
    return _cut(text, low)


def _cut(text: str, length: int) -> str:
    return text[:length] + _CUT.format(len(text) - length)


def _room(text: str) -> int:
    """Return how many UTF-16 units a cell with this text has left."""
    return CELL_LIMIT - len(_escaped(text).encode("utf-16-le", "surrogatepass")) // 2


def workbook(
    items: Sequence[Item], scheme: Marking, annotator: str, sample: str, name: str
) -> Workbook:
    """Return the sheet of an annotator; ``items`` in the order of the rows, ``sample`` the digest.

    Raises:
        HarnessError: openpyxl is not installed.
    """
    book = _openpyxl().Workbook()
    sheet = book.active
    sheet.title = MARKS_SHEET
    columns = [ITEM, *TEXTS, *scheme.names, COMMENT]
    _head(sheet, columns, scheme)
    cut = []
    for number, item in enumerate(items, start=2):
        texts = {ITEM: item.id, **item.texts()}
        fitting = {column: fitted(text) for column, text in texts.items()}
        for place, column in enumerate(columns, start=1):
            cell = sheet.cell(number, place)
            if column in fitting:
                was_cut = fitting[column] != texts[column]
                _text(cell, fitting[column], _ORANGE if was_cut else "")
                cut += [(item.id, column)] if was_cut else []
            else:
                _open(cell, column)
        sheet.row_dimensions[number].height = _height(fitting)
    _list_of_marks(sheet, columns, scheme, len(items) + 1)
    _protect(sheet)
    sheet.freeze_panes = sheet.cell(2, 2)
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = _openpyxl(".worksheet.properties").PageSetupProperties(
        fitToPage=True
    )
    _scheme_sheet(book.create_sheet(SCHEME_SHEET), scheme, annotator, sample, name)
    stream = io.BytesIO()
    book.save(stream)
    return Workbook(stream.getvalue(), tuple(cut))


def _escaped(text: str) -> str:
    return _ESCAPE.sub("_x005F_", text)


def _openpyxl(part: str = "") -> Any:
    return needed(f"openpyxl{part}", "openpyxl", "an Excel sheet")


def _text(cell: Any, text: str, colour: str = "", bold: bool = False) -> None:
    """Put text into a cell as text: never a formula, an error value or a number."""
    styles = _openpyxl(".styles")
    cell.value = _escaped(text)
    cell.data_type = "s"
    # Without it a program makes a formula of "=..." once somebody edits the cell.
    cell.quotePrefix = text.startswith(("=", "+", "-", "@"))
    cell.alignment = styles.Alignment(wrap_text=True, vertical="top")
    if bold:
        cell.font = styles.Font(bold=True)
    if colour:
        cell.fill = styles.PatternFill("solid", start_color=colour)


def _open(cell: Any, column: str) -> None:
    """Make a cell one that annotators fill in."""
    styles = _openpyxl(".styles")
    cell.protection = styles.Protection(locked=False)
    cell.fill = styles.PatternFill("solid", start_color=_YELLOW)
    line = styles.Side(style="thin", color="FFBBBBBB")
    cell.border = styles.Border(left=line, right=line, top=line, bottom=line)
    cell.alignment = styles.Alignment(
        wrap_text=True, vertical="top", horizontal=None if column == COMMENT else "center"
    )
    # A comment is text even where it begins like a formula.
    cell.number_format = "@" if column == COMMENT else "0"


def _head(sheet: Any, columns: Sequence[str], scheme: Marking) -> None:
    letters = _openpyxl(".utils").get_column_letter
    for place, column in enumerate(columns, start=1):
        _text(sheet.cell(1, place), column, _GREY, bold=True)
        width = _MARK_WIDTH if column in scheme.names else _WIDTHS[column]
        sheet.column_dimensions[letters(place)].width = max(width, len(column) + 2)


def _height(texts: Mapping[str, str]) -> float:
    """Return the height of a row, in points, in which its longest text is seen whole, if any is."""
    lines = max(
        sum(max(1, math.ceil(len(line) * 1.1 / _WIDTHS[column])) for line in text.split("\n"))
        for column, text in texts.items()
    )
    return min(_HIGHEST, _LINE * (lines + 0.5))


def _list_of_marks(sheet: Any, columns: Sequence[str], scheme: Marking, last: int) -> None:
    letters = _openpyxl(".utils").get_column_letter
    for criterion in scheme.criteria:
        rule = _openpyxl(".worksheet.datavalidation").DataValidation(
            type="list", formula1=f'"{",".join(map(str, Marking.MARKS))}"', allow_blank=True
        )
        rule.showErrorMessage = rule.showInputMessage = True
        rule.errorTitle, rule.error = "Not a mark", f"Give {ALLOWED}, or leave the cell empty."
        rule.promptTitle, rule.prompt = criterion.name, _prompt(criterion.marks)
        letter = letters(columns.index(criterion.name) + 1)
        rule.add(f"{letter}2:{letter}{last}")
        sheet.add_data_validation(rule)


def _prompt(marks: Sequence[str]) -> str:
    """Return what is shown beside a cell: at most 255 characters, Excel's limit."""
    whole = "\n".join(f"{mark}: {text}" for mark, text in enumerate(marks))
    return whole if len(whole) <= 255 else f"0 (worst) to 3 (best): see '{SCHEME_SHEET}'."


def _protect(sheet: Any) -> None:
    """Protect all but what annotators fill in; columns and rows can still be made wider."""
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = False  # False: not forbidden


def _scheme_sheet(sheet: Any, scheme: Marking, annotator: str, sample: str, name: str) -> None:
    """Write who marks what and how. The first two rows are read back."""
    rows: list[tuple[str, str]] = [
        (ANNOTATOR, annotator),
        (SAMPLE, sample),
        ("name", name),
        ("", ""),
        ("what to do", scheme.instruction),
        (
            "this file",
            f"Fill in the yellow cells of '{MARKS_SHEET}' with {ALLOWED}. A text too long for its row "
            "is shown whole in the formula bar when its cell is selected.",
        ),
    ]
    for criterion in scheme.criteria:
        rows += [("", ""), (criterion.name, criterion.definition)]
        rows += [(str(mark), text) for mark, text in enumerate(criterion.marks)]
    heads = {ANNOTATOR, SAMPLE, "name", "what to do", "this file", *scheme.names}
    for number, (head, text) in enumerate(rows, start=1):
        _text(sheet.cell(number, 1), head, bold=head in heads)
        _text(sheet.cell(number, 2), fitted(text))
        lines = sum(math.ceil(len(line) / 100) for line in text.split("\n"))
        sheet.row_dimensions[number].height = min(_HIGHEST, _LINE * max(1, lines) + 3)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 18, 110
    _protect(sheet)

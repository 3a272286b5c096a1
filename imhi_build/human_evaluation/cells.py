"""Cells of a sheet: marks however they are written down, and whether a text is still the same."""

from __future__ import annotations

import re
from typing import Any

from imhi.build.human_evaluation.items import shown
from imhi.build.human_evaluation.scheme import ITEM
from imhi.build.human_evaluation.sheet_files import SheetRow
from imhi.build.human_evaluation.whole_files import unguarded
from imhi.build.human_evaluation.workbook import fitted

_EXCEL_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SPACES = re.compile(r"\s+")


def item_id(row: SheetRow) -> str:
    """Return which item a row says it is of; empty where it does not say."""
    value = row.cells.get(ITEM)
    return str(value).strip() if value is not None else ""


def given(value: Any) -> str:
    """Return a cell as it can be compared; empty where nothing was given."""
    if value is None:
        return ""
    mark = whole_number(value)
    return str(value).strip() if mark is None else str(mark)


def whole_number(value: Any) -> int | None:
    """Return a whole number, however it is written down; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,9}", text) else _decimal(text)
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _decimal(text: str) -> int | None:
    found = re.fullmatch(r"([+-]?[0-9]{1,9})[.,]0+", text)
    return int(found[1]) if found else None


def edited(row: SheetRow, column: str, text: str) -> bool:
    """Say whether a sheet shows another text than was handed out; white space does not count, and
    a column that is not there says nothing."""
    if column not in row.cells:
        return False
    cell = row.cells[column]
    value = "" if cell is None else str(cell)
    # Some programs write an escape back as what it stands for (LibreOffice 7.4 does).
    found = {_black(shown(unguarded(one))) for one in (value, _unescaped(value))}
    return found.isdisjoint({_black(text), _black(fitted(text)), _black(unguarded(text))})


def _black(text: str) -> str:
    """Return text without white space: LibreOffice breaks long cells anew."""
    return _SPACES.sub("", text)


def _unescaped(text: str) -> str:
    return _EXCEL_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def words(text: str) -> str:
    """Return text on one line."""
    return _SPACES.sub(" ", text).strip()

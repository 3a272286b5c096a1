"""Tables as Markdown and CSV: to be kept and passed on."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence

from imhi._core.sanitizing import markdown, one_line, spreadsheet_cell
from imhi._core.tables.figures import unsigned_zeros
from imhi._core.tables.table import Cell, Table

_MARKS = {"bold": "**", "italic": "_"}


def markdown_table(table: Table) -> str:
    """Return a table in GitHub-flavoured Markdown, without title and notes."""
    rule = ["---:" if column.number else "---" for column in table.columns]
    rows = [map(markdown_text, table.heads), rule, *(map(_markdown, row) for row in table.rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def markdown_text(text: object) -> str:
    """Return a text on one line of which Markdown takes nothing for a command."""
    return markdown(one_line(str(text)))


def _markdown(cell: object) -> str:
    if not isinstance(cell, Cell):
        return markdown_text(cell)
    if cell.figure:
        return str(cell)
    mark = _MARKS.get(cell.style, "")
    space = " " if cell.rest[:1] == " " else ""
    return f"{mark}{markdown_text(cell.text)}{mark}{space}{markdown_text(cell.rest)}"


def csv_text(fields: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows as CSV with a header. What is no field is left out; what is lacking, None or no
    finite number is empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows([_csv(row.get(name)) for name in fields] for row in rows)
    return stream.getvalue()


def _csv(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return spreadsheet_cell(unsigned_zeros(value))

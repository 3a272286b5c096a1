"""Plain tables in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imhi._core.cli.console import out
from imhi._core.sanitizing import plain


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], left: int = 1
) -> None:
    """Print a table; the first ``left`` columns are texts, the others numbers."""
    from rich.table import Table

    if title:
        out().print(plain(title), style="bold", markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for index, column in enumerate(columns):
        text = index < left
        table.add_column(
            column, justify="left" if text else "right", no_wrap=not text, overflow="fold"
        )
    for row in rows:
        table.add_row(*(plain(str(cell)) for cell in row))
    out().print(table)

"""Tables in a terminal: texts are folded to its width, numbers never."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from imhi._core.cli.console import out
from imhi._core.sanitizing import plain
from imhi._core.tables.table import Cell, Table

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Table as RichTable
    from rich.text import Text

_UNBOUNDED = 10_000  # columns of a terminal that has room for anything


def show_table(table: Table, console: Console | None = None, *, gap: bool = False) -> None:
    """Print a table with its title and notes, on standard output if no ``console`` is given; with
    ``gap`` an empty line follows."""
    console = console or out()
    console.print(FittedTable(lambda _: [table]))
    if gap:
        console.print()


def show_notes(notes: Iterable[str], console: Console | None = None) -> None:
    """Print sentences below tables, dim; on standard output if no ``console`` is given."""
    console = console or out()
    for note in notes:
        console.print(plain(note), style="dim", markup=False)


class FittedTable:
    """What rich draws of a table that has several layouts: the first one that there is room for.

    ``layouts`` gets the width in columns of the terminal and yields tables; the last one is drawn
    whatever its width.
    """

    def __init__(self, layouts: Callable[[int], Iterable[Table]]) -> None:
        self.layouts = layouts

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        from rich.text import Text

        for table in self.layouts(options.max_width):
            drawn = rich_table(table)
            if width_of(table, console) <= options.max_width:
                break
        if table.title:
            yield Text(plain(table.title), style="bold")
        yield from (Text(plain(line)) for line in table.legend)
        yield drawn
        yield from (Text(plain(note), style="dim") for note in table.notes)


def width_of(table: Table, console: Console) -> int:
    """Return how many columns of a terminal a table takes if nothing in it is folded."""
    unbounded = console.options.update(width=_UNBOUNDED)
    return console.measure(rich_table(table), options=unbounded).maximum


def rich_table(table: Table) -> RichTable:
    """Return the table as rich draws it, without title and notes."""
    from rich import box
    from rich.table import Table as RichTable

    frames: dict[str, dict[str, Any]] = {
        "": {"box": None, "pad_edge": False, "padding": (0, 2, 0, 0)},
        "narrow": {"box": None, "pad_edge": False, "padding": (0, 1, 0, 0)},
        "ruled": {"box": box.SIMPLE_HEAD},
        "close": {"box": box.SIMPLE_HEAD, "pad_edge": False, "collapse_padding": True},
    }
    drawn = RichTable(**frames[table.frame])
    for column in table.columns:
        drawn.add_column(
            _text(column.head),
            justify="right" if column.number else "left",
            vertical="bottom" if table.frame == "ruled" and column.number else "top",
            no_wrap=column.number or column.whole,
            # What is not folded and has no room ends in a mark: a number cut short reads as another.
            overflow="ellipsis" if column.number or column.whole else "fold",
        )
    for place, row in enumerate(table.rows):
        if place in table.rules:
            drawn.add_section()
        drawn.add_row(*map(_text, row))
    return drawn


def _text(cell: object) -> Text:
    # As Text, so that no markup is read in it.
    from rich.text import Text

    if isinstance(cell, Cell):
        return Text(plain(cell.text), style=cell.style).append(plain(cell.rest))
    return Text(plain(str(cell)))

"""Published results in a terminal, laid out as in a paper: models as rows, datasets as columns.

Where the terminal is too narrow for all datasets, the rest stand in a second table below, with the
models that have figures there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from imhi.io import one_line
from imhi.runs import PublishedResult

_GAP = 2  # columns of the terminal after each column of a table
_NAME = 36  # longer names are folded

Reference = tuple[str, str, str]


def show(rows: Sequence[PublishedResult], datasets: Sequence[str], console: Any) -> None:
    """Print results, those of one place in a publication together; ``datasets`` is the order of
    columns."""
    for (source, table, obtained), found in by_reference(rows).items():
        for metric in dict.fromkeys(row.metric for row in found):
            _show_metric(metric, [row for row in found if row.metric == metric], datasets, console)
        said = f"published, not measured here: {source}, {table}; {obtained}"
        console.print(one_line(said), style="dim", markup=False)
        console.print()


def by_reference(rows: Sequence[PublishedResult]) -> dict[Reference, list[PublishedResult]]:
    """Return results by source, table and how they were obtained."""
    found: dict[Reference, list[PublishedResult]] = {}
    for row in rows:
        found.setdefault((row.source, row.table, row.obtained), []).append(row)
    return found


def _show_metric(
    metric: str, rows: Sequence[PublishedResult], datasets: Sequence[str], console: Any
) -> None:
    digits = max(map(_digits, rows))
    values: dict[str, dict[str, str]] = {}
    for row in rows:
        values.setdefault(row.model, {})[row.dataset] = f"{row.value:.{digits}f}"
    order = dict.fromkeys([*datasets, *(row.dataset for row in rows)])
    there = [name for name in order if any(name in own for own in values.values())]
    widths = {
        name: max(len(name), *(len(own.get(name, "")) for own in values.values())) for name in there
    }
    room = console.width - min(_NAME, max(len(one_line(model)) for model in values)) - _GAP
    console.print(one_line(metric), style="bold", markup=False)
    for columns in _fitting(widths, room):
        lines = [
            [one_line(model), *(own.get(name, "-") for name in columns)]
            for model, own in values.items()
            if not own.keys().isdisjoint(columns)
        ]
        console.print(_table(["model", *columns], lines))
        console.print()


def _table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, _GAP, 0, 0))
    for place, column in enumerate(columns):
        # Names may hold anything: as Text, so that no markup is read in them.
        justify: Any = "right" if place else "left"
        table.add_column(
            Text(one_line(column)), justify=justify, no_wrap=place > 0, overflow="fold"
        )
    for line in lines:
        table.add_row(*map(Text, line))
    return table


def _digits(row: PublishedResult) -> int:
    """Return how many digits after the point a figure was given with."""
    exponent = Decimal(repr(row.value)).normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _fitting(widths: Mapping[str, int], room: int) -> Iterator[list[str]]:
    """Yield names in order, as many at a time as there is room for, at least one."""
    taken: list[str] = []
    used = 0
    for name, width in widths.items():
        if taken and used + width + _GAP > room:
            yield taken
            taken, used = [], 0
        taken.append(name)
        used += width + _GAP
    if taken:
        yield taken

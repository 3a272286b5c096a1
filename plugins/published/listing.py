"""Published results in a terminal, laid out as in a paper: models as rows, datasets as columns.

Where the terminal is too narrow for all datasets, the rest stand in a second table below, with the
models that have figures there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from imhi.io import Table, sanitizing, show_notes, show_table

if TYPE_CHECKING:
    from imhi.runs import PublishedResult

_GAP = 2  # columns of the terminal after each column of a table
_NAME = 36  # longer names are folded


def show(rows: Sequence[PublishedResult], datasets: Sequence[str], width: int) -> None:
    """Print results for a terminal of ``width`` columns, those of one place in a publication
    together; ``datasets`` is the order of columns."""
    places: dict[tuple[str, str, str], list[PublishedResult]] = {}
    for row in rows:
        places.setdefault((row.source, row.table, row.obtained), []).append(row)
    for (source, table, obtained), listed in places.items():
        for metric in dict.fromkeys(row.metric for row in listed):
            figures = [row for row in listed if row.metric == metric]
            for block in _tables(metric, figures, datasets, width):
                show_table(block, gap=True)
        note = f"published, not measured here: {source}, {table}; {obtained}"
        show_notes([sanitizing.one_line(note), ""])


def _tables(
    metric: str, rows: Sequence[PublishedResult], datasets: Sequence[str], width: int
) -> Iterator[Table]:
    """Yield the figures of one measure in tables that fit the width."""
    digits = max(map(_digits, rows))
    values: dict[str, dict[str, str]] = {}
    for row in rows:
        values.setdefault(row.model, {})[row.dataset] = f"{row.value:.{digits}f}"
    order = dict.fromkeys([*datasets, *(row.dataset for row in rows)])
    widths = {
        name: max(len(name), *(len(shown.get(name, "")) for shown in values.values()))
        for name in order
        if any(name in shown for shown in values.values())
    }
    room = width - min(_NAME, max(len(sanitizing.one_line(model)) for model in values)) - _GAP
    title = sanitizing.one_line(metric)
    for names in _fitting(widths, room):
        lines = [
            [sanitizing.one_line(model), *(shown.get(name, "-") for name in names)]
            for model, shown in values.items()
            if not shown.keys().isdisjoint(names)
        ]
        yield Table(
            title, [*Table.texts("model"), *Table.numbers(*map(sanitizing.one_line, names))], lines
        )
        title = ""


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

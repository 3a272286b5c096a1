"""Tables for a terminal, laid out for its width.

Where there is room, each run has a column. Where there is not, runs stand below each other under
their dataset, so that no number is ever folded or cut. Names of models are folded where their
parts end (``/ : , - _``); where that takes too many lines, numbers stand for them and a legend
above the table says which is which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from imhi.plugins.reporters.tables.cells import (
    Grid,
    Line,
    asked_for,
    datasets_of,
    metrics_of,
    one_dataset,
    other_metrics,
    per_dataset,
    remarks,
)

if TYPE_CHECKING:
    from imhi import RunScores

_GAP = 3  # columns of the terminal between two columns of a table
_EDGES = 4
_SCORE = len("00.0 [00.0, 00.0]") + 1
_WHOLE_TABLES = 4  # of more metrics than these there is a table for each dataset
_HEADER_LINES = 3  # a longer name gets a number
_PARTS = re.compile(r"[^/:,\-_ ]*[/:,\-_ ]?")


def terminal(runs: Sequence[RunScores], write: Callable[..., None]) -> None:
    """Write tables for a terminal: the headline metric for each dataset, or the metrics just asked
    for (where those are many, a table for each dataset), then a compact one of the rest."""
    from rich.text import Text

    metrics = metrics_of(runs)
    asked = asked_for(runs)
    everything = any(run.settings.get("all") for run in runs)
    if len(asked) > _WHOLE_TABLES and not everything:
        whole = 0
        for dataset in datasets_of(runs):
            write(FittedTable(one_dataset(runs, asked, dataset)))
    else:
        whole = len(metrics) if everything else max(len(asked), 1)
    for metric in metrics[:whole]:
        write(FittedTable(per_dataset(runs, metric)))
    rest = metrics[whole:]
    if len(datasets_of(runs)) == 1 and not whole:
        rest = [metric for metric in rest if metric not in asked]
    others = other_metrics(runs, rest)
    if others.lines:
        write(FittedTable(others))
    for remark in remarks(runs):
        write(Text(remark, style="dim"))


class FittedTable:
    """A grid that rich draws in the way that fits."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def __rich_console__(self, console: Any, options: Any) -> Any:
        from rich.text import Text

        grid, width = self.grid, options.max_width
        yield Text(grid.title, style="bold")
        if _width_side_by_side(grid) <= width:
            heads = [fold(name, _column_width(grid, run)) for run, name in enumerate(grid.runs)]
            short = all(head.count("\n") < _HEADER_LINES for head in heads)
            draw = side_by_side
        else:
            heads = list(grid.runs)
            short = max(map(len, heads)) <= width - _width_stacked_without_names(grid)
            draw = stacked
        if not short:
            heads = [f"({run})" for run in range(1, len(grid.runs) + 1)]
            for head, name in zip(heads, grid.runs, strict=True):
                indent = len(head) + 1
                folded = fold(name, max(width - indent, 1)).replace("\n", "\n" + " " * indent)
                yield Text(f"{head} {folded}")
        yield draw(grid, heads)


def fold(name: str, width: int) -> str:
    """Return a name on lines of at most ``width``, broken where parts end if that is possible."""
    lines = [""]
    for part in _PARTS.findall(name):
        if len(lines[-1]) + len(part.rstrip()) > width and lines[-1]:
            lines.append("")
        while len(part.rstrip()) > width:
            lines[-1:] = [part[:width], ""]
            part = part[width:]
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _column_width(grid: Grid, run: int) -> int:
    return max([_SCORE, *(len(line.cells[run].value) for line in grid.lines)])


def _lost_width(grid: Grid, run: int) -> int:
    return max([len("unparsed"), *(len(line.cells[run].lost) for line in grid.lines)])


def _width_side_by_side(grid: Grid) -> int:
    counts = max([1, *(len(line.count) for line in grid.lines)])
    total = _key_width(grid) + _EDGES
    total += counts + _GAP if any(line.count for line in grid.lines) else 0
    for run in range(len(grid.runs)):
        total += _column_width(grid, run) + _GAP
        total += _lost_width(grid, run) + _GAP if grid.loses(run) else 0
    return total


def _width_stacked_without_names(grid: Grid) -> int:
    runs = range(len(grid.runs))
    total = _key_width(grid) + _EDGES + _GAP
    total += max(_column_width(grid, run) for run in runs) + _GAP
    if any(grid.loses(run) for run in runs):
        total += max(_lost_width(grid, run) for run in runs) + _GAP
    return total


def _key_width(grid: Grid) -> int:
    return max([len(grid.key), *(len(line.name) for line in grid.lines)])


def _table() -> Any:
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD)


def _bold_if_mean(text: str, line: Line) -> Any:
    from rich.text import Text

    return Text(text, style="bold" if line.mean else "")


def side_by_side(grid: Grid, heads: Sequence[str]) -> Any:
    """Return a table with a column per run, headed by ``heads``."""
    from rich.text import Text

    table = _table()
    counted = any(line.count for line in grid.lines)
    table.add_column(Text(grid.key), no_wrap=True)
    if counted:
        table.add_column(Text("n"), justify="right", no_wrap=True)
    for run, head in enumerate(heads):
        table.add_column(Text(head), justify="right", vertical="bottom", no_wrap=True)
        if grid.loses(run):
            table.add_column(Text("unparsed"), justify="right", vertical="bottom", no_wrap=True)
    earlier: Line | None = None
    for line in grid.lines:
        if line.mean and earlier is not None and not earlier.mean:
            table.add_section()
        cells = [line.name, line.count] if counted else [line.name]
        for run, cell in enumerate(line.cells):
            cells += [cell.value, cell.lost] if grid.loses(run) else [cell.value]
        table.add_row(*(_bold_if_mean(text, line) for text in cells))
        earlier = line
    return table


def stacked(grid: Grid, heads: Sequence[str]) -> Any:
    """Return a table with a row per run, named by ``heads``, under each dataset or metric."""
    from rich.text import Text

    table = _table()
    lossy = any(grid.loses(run) for run in range(len(grid.runs)))
    table.add_column(Text(grid.key), no_wrap=True)
    table.add_column(Text("model"), no_wrap=True)
    table.add_column(Text(grid.measured), justify="right", no_wrap=True)
    if lossy:
        table.add_column(Text("unparsed"), justify="right", no_wrap=True)
    for line in grid.lines:
        table.add_section()
        for run, (head, cell) in enumerate(zip(heads, line.cells, strict=True)):
            # The number of examples stands below the name, where there is a second row for it.
            below = f"n = {line.count}" if run == 1 and line.count else ""
            texts = [line.name if run == 0 else below, head, cell.value]
            texts += [cell.lost] if lossy else []
            table.add_row(*(_bold_if_mean(text, line) for text in texts))
    return table

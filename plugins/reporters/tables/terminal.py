"""Tables for a terminal, laid out for its width.

Where there is room, each run has a column. Where there is not, runs stand below each other under
their dataset, so that no number is ever folded or cut. Names of models are folded where their
parts end (``/ : , - _``); where that takes too many lines, numbers stand for them and a legend
above the table says which is which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from imhi.io import Cell, FittedTable, Table
from imhi.plugins.reporters.tables.cells import (
    LACKING,
    Grid,
    asked_for,
    datasets_of,
    metrics_of,
    one_dataset,
    other_metrics,
    per_dataset,
)
from imhi.plugins.reporters.tables.remarks import remarks

if TYPE_CHECKING:
    from imhi import ReportOptions, RunScores

_SCORE = len("00.0 [00.0, 00.0]") + 1
_WHOLE_TABLES = 4  # of more metrics than these there is a table for each dataset
_NAME = 12  # columns of the name of a row, which is folded
_HEADER_LINES = 3  # a longer name gets a number
_PARTS = re.compile(r"[^/:,\-_ ]*[/:,\-_ ]?")


def terminal(runs: Sequence[RunScores], write: Callable[..., None], options: ReportOptions) -> None:
    """Write tables for a terminal: the headline metric for each dataset, or the metrics just asked
    for (where those are many, a table for each dataset), then a compact one of the rest."""
    from rich.text import Text

    metrics, asked = metrics_of(runs, options), asked_for(runs, options)
    count = len(metrics) if options.everything else max(len(asked), 1)  # of tables of one metric
    grids = []
    if len(asked) > _WHOLE_TABLES and not options.everything:
        count = 0
        grids = [one_dataset(runs, asked, dataset) for dataset in datasets_of(runs)]
    grids += [per_dataset(runs, metric) for metric in metrics[:count]]
    rest = metrics[count:]
    if len(datasets_of(runs)) == 1 and not count:
        rest = [metric for metric in rest if metric not in asked]
    others = other_metrics(runs, rest)
    for grid in [*grids, others] if others.lines else grids:
        write(FittedTable(partial(_layouts, grid)))
    for remark in remarks(runs):
        write(Text(remark, style="dim"))


def _layouts(grid: Grid, width: int) -> Iterator[Table]:
    """Yield the ways to lay a grid out, the widest first."""
    numbered = [f"({run})" for run in range(1, len(grid.runs) + 1)]
    legend = []
    for head, name in zip(numbered, grid.runs, strict=True):
        indent = len(head) + 1
        legend.append(
            f"{head} " + fold(name, max(width - indent, 1)).replace("\n", "\n" + " " * indent)
        )
    heads = [
        fold(name, max(_SCORE, *(len(line.values[run].shown) for line in grid.lines)))
        for run, name in enumerate(grid.runs)
    ]
    short = all(head.count("\n") < _HEADER_LINES for head in heads)
    wide = grid.side_by_side(heads if short else numbered)
    rows = [
        [Cell(str(cell), "bold") for cell in row] if line.mean else row
        for row, line in zip(wide.rows, grid.lines, strict=True)
    ]
    yield replace(wide, rows=rows, legend=[] if short else legend)
    yield _stacked(grid, grid.runs)
    yield replace(_stacked(grid, numbered), legend=legend)
    yield replace(_stacked(grid, numbered), legend=legend, frame="close")


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


def _stacked(grid: Grid, heads: Sequence[str]) -> Table:
    """Return a table with a row per run, named by ``heads``, under each dataset or metric."""
    why = [one for one in LACKING if any(one in grid.lacking(run) for run in range(len(heads)))]
    # The number of examples stands below the name, where all runs have one and there is a second row.
    own = not grid.counted_alike or (len(heads) == 1 and any(map(grid.counted, grid.lines)))
    rows = []
    for line in grid.lines:
        count = grid.counted(line)
        said = fold(line.name, _NAME).split("\n") if line.mean and len(heads) > 1 else [line.name]
        said += [f"n = {count}"] if count and not own and len(heads) > 1 else []
        # A line of a name for each row, and what is left of it in the second: a row of two lines would
        # have its numbers beside the second.
        names = [said[0], ", ".join(said[1:])] + [""] * len(heads)
        for run, (head, value) in enumerate(zip(heads, line.values, strict=True)):
            cells = [names[run], head]
            cells += [value.n or (line.groups if value.shown != "-" else "")] if own else []
            cells += [value.shown]
            cells += [f"{value.lacking[one]:,}" if value.lacking else "" for one in why]
            rows.append([Cell(text, "bold" if line.mean else "") for text in cells])
    columns = Table.whole_texts(grid.key, "model")
    columns += Table.numbers(*(["n"] if own else []), grid.measured, *why)
    rules = dict.fromkeys(range(0, len(rows), len(heads)), "")
    return Table(grid.title, columns, rows, rules=rules, frame="ruled")

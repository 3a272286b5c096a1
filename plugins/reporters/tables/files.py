"""Tables to be kept: Markdown, and CSV with every score of a dataset."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from imhi.io import markdown as escaped, spreadsheet_cell
from imhi.plugins.reporters.tables.cells import (
    Grid,
    metrics_of,
    per_dataset,
    remarks,
)

if TYPE_CHECKING:
    from imhi import RunScores

FIELDS = (
    "run",
    "model",
    "labeler",
    "dataset",
    "task",
    "split",
    "metric",
    "value",
    "low",
    "high",
    "n",
    "posts",
    "unparsed",
    "failed",
)


def markdown(runs: Sequence[RunScores], write: Callable[..., None]) -> None:
    """Write one Markdown table per headline metric."""
    for metric in metrics_of(runs):
        write("\n".join(_markdown_table(per_dataset(runs, metric))), markup=False, soft_wrap=True)
    lines = [f"_{escaped(remark)}_  " for remark in remarks(runs)]
    write("\n".join(lines), markup=False, soft_wrap=True)


def _markdown_table(grid: Grid) -> list[str]:
    header = [grid.key, "n"]
    for run, name in enumerate(grid.runs):
        header += [escaped(name), "unparsed"] if grid.loses(run) else [escaped(name)]
    rows = []
    for line in grid.lines:
        cells = [escaped(line.name), line.count]
        for run, cell in enumerate(line.cells):
            cells += [cell.value, cell.lost] if grid.loses(run) else [cell.value]
        rows.append(cells)
    rule = ["---", *["---:"] * (len(header) - 1)]
    return [f"**{escaped(grid.title)}**", "", *map(_pipes, (header, rule, *rows)), ""]


def _pipes(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def comma_separated(runs: Sequence[RunScores], write: Callable[..., None]) -> None:
    """Write every score of a dataset as CSV, one row per run, dataset and metric."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, FIELDS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for run in runs:
        for row in run.scores:
            full = {**row, "run": run.run, "labeler": run.labeler}
            writer.writerow({name: spreadsheet_cell(full.get(name)) for name in FIELDS})
    write(stream.getvalue().rstrip("\n"), markup=False, soft_wrap=True)

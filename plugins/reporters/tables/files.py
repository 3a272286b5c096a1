"""Tables to be kept: Markdown, and CSV with every score of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from imhi.io import csv_text, markdown_table, sanitizing
from imhi.plugins.reporters.tables.cells import metrics_of, per_dataset
from imhi.plugins.reporters.tables.remarks import remarks

if TYPE_CHECKING:
    from imhi import ReportOptions, RunScores

FIELDS = (
    "run", "model", "labeler", "view", "dataset", "task", "split", "metric", "value", "low", "high", "n",
    "posts", "unparsed", "failed", "not_asked", "synthetic",
)  # fmt: skip


def markdown(runs: Sequence[RunScores], write: Callable[..., None], options: ReportOptions) -> None:
    """Write one Markdown table per headline metric."""
    for metric in metrics_of(runs, options):
        grid = per_dataset(runs, metric)
        table = markdown_table(grid.side_by_side(grid.runs))
        write(f"**{sanitizing.markdown(grid.title)}**\n\n{table}\n", markup=False, soft_wrap=True)
    lines = [f"_{sanitizing.markdown(remark)}_  " for remark in remarks(runs)]
    write("\n".join(lines), markup=False, soft_wrap=True)


def comma_separated(
    runs: Sequence[RunScores], write: Callable[..., None], options: ReportOptions
) -> None:
    """Write every score of a dataset as CSV, one row per run, view, dataset and metric; ``synthetic``
    says of each whether it is of fictional posts."""
    rows = [
        {**row, **run.told_by, "synthetic": run.synthetic} for run in runs for row in run.scores
    ]
    write(csv_text(FIELDS, rows).rstrip("\n"), markup=False, soft_wrap=True)

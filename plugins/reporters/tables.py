"""Scores as a terminal table, Markdown or CSV.

The headline table has a row per dataset and a column per run: the metric asked for (weighted F1
where it is there) with its 95% interval. Answers without a label stand beside it, never hidden.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.declarations import Reporter
from harness.hookspecs import hookimpl

if TYPE_CHECKING:
    from harness.results import RunScores

HEADLINE = "weighted_f1"
NOTICE = "For non-clinical research only."
SYNTHETIC = "Demo posts are fictional: these scores are not IMHI results."


def metrics_of(runs: Sequence[RunScores]) -> list[str]:
    """Return the metrics to show, the headline first."""
    names: dict[str, None] = {}
    for run in runs:
        for row in run.scores:
            if row["headline"] and row["metric"] != "unparsed":
                names[row["metric"]] = None
    return sorted(names, key=lambda name: name != HEADLINE)


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None or row["value"] is None:
        return "-"
    return f"{row['value']:.1f} [{row['low']:.1f}, {row['high']:.1f}]"


def _find(rows: Sequence[Mapping[str, Any]], **wanted: Any) -> Mapping[str, Any] | None:
    return next((r for r in rows if all(r.get(k) == v for k, v in wanted.items())), None)


def _datasets(runs: Sequence[RunScores]) -> list[str]:
    return list(dict.fromkeys(row["dataset"] for run in runs for row in run.scores))


def _lost(run: RunScores, dataset: str) -> str:
    counts = run.labelling.get(dataset)
    if counts is None:
        return ""
    return f"{counts['unparsed']}" + (f" + {counts['failed']} failed" if counts["failed"] else "")


def grid(runs: Sequence[RunScores], metric: str) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the table for one metric: datasets, then the averages."""
    lost = {run.run: any(_lost(run, d) not in {"", "0"} for d in _datasets(runs)) for run in runs}
    header = ["dataset", "n"]
    for run in runs:
        header += [run.model, "unparsed"] if lost[run.run] else [run.model]
    rows = []
    for dataset in _datasets(runs):
        cells = [dataset, ""]
        for run in runs:
            row = _find(run.scores, dataset=dataset, metric=metric)
            cells[1] = f"{row['n']:,}" if row else cells[1]
            cells += [_cell(row), _lost(run, dataset)] if lost[run.run] else [_cell(row)]
        rows.append(cells)
    for over in ("datasets", "tasks"):
        found = [_find(run.averages, over=over, metric=metric) for run in runs]
        if any(found) and len(rows) > 1:
            number = next(row["groups"] for row in found if row)
            cells = [f"mean over {over}", str(number)]
            for run, row in zip(runs, found, strict=True):
                cells += [_cell(row), ""] if lost[run.run] else [_cell(row)]
            rows.append(cells)
    return header, rows


def _remarks(runs: Sequence[RunScores]) -> list[str]:
    labelers = ", ".join(sorted({run.labeler for run in runs}))
    remarks = [f"95% bootstrap intervals over posts; labels read by: {labelers}."]
    contradictions = sum(c["contradictions"] for run in runs for c in run.labelling.values())
    if contradictions:
        remarks.append(
            f"{contradictions} answers contradict themselves (label sentence against explanation)."
        )
    remarks += sorted({note for run in runs for note in run.notes})
    if any(run.synthetic for run in runs):
        remarks.append(SYNTHETIC)
    return [*remarks, NOTICE]


def terminal(runs: Sequence[RunScores], write: Callable[..., None]) -> None:
    """Write a table for a terminal; further headline metrics follow as one compact table."""
    from rich.table import Table
    from rich.text import Text

    metrics = metrics_of(runs)
    everything = any(run.settings.get("all") for run in runs)
    source = f"{runs[0].source}, split {runs[0].split}" if runs else ""
    for metric in metrics if everything else metrics[:1]:
        header, rows = grid(runs, metric)
        table = Table(title=f"{metric} - {source}", title_justify="left", title_style="bold")
        for index, column in enumerate(header):
            table.add_column(
                Text(column), justify="left" if index == 0 else "right", overflow="fold"
            )
        for cells in rows:
            if cells[0] == "mean over datasets":
                table.add_section()
            table.add_row(*(Text(cell) for cell in cells))
        write(table)
    if len(metrics) > 1 and not everything:
        write(_means(runs, metrics[1:]))
    for remark in _remarks(runs):
        write(Text(remark, style="dim"))


def _means(runs: Sequence[RunScores], metrics: Sequence[str]) -> Any:
    """Return the other metrics, as means over datasets (or the one dataset's value)."""
    from rich.table import Table
    from rich.text import Text

    single = len(_datasets(runs)) == 1
    title = "other metrics" + ("" if single else ", mean over datasets (each dataset: --all)")
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("metric")
    for run in runs:
        table.add_column(Text(run.model), justify="right", overflow="fold")
    for metric in metrics:
        cells = [
            _cell(
                _find(run.scores, metric=metric)
                if single
                else _find(run.averages, over="datasets", metric=metric)
            )
            for run in runs
        ]
        if any(cell != "-" for cell in cells):
            table.add_row(metric, *(Text(cell) for cell in cells))
    return table


def markdown(runs: Sequence[RunScores], write: Callable[..., None]) -> None:
    """Write one Markdown table per headline metric."""
    for metric in metrics_of(runs):
        header, rows = grid(runs, metric)
        lines = [
            f"**{metric}**",
            "",
            _pipes(header),
            _pipes(["---", *["---:"] * (len(header) - 1)]),
        ]
        lines += [_pipes(cells) for cells in rows]
        write("\n".join([*lines, ""]), markup=False, soft_wrap=True)
    write("\n".join(f"_{remark}_  " for remark in _remarks(runs)), markup=False, soft_wrap=True)


def _pipes(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def comma_separated(runs: Sequence[RunScores], write: Callable[..., None]) -> None:
    """Write every score as CSV, one row per run, dataset and metric."""
    fields = (
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
    )
    fields += ("n", "posts", "unparsed", "failed")
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fields, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for run in runs:
        for row in run.scores:
            # A leading = + - @ would be run as a formula by a spreadsheet.
            model = row["model"] if row["model"][:1] not in "=+-@" else "'" + row["model"]
            writer.writerow({**row, "run": run.run, "labeler": run.labeler, "model": model})
    write(stream.getvalue().rstrip("\n"), markup=False, soft_wrap=True)


@hookimpl
def imhi_reporters() -> Iterator[Reporter]:
    yield Reporter("table", "Tables for the terminal", terminal)
    yield Reporter("markdown", "Markdown tables", markdown)
    yield Reporter("csv", "All scores as CSV", comma_separated)

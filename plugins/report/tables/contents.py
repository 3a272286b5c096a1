"""What stands in the tables, whatever they are written in: texts and marks, not yet escaped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imhi.runs import published_beside

if TYPE_CHECKING:
    from imhi import Comparison
    from imhi.runs import ComparedMetric, ModelValue, PublishedResult

UNPARSED = "unparsed"
NONE = "\N{EN DASH}"

Reference = tuple[str, str, str]


@dataclass(frozen=True)
class Column:
    """A measure on a dataset, or its mean over datasets or tasks."""

    title: str
    metric: str
    dataset: str = ""
    over: str = ""


@dataclass(frozen=True)
class Cell:
    """One value with its bounds; those are empty where there are none.

    ``best`` and ``near`` compare runs within a column: ``near`` is a run that is not the best, but
    for which no significant difference to the best was found.
    """

    value: str = NONE
    low: str = ""
    high: str = ""
    rank: str = ""
    best: bool = False
    near: bool = False


@dataclass(frozen=True)
class Line:
    """A model's row. ``reference`` is the number of the publication it comes from, from 1; 0 for a
    run."""

    name: str
    cells: Sequence[Cell]
    reference: int = 0


@dataclass(frozen=True)
class MetricTable:
    """One measure: runs, best first, then what others have published of it."""

    metric: ComparedMetric
    columns: Sequence[Column]
    runs: Sequence[Line]
    published: Sequence[Line]
    references: Sequence[Reference]


def metric_tables(
    found: Comparison, published: Sequence[PublishedResult] = ()
) -> list[MetricTable]:
    """Return a table for each measure compared."""
    beside = published_beside(published, found)
    return [_table(found, metric, beside) for metric in found.metrics.values()]


def places(found: Comparison, metric: str) -> list[Column]:
    """Return the columns of a measure: datasets, and means where there are several."""
    columns = [Column(dataset, metric, dataset=dataset) for dataset in found.datasets]
    over = {v.over for v in found.values if v.metric == metric}
    means = [name for name in ("datasets", "tasks") if name in over]
    return columns + [Column(f"mean over {name}", metric, over=name) for name in means]


def order(found: Comparison, metric: str) -> list[str]:
    """Return the runs, best first: by the mean over datasets, or by the one dataset."""
    columns = places(found, metric)
    by = next((column for column in columns if column.over == "datasets"), columns[0])

    def rank(name: str) -> int:
        value = found.value(name, metric, by.dataset, by.over)
        return value.rank if value else len(found.names) + 1

    return sorted(found.names, key=rank)


def number(value: float | None, metric: ComparedMetric, signed: bool = False) -> str:
    """Return a number as a measure is shown, or nothing where it is undefined."""
    if value is None or not math.isfinite(value):
        return ""
    return f"{value:{'+' if signed else ''}.{metric.decimals}f}"


def _table(
    found: Comparison, metric: ComparedMetric, beside: Sequence[PublishedResult]
) -> MetricTable:
    columns = places(found, metric.name)
    marks = [_marks(found, column) for column in columns]
    shares = _unparsed_column(found, metric)
    lines = []
    for name in order(found, metric.name):
        cells = []
        for column, (best, near) in zip(columns, marks, strict=True):
            value = found.value(name, metric.name, column.dataset, column.over)
            cells.append(_cell(value, metric, name in best, name in near))
        for column in shares:
            share = found.value(name, UNPARSED, column.dataset, column.over)
            text = number(share.value, found.metrics[UNPARSED]) if share else ""
            cells.append(Cell(text or NONE))
        lines.append(Line(name, cells))
    references, published = _published(metric, [*columns, *shares], beside)
    return MetricTable(metric, [*columns, *shares], lines, published, references)


def _unparsed_column(found: Comparison, metric: ComparedMetric) -> list[Column]:
    """Return the column that says how many answers have no label, if that was compared."""
    if UNPARSED not in found.metrics or metric.name == UNPARSED:
        return []
    columns = places(found, UNPARSED)
    by = next((column for column in columns if column.over == "datasets"), columns[0])
    return [Column("unparsed (%)", UNPARSED, by.dataset, by.over)]


def _marks(found: Comparison, column: Column) -> tuple[set[str], set[str]]:
    """Return the best runs of a column, and those not shown to be different from one of them."""
    values = {
        v.name: v
        for v in found.values
        if (v.metric, v.dataset, v.over) == (column.metric, column.dataset, column.over)
        and math.isfinite(v.value)
    }
    if len(values) < 2:
        return set(), set()
    best = {name for name, value in values.items() if value.rank == 1}

    def differs(name: str, other: str) -> bool:
        pair = found.pair(name, other, column.metric, column.dataset, column.over)
        return pair is not None and pair.significant

    near = {n for n in values if n not in best and not all(differs(n, other) for other in best)}
    return best, near


def _cell(value: ModelValue | None, metric: ComparedMetric, best: bool, near: bool) -> Cell:
    if value is None or not number(value.value, metric):
        return Cell()
    low, high = number(value.low, metric), number(value.high, metric)
    if not (low and high):
        low = high = ""
    span = "-".join(dict.fromkeys(map(str, (value.rank_low, value.rank_high))))
    rank = f"{value.rank} ({span})"
    return Cell(number(value.value, metric), low, high, rank, best, near)


def _published(
    metric: ComparedMetric, columns: Sequence[Column], beside: Sequence[PublishedResult]
) -> tuple[list[Reference], list[Line]]:
    """Return the publications and a line for each of their models. A mean stands only where there
    is a figure for every dataset: one over others would invite a comparison it does not bear."""
    rows = [row for row in beside if row.metric == metric.name]
    references = list(dict.fromkeys((row.source, row.table, row.obtained) for row in rows))
    models: dict[tuple[str, int, int], dict[str, float]] = {}
    for row in rows:
        place = references.index((row.source, row.table, row.obtained)) + 1
        again = 0  # two plugins may differ in what they quote: both stand
        while row.dataset in models.get((row.model, place, again), {}):
            again += 1
        models.setdefault((row.model, place, again), {})[row.dataset] = row.value
    datasets = [c.dataset for c in columns if c.metric == metric.name and c.dataset]
    lines = []
    for (model, place, _), values in models.items():
        complete = all(name in values for name in datasets)
        cells = []
        for column in columns:
            value = values.get(column.dataset) if column.metric == metric.name else None
            if column.over == "datasets" and column.metric == metric.name and complete:
                value = sum(values.values()) / len(values)
            cells.append(Cell(number(value, metric) or NONE))
        lines.append(Line(model, cells, place))
    return references, lines

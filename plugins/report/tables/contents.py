"""What stands in the tables, whatever they are written in: texts and marks, not yet escaped."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imhi.io import Cell, Table, figures
from imhi.runs import PublishedResult

if TYPE_CHECKING:
    from imhi import Comparison
    from imhi.runs import ComparedMetric, ModelValue, PublishedResult

UNPARSED = "unparsed"
NONE = "\N{EN DASH}"
NEAR = " \N{DAGGER}"

Reference = tuple[str, str, str]


@dataclass(frozen=True)
class Column:
    """A measure on a dataset, or its mean over datasets or tasks."""

    title: str
    metric: str
    dataset: str = ""
    over: str = ""


@dataclass(frozen=True)
class Line:
    """A model's row. The best run of a column is bold; one for which no significant difference to the
    best was found has :data:`NEAR` after it. ``ranks`` are those by this measure. ``reference`` is
    the number of the publication the row comes from, from 1; 0 for a run."""

    name: str
    cells: Sequence[Cell]
    ranks: Sequence[str] = ()
    reference: int = 0


@dataclass(frozen=True)
class MetricTable:
    """One measure: runs, best first, then what others have published of it."""

    metric: ComparedMetric
    columns: Sequence[Column]
    runs: Sequence[Line]
    published: Sequence[Line]
    references: Sequence[Reference]

    def part(self, chosen: slice, named: Callable[[Line], Cell]) -> Table:
        """Return some of the columns as a table, with those of the published rows that have figures
        there; ``named`` gives those their names."""
        columns = [
            *Table.texts("model"),
            *Table.numbers(*(column.title for column in self.columns[chosen])),
        ]
        runs = [[line.name, *line.cells[chosen]] for line in self.runs]
        published = [
            [named(line), *line.cells[chosen]]
            for line in self.published
            if any(cell.text != NONE for cell in line.cells[chosen])
        ]
        rules = {len(runs): "published, not measured here"} if published else {}
        return Table("", columns, [*runs, *published], rules=rules)

    def mark(self, line: Line) -> str:
        """Return the number of a line's publication in brackets where there are several."""
        return f"[{line.reference}]" if len(self.references) > 1 else ""


def metric_tables(
    comparison: Comparison, published: Sequence[PublishedResult] = ()
) -> list[MetricTable]:
    """Return a table for each measure compared."""
    beside = PublishedResult.beside(published, comparison)
    return [_table(comparison, metric, beside) for metric in comparison.metrics.values()]


def places(comparison: Comparison, metric: str) -> list[Column]:
    """Return the columns of a measure: datasets, and means where there are several."""
    columns = [Column(dataset, metric, dataset=dataset) for dataset in comparison.datasets]
    over = {v.over for v in comparison.values if v.metric == metric}
    means = [name for name in ("datasets", "tasks") if name in over]
    return columns + [Column(f"mean over {name}", metric, over=name) for name in means]


def main_place(comparison: Comparison, metric: str) -> Column:
    """Return what runs are ordered by: the mean over datasets, or the one dataset."""
    columns = places(comparison, metric)
    return next((column for column in columns if column.over == "datasets"), columns[0])


def order(comparison: Comparison, metric: str) -> list[str]:
    """Return the runs, best first."""
    by = main_place(comparison, metric)

    def rank(name: str) -> int:
        value = comparison.value(name, metric, by.dataset, by.over)
        return value.rank if value else len(comparison.names) + 1

    return sorted(comparison.names, key=rank)


def number(value: float | None, metric: ComparedMetric, signed: bool = False) -> str:
    """Return a number as a measure is shown, or nothing where it is undefined."""
    if value is None or not math.isfinite(value):
        return ""
    return figures.number(value, metric.decimals, signed=signed)


def _table(
    comparison: Comparison, metric: ComparedMetric, beside: Sequence[PublishedResult]
) -> MetricTable:
    columns = places(comparison, metric.name)
    marks = [_marks(comparison, column) for column in columns]
    shares = _unparsed_column(comparison, metric)
    lines = []
    for name in order(comparison, metric.name):
        values = [comparison.value(name, metric.name, c.dataset, c.over) for c in columns]
        cells = [
            _cell(value, metric, name in best, name in near)
            for value, (best, near) in zip(values, marks, strict=True)
        ]
        for column in shares:
            share = comparison.value(name, UNPARSED, column.dataset, column.over)
            text = number(share.value, comparison.metrics[UNPARSED]) if share else ""
            cells.append(Cell(text or NONE))
        ranks = [
            _rank(value) if value and cell.text != NONE else NONE
            for value, cell in zip(values, cells, strict=False)
        ]
        lines.append(Line(name, cells, ranks))
    references, published = _published(metric, [*columns, *shares], beside)
    return MetricTable(metric, [*columns, *shares], lines, published, references)


def _unparsed_column(comparison: Comparison, metric: ComparedMetric) -> list[Column]:
    """Return the column that says how many answers have no label, if that was compared."""
    if UNPARSED not in comparison.metrics or metric.name == UNPARSED:
        return []
    by = main_place(comparison, UNPARSED)
    return [Column("unparsed (%)", UNPARSED, by.dataset, by.over)]


def _marks(comparison: Comparison, column: Column) -> tuple[set[str], set[str]]:
    """Return the best runs of a column, and those not shown to be different from one of them."""
    values = {
        v.name: v
        for v in comparison.values
        if (v.metric, v.dataset, v.over) == (column.metric, column.dataset, column.over)
        and math.isfinite(v.value)
    }
    if len(values) < 2:
        return set(), set()
    best = {name for name, value in values.items() if value.rank == 1}

    def differs(name: str, other: str) -> bool:
        pair = comparison.pair(name, other, column.metric, column.dataset, column.over)
        return pair is not None and pair.significant

    near = {n for n in values if n not in best and not all(differs(n, other) for other in best)}
    return best, near


def _cell(value: ModelValue | None, metric: ComparedMetric, best: bool, near: bool) -> Cell:
    if value is None or not number(value.value, metric):
        return Cell(NONE)
    low, high = number(value.low, metric), number(value.high, metric)
    if not (low and high):
        low = high = ""
    style, after = "bold" if best else "", NEAR if near else ""
    text = figures.crossed(number(value.value, metric), value.cross_fitted)
    return Cell(text, style, low, high, after)


def _rank(value: ModelValue) -> str:
    span = "-".join(dict.fromkeys(map(str, (value.rank_low, value.rank_high))))
    return f"{value.rank} ({span})"


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
            shown = number(value, metric)
            cells.append(Cell(shown, "italic") if shown else Cell(NONE))
        lines.append(Line(model, cells, reference=place))
    return references, lines

"""Tables for a terminal: for each system a row per metric and a column per mark.

Where there is room a cell holds value and interval on one line; with less room on two; with still
less each mark has a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from imhi.io import FittedTable, Table, figures, show_notes
from imhi.plugins.meta_evaluation.correlations import SYMBOLS
from imhi.plugins.meta_evaluation.figures import Figure, Panel
from imhi.plugins.meta_evaluation.metric_values import Column
from imhi.plugins.meta_evaluation.result import MetaEvaluation
from imhi.plugins.meta_evaluation.wording import legend, remarks

if TYPE_CHECKING:
    from rich.console import Console

ANNOTATORS, ALPHA, SYSTEM = "annotators", "alpha", "system alone"


@dataclass(frozen=True)
class Line:
    """A row of a table: a figure per mark. ``metric`` is False for the annotators' rows."""

    name: str
    n: str
    figures: Sequence[Figure]
    metric: bool = True


def lines_of(
    panel: Panel, columns: Sequence[Column], marks: Sequence[str], coefficient: str
) -> list[Line]:
    """Return the rows of a panel: metrics, then what they are to be held against."""
    lines = []
    for column in columns:
        correlations = [panel.correlations[column.name, mark, coefficient] for mark in marks]
        counts = sorted({figure.n for figure in correlations})
        n = str(counts[0]) if len(counts) == 1 else f"{counts[0]}-{counts[-1]}"
        lines.append(Line(column.name, n, correlations))
    agreement = [panel.agreement[mark] for mark in marks]
    others = [one.leave_one_out[coefficient] for one in agreement]
    lines.append(Line(ANNOTATORS, str(panel.answers), others, False))
    lines.append(Line(ALPHA, str(panel.answers), [one.alpha for one in agreement], False))
    if panel.pooled:
        alone = [one.system_alone[coefficient] for one in agreement]
        lines.append(Line(SYSTEM, str(panel.answers), alone, False))
    return lines


def cell(figure: Figure, joint: str = " ") -> str:
    """Return a value with its interval, as ``0.12 [-0.06, 0.29]``; ``-`` where it is undefined."""
    low, high = figure.low, figure.high
    shown = figures.interval(figure.value, low, high, 2)
    if figure.value is not None and (low is None or high is None):
        shown += " [-, -]"
    return shown.replace(" ", joint, 1)


def show(result: MetaEvaluation, coefficient: str, console: Console) -> None:
    """Print a table per system, then the pooled one, with what is to be said about each."""
    for panel in result.panels:
        posts = "" if panel.posts == panel.answers else f" on {panel.posts} posts"
        title = (
            f"{'all systems pooled' if panel.pooled else panel.name}: {SYMBOLS[coefficient]}, "
            f"{panel.answers} answers{posts}, "
            f"{panel.annotators} annotator{'s' if panel.annotators != 1 else ''}"
        )
        lines = lines_of(panel, result.shown(), result.marks, coefficient)
        notes = remarks(panel, result.shown(), coefficient)
        console.print(FittedTable(partial(_layouts, title, lines, result.marks, notes)))
        console.print()
    show_notes([*legend(result, coefficient), *result.notes], console)


def _layouts(
    title: str, lines: Sequence[Line], marks: Sequence[str], notes: Sequence[str], _width: int
) -> Iterator[Table]:
    """Yield the ways to lay a panel out: a column per mark, the same with rows on two lines, a line
    per mark. A rule stands between metrics and what they are to be held against."""
    metrics = sum(line.metric for line in lines)
    rules = {metrics: ""} if 0 < metrics < len(lines) else {}
    rows = [[line.name, line.n, *map(cell, line.figures)] for line in lines]
    columns = [*Table.whole_texts("metric"), *Table.numbers("n", *marks)]
    yield Table(title, columns, rows, notes, rules=rules, frame="ruled")
    rows = [
        [f"{line.name}\n n = {line.n}", *(cell(one, "\n") for one in line.figures)]
        for line in lines
    ]
    columns = [*Table.whole_texts("metric"), *Table.numbers(*marks)]
    yield Table(title, columns, rows, notes, rules=rules, frame="close")
    rows = [
        [line.name if number == 0 else "", mark, cell(figure)]
        for line in lines
        for number, (mark, figure) in enumerate(zip(marks, line.figures, strict=True))
    ]
    columns = [*Table.texts("metric", "mark"), *Table.numbers("correlation")]
    rules = dict.fromkeys(range(0, len(rows), len(marks)), "")
    yield Table(title, columns, rows, notes, rules=rules, frame="ruled")

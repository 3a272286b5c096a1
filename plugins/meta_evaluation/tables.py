"""Tables for a terminal: for each system a row per metric and a column per mark.

Where there is room a cell holds value and interval on one line; with less room on two; with still
less each mark has a line of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from imhi.io import plain
from imhi.plugins.meta_evaluation.correlations import SYMBOLS
from imhi.plugins.meta_evaluation.figures import Figure, Panel
from imhi.plugins.meta_evaluation.metric_values import Column
from imhi.plugins.meta_evaluation.result import MetaEvaluation
from imhi.plugins.meta_evaluation.wording import legend, remarks

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
    found = []
    for column in columns:
        figures = [panel.correlations[column.name, mark, coefficient] for mark in marks]
        counts = sorted({figure.n for figure in figures})
        n = str(counts[0]) if len(counts) == 1 else f"{counts[0]}-{counts[-1]}"
        found.append(Line(column.name, n, figures))
    agreement = [panel.agreement[mark] for mark in marks]
    others = [one.leave_one_out[coefficient] for one in agreement]
    found.append(Line(ANNOTATORS, str(panel.answers), others, False))
    found.append(Line(ALPHA, str(panel.answers), [one.alpha for one in agreement], False))
    if panel.pooled:
        alone = [one.system_alone[coefficient] for one in agreement]
        found.append(Line(SYSTEM, str(panel.answers), alone, False))
    return found


def cell(figure: Figure, joint: str = " ") -> str:
    """Return a value with its interval, as ``0.12 [-0.06, 0.29]``; ``-`` where it is undefined."""
    if figure.value is None:
        return "-"
    if figure.low is None or figure.high is None:
        return f"{_number(figure.value)}{joint}[-, -]"
    return f"{_number(figure.value)}{joint}[{_number(figure.low)}, {_number(figure.high)}]"


def _number(value: float) -> str:
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text


def show(result: MetaEvaluation, coefficient: str, console: Any) -> None:
    """Print a table per system, then the pooled one, with what is to be said about each."""
    from rich.text import Text

    write: Callable[..., None] = console.print
    for panel in result.panels:
        posts = "" if panel.posts == panel.answers else f" on {panel.posts} posts"
        kind = "all systems pooled" if panel.pooled else plain(panel.name)
        title = (
            f"{kind}: {SYMBOLS[coefficient]}, {panel.answers} answers{posts}, "
            f"{panel.annotators} annotator{'s' if panel.annotators != 1 else ''}"
        )
        write(Text(title, style="bold"))
        lines = lines_of(panel, result.shown(), result.marks, coefficient)
        write(_fitting(lines, result.marks, console))
        for remark in remarks(panel, result.shown(), coefficient):
            write(Text(plain(remark), style="dim"))
        write()
    for sentence in [*legend(result, coefficient), *result.notes]:
        write(Text(plain(sentence), style="dim"))


def _fitting(lines: Sequence[Line], marks: Sequence[str], console: Any) -> Any:
    """Return the first layout that fits the console's width; the last one fits any."""
    for joint in (" ", "\n"):
        table = _wide(lines, marks, joint)
        if console.measure(table, options=console.options.update(width=10_000)).maximum <= (
            console.width
        ):
            return table
    return _long(lines, marks)


def _empty_table(close: bool = False) -> Any:
    """Return a table; a close one has narrow gaps and no margin."""
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, collapse_padding=close, pad_edge=not close)


def _wide(lines: Sequence[Line], marks: Sequence[str], joint: str) -> Any:
    """Return a table with a column per mark; with a line break as ``joint``, on two lines each."""
    from rich.text import Text

    close = joint == "\n"
    table = _empty_table(close)
    table.add_column("metric", no_wrap=True)
    if not close:
        table.add_column("n", justify="right", no_wrap=True)
    for mark in marks:
        table.add_column(Text(plain(mark)), justify="right", no_wrap=True)
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        name = plain(line.name)
        table.add_row(
            *[Text(part) for part in ([f"{name}\n n = {line.n}"] if close else [name, line.n])],
            *(Text(cell(figure, joint)) for figure in line.figures),
            end_section=following is not None and line.metric != following.metric,
        )
    return table


def _long(lines: Sequence[Line], marks: Sequence[str]) -> Any:
    from rich.text import Text

    table = _empty_table()
    for head in ("metric", "mark", "correlation"):
        table.add_column(head, justify="right" if head == "correlation" else "left")
    for line in lines:
        for number, (mark, figure) in enumerate(zip(marks, line.figures, strict=True)):
            name = Text(plain(line.name)) if number == 0 else Text("")
            last = number == len(marks) - 1
            table.add_row(name, Text(plain(mark)), Text(cell(figure)), end_section=last)
    return table

"""A comparison as LaTeX tables (booktabs), one for each measure, to be put into a paper.

Values stand with the bounds of their intervals as small figures below and above. How they look is
in three commands at the top, which a paper may define for itself. Many columns are folded: the
models are repeated below with the rest of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from imhi.io import Cell, Table, figures, sanitizing
from imhi.plugins.report.tables.contents import Line, MetricTable, metric_tables
from imhi.plugins.report.tables.latex_text import (
    COMMANDS,
    NAME,
    latex_prose,
    latex_rows,
    latex_text,
)
from imhi.plugins.report.tables.notes import (
    data_of,
    origin,
    published_notes,
    reading,
    runs_of,
)

if TYPE_CHECKING:
    from imhi import Comparison
    from imhi.runs import PublishedResult

_COLUMNS = 5  # of numbers side by side, which fit a column of text
_LINES = 40  # of one page


def latex(
    comparison: Comparison, published: Sequence[PublishedResult], write: Callable[[str], None]
) -> None:
    """Write a table for each measure, with what a reader must know in a note below it."""
    parts = ["\n".join(_head(comparison)), COMMANDS]
    labels: set[str] = set()
    for table in metric_tables(comparison, published):
        label = _label(table.metric.name, labels)
        panels = list(_panels(table))
        height = sum(map(_height, panels))
        # A table cannot be broken over pages: too tall a one becomes several.
        groups = [panels] if height <= _LINES else [[panel] for panel in panels]
        for place, group in enumerate(groups, start=1):
            part = f" (part {place} of {len(groups)})" if len(groups) > 1 else ""
            suffix = f"-part{place}" if place > 1 else ""
            parts.append("\n".join(_float(comparison, table, group, label + suffix, part)))
    write("\n\n".join(parts) + "\n")


def _head(comparison: Comparison) -> list[str]:
    settings = ", ".join(
        f"{name} {comparison.settings[name]}"
        for name in ("resamples", "seed")
        if name in comparison.settings
    )
    sentences = [
        "Written by imhi report. Needs \\usepackage{booktabs} in the preamble.",
        f"Runs, labels read by {comparison.labeler}:",
        *(f"- {name}: {folder}" for name, folder in runs_of(comparison)),
        f"Data: {data_of(comparison)}",
        f"Intervals and tests: {settings or 'settings unknown'}",
    ]
    if comparison.synthetic:
        sentences.append(figures.SYNTHETIC)
    # TeX passes over the rest of such a line, whatever stands there.
    return [f"% {sanitizing.one_line(line)}" for line in sentences]


def _label(metric: str, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", metric.lower()).strip("-") or "metric"
    label = f"tab:imhi-{slug}"
    number = 1
    while label in taken:
        number += 1
        label = f"tab:imhi-{slug}-v{number}"
    taken.add(label)
    return label


def _panels(table: MetricTable) -> Iterator[Table]:
    """Yield a table's columns in blocks of about equal width."""

    def named(line: Line) -> Cell:
        return Cell(f"{line.name} {table.mark(line)}".strip(), "italic")

    blocks = -(-len(table.columns) // _COLUMNS)
    size = -(-len(table.columns) // blocks)
    for start in range(0, len(table.columns), size):
        yield table.part(slice(start, start + size), named)


def _height(panel: Table) -> int:
    """Return about how many lines of text a panel takes."""
    return 3 + sum(1 + len(str(name)) // NAME for name, *_ in panel.rows)


def _float(
    comparison: Comparison, table: MetricTable, panels: Sequence[Table], label: str, part: str
) -> Iterator[str]:
    yield r"\begin{table}"
    yield r"  \centering"
    yield f"  \\caption{{{_caption(comparison, table)}{part}}}"
    yield f"  \\label{{{label}}}"
    yield r"  \par\smallskip"
    yield r"  \small"
    yield r"  \setlength{\tabcolsep}{4pt}"
    width = max(len(panel.columns) for panel in panels) - 1
    yield f"  \\begin{{tabular}}{{@{{}}l{'r' * width}@{{}}}}"
    for place, panel in enumerate(panels):
        yield r"    \midrule[\heavyrulewidth]" if place else r"    \toprule"
        for line in latex_rows(panel, width):
            yield f"    {line}"
    yield r"    \bottomrule"
    yield r"  \end{tabular}"
    yield r"  \par\smallskip"
    yield r"  \begin{minipage}{\linewidth}\footnotesize"
    for note in _notes(comparison, table):
        yield f"    {latex_prose(note)}"
    yield r"  \end{minipage}"
    yield r"\end{table}"


def _notes(comparison: Comparison, table: MetricTable) -> list[str]:
    return [*reading(comparison, [table]), *published_notes(table), *origin(comparison)]


def _caption(comparison: Comparison, table: MetricTable) -> str:
    direction = "higher" if table.metric.higher_is_better else "lower"
    count = len(comparison.names)
    runs = "one run" if count == 1 else f"{count} runs"
    return latex_text(
        f"{table.metric.name} of {runs} ({direction} is better); {data_of(comparison)}"
    ) + (f". {latex_text(figures.SYNTHETIC.rstrip('.'))}" if comparison.synthetic else "")

"""A comparison as LaTeX tables (booktabs), one for each measure, to be put into a paper.

Values stand with the bounds of their intervals as small figures below and above. How they look is
in three commands at the top, which a paper may define for itself. Many columns are folded: the
models are repeated below with the rest of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from imhi.io import one_line
from imhi.plugins.report.tables.contents import (
    NONE,
    Cell,
    Column,
    Line,
    MetricTable,
    metric_tables,
)
from imhi.plugins.report.tables.latex_text import breakable, latex_text
from imhi.plugins.report.tables.notes import (
    SYNTHETIC,
    data_of,
    origin,
    published_notes,
    reading,
    runs_of,
)

if TYPE_CHECKING:
    from imhi import Comparison
    from imhi.runs import PublishedResult

NEAR = "\N{DAGGER}"
_COLUMNS = 5  # of numbers side by side, which fit a column of text
_LINES = 40  # of one page
_NAME = 24  # longer names are broken

_COMMANDS = r"""
\providecommand{\imhivalue}[3]{${#1}_{\,#2}^{\,#3}$} % value, lower and upper bound
\providecommand{\imhibest}[1]{\mathbf{#1}}
\providecommand{\imhinear}[1]{#1^{\dagger}}
""".strip()


def latex(
    found: Comparison, published: Sequence[PublishedResult], write: Callable[[str], None]
) -> None:
    """Write a table for each measure, with what a reader must know in a note below it."""
    parts = ["\n".join(_head(found)), _COMMANDS]
    labels: set[str] = set()
    for table in metric_tables(found, published):
        label = _label(table.metric.name, labels)
        panels = list(_panels(table))
        height = sum(map(_height, panels))
        # A table cannot be broken over pages: too tall a one becomes several.
        groups = [panels] if height <= _LINES else [[panel] for panel in panels]
        for place, group in enumerate(groups, start=1):
            part = f" (part {place} of {len(groups)})" if len(groups) > 1 else ""
            suffix = f"-part{place}" if place > 1 else ""
            parts.append("\n".join(_float(found, table, group, label + suffix, part)))
    write("\n\n".join(parts) + "\n")


def _head(found: Comparison) -> list[str]:
    settings = ", ".join(
        f"{name} {found.settings[name]}" for name in ("resamples", "seed") if name in found.settings
    )
    said = [
        "Written by imhi report. Needs \\usepackage{booktabs} in the preamble.",
        f"Runs, labels read by {found.labeler}:",
        *(f"- {name}: {folder}" for name, folder in runs_of(found)),
        f"Data: {data_of(found)}",
        f"Intervals and tests: {settings or 'settings unknown'}",
    ]
    if found.synthetic:
        said.append(SYNTHETIC)
    # TeX passes over the rest of such a line, whatever stands there.
    return [f"% {one_line(line)}" for line in said]


def _label(metric: str, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", metric.lower()).strip("-") or "metric"
    label = f"tab:imhi-{slug}"
    number = 1
    while label in taken:
        number += 1
        label = f"tab:imhi-{slug}-v{number}"
    taken.add(label)
    return label


def _panels(table: MetricTable) -> Iterator[MetricTable]:
    """Yield a table's columns in blocks of about equal width."""
    blocks = -(-len(table.columns) // _COLUMNS)
    size = -(-len(table.columns) // blocks)
    for start in range(0, len(table.columns), size):
        chosen = slice(start, start + size)
        runs, published = (
            [Line(line.name, line.cells[chosen], line.reference) for line in lines]
            for lines in (table.runs, table.published)
        )
        shown = [line for line in published if any(cell.value != NONE for cell in line.cells)]
        yield MetricTable(table.metric, table.columns[chosen], runs, shown, table.references)


def _height(panel: MetricTable) -> int:
    """Return about how many lines of text a panel takes."""
    return 3 + sum(1 + len(line.name) // _NAME for line in [*panel.runs, *panel.published])


def _float(
    found: Comparison, table: MetricTable, panels: Sequence[MetricTable], label: str, part: str
) -> Iterator[str]:
    yield r"\begin{table}"
    yield r"  \centering"
    yield f"  \\caption{{{_caption(found, table)}{part}}}"
    yield f"  \\label{{{label}}}"
    yield r"  \par\smallskip"
    yield r"  \small"
    yield r"  \setlength{\tabcolsep}{4pt}"
    width = max(len(panel.columns) for panel in panels)
    yield f"  \\begin{{tabular}}{{@{{}}l{'r' * width}@{{}}}}"
    for place, panel in enumerate(panels):
        yield r"    \midrule[\heavyrulewidth]" if place else r"    \toprule"
        for line in _rows(panel, width):
            yield f"    {line}"
    yield r"    \bottomrule"
    yield r"  \end{tabular}"
    yield r"  \par\smallskip"
    yield r"  \begin{minipage}{\linewidth}\footnotesize"
    for note in _notes(found, table):
        yield f"    {' '.join(map(_word, note.split(' ')))}"
    yield r"  \end{minipage}"
    yield r"\end{table}"


def _notes(found: Comparison, table: MetricTable) -> list[str]:
    return [*reading(found, [table], NEAR), *published_notes(table), *origin(found)]


def _caption(found: Comparison, table: MetricTable) -> str:
    direction = "higher" if table.metric.higher_is_better else "lower"
    count = len(found.names)
    runs = "one run" if count == 1 else f"{count} runs"
    return latex_text(
        f"{table.metric.name} of {runs} ({direction} is better); {data_of(found)}"
    ) + (f". {latex_text(SYNTHETIC.rstrip('.'))}" if found.synthetic else "")


def _rows(panel: MetricTable, width: int) -> Iterator[str]:
    def row(cells: Sequence[str]) -> str:
        return " & ".join([*cells, *[""] * (width + 1 - len(cells))]).rstrip() + r" \\"

    yield row(["model", *map(_header, panel.columns)])
    yield r"\midrule"
    for line in panel.runs:
        yield row([_name(line.name), *map(_value, line.cells)])
    if panel.published:
        yield r"\midrule"
        yield (
            f"\\multicolumn{{{width + 1}}}{{@{{}}l@{{}}}}"
            r"{\textit{published, not measured here}} \\"
        )
    for line in panel.published:
        mark = f" [{line.reference}]" if len(panel.references) > 1 else ""
        cells = [
            f"\\textit{{{latex_text(cell.value)}}}" if cell.value != NONE else latex_text(NONE)
            for cell in line.cells
        ]
        yield row([f"\\textit{{{_name(line.name + mark)}}}", *cells])


def _header(column: Column) -> str:
    """Return a column's title, on two lines where it is not a dataset's name."""
    if column.title == column.dataset:
        return latex_text(column.title)
    first, _, second = column.title.rpartition(" ")
    return f"\\shortstack[r]{{{latex_text(first)}\\\\{latex_text(second)}}}"


def _name(name: str) -> str:
    if len(name) <= _NAME:
        return latex_text(name)
    return f"\\parbox[t]{{0.3\\linewidth}}{{\\raggedright {breakable(name)}\\strut}}"


def _word(word: str) -> str:
    return latex_text(word) if len(word) <= _NAME else breakable(word)


def _value(cell: Cell) -> str:
    if cell.value == NONE:
        return latex_text(NONE)
    shown = f"\\imhibest{{{cell.value}}}" if cell.best else cell.value
    shown = f"\\imhinear{{{shown}}}" if cell.near else shown
    return f"\\imhivalue{{{shown}}}{{{cell.low}}}{{{cell.high}}}" if cell.low else f"${shown}$"

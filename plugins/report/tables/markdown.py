"""A comparison in GitHub-flavoured Markdown: values, ranks, notes, and every pair."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from imhi.io import Cell, Table, figures, markdown_table, sanitizing
from imhi.plugins.report.tables.contents import (
    NONE,
    Line,
    MetricTable,
    metric_tables,
    number,
    order,
    places,
)
from imhi.plugins.report.tables.notes import origin, published_notes, reading, runs_of

if TYPE_CHECKING:
    from imhi import Comparison
    from imhi.runs import ComparedMetric, Pair, PublishedResult


def markdown(
    comparison: Comparison, published: Sequence[PublishedResult], write: Callable[[str], None]
) -> None:
    """Write one table of values for each measure, ranks and pairs below it, notes at the end."""
    tables = metric_tables(comparison, published)
    blocks = ["# Comparison" if len(comparison.names) > 1 else "# Scores"]
    for table in tables:
        blocks += [
            f"## {sanitizing.markdown(sanitizing.one_line(figures.titled(table.metric)))}",
            _values(table),
        ]
        blocks += [bullets(published_notes(table))] if table.references else []
        if len(comparison.names) > 1:
            blocks += ["### Ranks", _ranks(table)]
        if comparison.pairs:
            blocks += ["### Pairs", _pairs(comparison, table.metric)]
    notes = [*reading(comparison, tables), *_about_pairs(comparison), *origin(comparison)]
    blocks += ["## Notes", bullets(notes)]
    blocks += [
        "## Runs",
        bullets(f"{name}: {folder}" for name, folder in runs_of(comparison)),
    ]
    write("\n\n".join(blocks) + "\n")


def _values(table: MetricTable) -> str:
    def named(line: Line) -> Cell:
        mark = f", {table.mark(line)}" if table.mark(line) else ""
        return Cell(line.name, "italic", after=f" (published{mark})")

    return markdown_table(table.part(slice(None), named))


def _ranks(table: MetricTable) -> str:
    ranked = [column.title for column in table.columns if column.metric == table.metric.name]
    return _table(["model", *ranked], [[line.name, *line.ranks] for line in table.runs])


def _pairs(comparison: Comparison, metric: ComparedMetric) -> str:
    """Return every pair from the side of the better run, the means first, as they sum up."""
    header = ["on", "first", "second", "difference", "p", "Holm p"]
    missing = any(one.missing for one in comparison.answers)
    header += ["no answer"] if missing else []
    header += ["wins / ties / losses"]
    # By place and names: looking each up among thousands would take the square of their number.
    tested = {(p.dataset, p.over, p.a, p.b): p for p in comparison.pairs if p.metric == metric.name}
    best_first = order(comparison, metric.name)
    lines: list[list[object]] = []
    for column in sorted(places(comparison, metric.name), key=lambda column: not column.over):
        for a, b in itertools.combinations(best_first, 2):
            pair = tested.get((column.dataset, column.over, a, b))
            other = tested.get((column.dataset, column.over, b, a))
            pair = pair or (other.turned() if other else None)
            if pair is not None:
                *tested_cells, counts = _pair(pair, metric)
                lost = (comparison.missing(name, column.dataset) for name in (a, b))
                cells = [" / ".join(f"{count:,}" for count in lost)] if missing else []
                lines.append([column.title, *tested_cells, *cells, counts])
    return _table(header, lines, left=3)


def _pair(pair: Pair, metric: ComparedMetric) -> list[object]:
    low, high = number(pair.low, metric, signed=True), number(pair.high, metric, signed=True)
    bounds = f" [{low}, {high}]" if low and high else ""
    difference = f"{number(pair.difference, metric, signed=True) or NONE}{bounds}"
    counts = (pair.better, pair.equal, pair.worse)
    return [
        pair.a,
        pair.b,
        difference,
        p_shown(pair.p),
        Cell(p_shown(pair.p_holm), "bold" if pair.significant else ""),
        NONE if None in counts else " / ".join(f"{count:,}" for count in counts),
    ]


def p_shown(value: float) -> str:
    """Return a p value with three digits, never 0."""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _about_pairs(comparison: Comparison) -> list[str]:
    from imhi.runs import statistics

    if not comparison.pairs:
        return []
    return [
        "Ranks: in brackets the ranks that a run has in 95% of resamples of the same posts.",
        "Pairs: first minus second with 95% intervals over posts; p: permutation "
        "test that exchanges both runs' answers to whole posts; Holm p: corrected over datasets, bold "
        f"below {statistics.ALPHA}. Wins, ties, losses: examples that the first does better, as well, "
        "worse on (label metrics: that one of the two alone gets right).",
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]], left: int = 1) -> str:
    return markdown_table(
        Table("", [*Table.texts(*heads[:left]), *Table.numbers(*heads[left:])], rows)
    )


def bullets(sentences: Iterable[str]) -> str:
    """Return sentences as a list."""
    return "\n".join(
        f"- {sanitizing.markdown(sanitizing.one_line(sentence))}" for sentence in sentences
    )

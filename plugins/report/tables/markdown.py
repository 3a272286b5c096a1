"""A comparison in GitHub-flavoured Markdown: values, ranks, notes, and every pair."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from imhi.io import markdown as escaped, one_line
from imhi.plugins.report.tables.contents import (
    NONE,
    Cell,
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

NEAR = "\N{DAGGER}"


def markdown(
    found: Comparison, published: Sequence[PublishedResult], write: Callable[[str], None]
) -> None:
    """Write one table of values for each measure, ranks and pairs below it, notes at the end."""
    tables = metric_tables(found, published)
    blocks = ["# Comparison" if len(found.names) > 1 else "# Scores"]
    for table in tables:
        blocks += [f"## {_text(titled(table.metric))}", _values(table)]
        blocks += [_list(published_notes(table))] if table.references else []
        if len(found.names) > 1:
            blocks += ["### Ranks", _ranks(table)]
        if found.pairs:
            blocks += ["### Pairs", _pairs(found, table.metric)]
    notes = [*reading(found, tables, NEAR), *_about_pairs(found), *origin(found)]
    blocks += ["## Notes", _list(notes)]
    blocks += ["## Runs", _list(f"{name}: {folder}" for name, folder in runs_of(found))]
    write("\n\n".join(blocks) + "\n")


def titled(metric: ComparedMetric) -> str:
    return metric.name if metric.higher_is_better else f"{metric.name} \N{DOWNWARDS ARROW}"


def _values(table: MetricTable) -> str:
    header = ["model", *(column.title for column in table.columns)]
    lines = [[_text(line.name), *map(_shown, line.cells)] for line in table.runs]
    numbered = len(table.references) > 1
    for line in table.published:
        mark = f", \\[{line.reference}\\]" if numbered else ""
        name = f"_{_text(line.name)}_ (published{mark})"
        cells = [cell.value if cell.value == NONE else f"_{cell.value}_" for cell in line.cells]
        lines.append([name, *cells])
    return _table(list(map(_text, header)), lines)


def _shown(cell: Cell) -> str:
    value = f"**{cell.value}**" if cell.best else cell.value
    bounds = f" \\[{cell.low}, {cell.high}\\]" if cell.low else ""
    return f"{value}{bounds}{f' {NEAR}' if cell.near else ''}"


def _ranks(table: MetricTable) -> str:
    own = [column for column in table.columns if column.metric == table.metric.name]
    lines = []
    for line in table.runs:
        ranks = [cell.rank or NONE for cell in line.cells[: len(own)]]
        lines.append([_text(line.name), *ranks])
    header = ["model", *(_text(column.title) for column in own)]
    return _table(header, lines)


def _pairs(found: Comparison, metric: ComparedMetric) -> str:
    """Return every pair from the side of the better run, the means first, as they sum up."""
    from imhi.runs import turned

    header = ["on", "first", "second", "difference", "p", "Holm p", "wins / ties / losses"]
    # By place and names: looking each up among thousands would take the square of their number.
    tested = {(p.dataset, p.over, p.a, p.b): p for p in found.pairs if p.metric == metric.name}
    best_first = order(found, metric.name)
    lines = []
    for column in sorted(places(found, metric.name), key=lambda column: not column.over):
        for a, b in itertools.combinations(best_first, 2):
            pair = tested.get((column.dataset, column.over, a, b))
            other = tested.get((column.dataset, column.over, b, a))
            pair = pair or (turned(other) if other else None)
            if pair is not None:
                lines.append([_text(column.title), *_pair(pair, metric)])
    return _table(header, lines, texts=3)


def _pair(pair: Pair, metric: ComparedMetric) -> list[str]:
    low, high = number(pair.low, metric, signed=True), number(pair.high, metric, signed=True)
    bounds = f" \\[{low}, {high}\\]" if low and high else ""
    difference = f"{number(pair.difference, metric, signed=True) or NONE}{bounds}"
    corrected = p_shown(pair.p_holm)
    counts = (pair.better, pair.equal, pair.worse)
    return [
        _text(pair.a),
        _text(pair.b),
        difference,
        p_shown(pair.p),
        f"**{corrected}**" if pair.significant else corrected,
        NONE if None in counts else " / ".join(f"{count:,}" for count in counts),
    ]


def p_shown(value: float) -> str:
    """Return a p value with three digits, never 0."""
    return "&lt;0.001" if value < 0.001 else f"{value:.3f}"


def _about_pairs(found: Comparison) -> list[str]:
    from imhi.runs import ALPHA

    if not found.pairs:
        return []
    return [
        "Ranks: in brackets the ranks that a run has in 95% of resamples of the same posts.",
        "Pairs: first minus second with 95% paired bootstrap intervals over posts; p: permutation "
        "test that exchanges both runs' answers to whole posts; Holm p: corrected over datasets, bold "
        f"below {ALPHA}. Wins, ties, losses: examples that the first does better, as well, worse on "
        "(label metrics: that one of the two alone gets right).",
    ]


def _text(text: str) -> str:
    return escaped(one_line(text))


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {_text(sentence)}" for sentence in sentences)


def _table(header: Sequence[str], lines: Sequence[Sequence[str]], texts: int = 1) -> str:
    rule = [*["---"] * texts, *["---:"] * (len(header) - texts)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *lines))

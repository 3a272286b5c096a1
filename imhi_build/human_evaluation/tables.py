"""What a person sees in a terminal: no post, and lines that fit 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from imhi.build.human_evaluation.coefficients import Coefficient
from imhi.build.human_evaluation.figures import (
    ALL,
    ENOUGH,
    AnnotatorFigures,
    CriterionFigures,
    MarkTable,
)
from imhi.build.human_evaluation.report import APART_FILE, REPORT, Report
from imhi.build.human_evaluation.sampling import Written
from imhi.io import FittedTable, Marking, Table, figures, show_notes, show_table

if TYPE_CHECKING:
    from rich.console import Console

_LISTED = 20
_NONE = "-"


def show_sample(written: Written, console: Console) -> None:
    """Print what each stratum gave."""
    sample = written.drawn
    heads = ("dataset", "label", "rows", "drawn")
    strata = [(*key, n, sample.taken[key]) for key, n in sample.available.items()]
    total = ("all", "", sum(sample.available.values()), sum(sample.taken.values()))
    rows = [
        dict(zip(heads, (*names, f"{available:,}", f"{taken:,}"), strict=True))
        for *names, available, taken in [*strata, total]
    ]
    show_table(Table.of("", rows, left=2), console, gap=True)


def show_report(report: Report, console: Console) -> None:
    """Print the figures, remarks and disagreements."""
    annotators = len(report.table.annotators)
    criteria = report.panels[ALL]
    title = (
        f"{report.sample.name}: {len(report.sample.rows)} items, {annotators} "
        f"annotator{'' if annotators == 1 else 's'}"
    )
    show_table(Table.of(title, map(_marks_row, criteria)), console, gap=True)
    heads = ("% agreement", "n", "Fleiss' kappa", "n", "Kripp. alpha", "n")
    rows = [
        (one.criterion, *_counted(one.agreement, 0), *_counted(one.kappa), *_counted(one.alpha))
        for one in criteria
    ]
    agreement = Table("agreement", [*Table.texts("criterion"), *Table.numbers(*heads)], rows)
    show_table(agreement, console, gap=True)
    _show_datasets(report, console)
    _show_annotators(report, console)
    _show_apart(report, console)
    show_notes(report.remarks, console)


def _marks_row(one: CriterionFigures) -> dict[str, str]:
    counts = dict(zip(Marking.MARKS, one.counts, strict=True))
    return {
        "criterion": one.criterion,
        "items": str(one.items),
        "marks": str(one.marks),
        "mean [95% interval]": _mean(one),
        **{
            f"% {mark}": f"{100 * n / one.marks:.0f}" if one.marks else _NONE
            for mark, n in counts.items()
        },
    }


def _mean(one: CriterionFigures) -> str:
    return "no marks" if one.mean is None else figures.interval(one.mean, one.low, one.high, 2)


def _value(coefficient: Coefficient, decimals: int = 2, least: int = 1) -> str:
    """Return the value; none where fewer than ``least`` items are behind it."""
    known = coefficient.value if coefficient.n >= least else None
    return figures.interval(known, None, None, decimals)


def _counted(coefficient: Coefficient, decimals: int = 2) -> tuple[str, str]:
    return _value(coefficient, decimals), str(coefficient.n)


def _show_datasets(report: Report, console: Console) -> None:
    rows = [
        {
            "dataset": "" if place else panel,
            "criterion": one.criterion,
            "items": one.items,
            "mean [95%]": _mean(one),
            "% agr.": _value(one.agreement, 0, ENOUGH),
            "kappa": _value(one.kappa, 2, ENOUGH),
            "alpha": _value(one.alpha, 2, ENOUGH),
        }
        for panel, criteria in report.panels.items()
        for place, one in enumerate(criteria if panel != ALL else ())
    ]
    if rows:
        show_table(Table.of("by dataset", rows, left=2), console, gap=True)


def _show_annotators(report: Report, console: Console) -> None:
    """Print the means, a column per criterion where there is room, else a line."""
    means = {(one.annotator, one.criterion): _compared(one) for one in report.annotators}
    if means:
        console.print(FittedTable(partial(_annotator_tables, report.table, means)))
        console.print()


def _compared(one: AnnotatorFigures) -> str:
    difference = (
        "" if one.difference is None else f" ({figures.number(one.difference, 2, signed=True)})"
    )
    return _NONE if one.mean is None else f"{figures.number(one.mean, 2)}{difference}"


def _annotator_tables(
    table: MarkTable, means: Mapping[tuple[str, str], str], _width: int
) -> Iterator[Table]:
    title = "means of annotators (difference to the others on the same items)"
    wide = [[name, *(means[name, one] for one in table.criteria)] for name in table.annotators]
    yield Table(title, [*Table.texts("annotator"), *Table.numbers(*table.criteria)], wide)
    long = [(name, one, means[name, one]) for name in table.annotators for one in table.criteria]
    yield Table(title, [*Table.texts("annotator", "criterion"), *Table.numbers("mean")], long)


def _show_apart(report: Report, console: Console) -> None:
    if not report.apart:
        if len(report.table.annotators) > 1:
            console.print("no marks lie two or more apart")
        return
    items = len({one.item for one in report.apart})
    rows = [
        (one.item, one.criterion, ", ".join(f"{name} {mark}" for name, mark in one.marks.items()))
        for one in report.apart[:_LISTED]
    ]
    title = (
        f"marks two or more apart: {len(report.apart)}, on {items} item{'' if items == 1 else 's'}"
    )
    show_table(Table(title, Table.texts("item", "criterion", "marks"), rows), console, gap=True)
    if len(report.apart) > _LISTED:
        show_notes([f"and {len(report.apart) - _LISTED} more: see {APART_FILE}"], console)


def problem_lines(report: Report) -> list[str]:
    """Return the problems as they are printed; the file has all of them where they are many."""
    lines = [problem.line() for problem in report.read.problems]
    if len(lines) <= 2 * _LISTED:
        return lines
    return [*lines[: 2 * _LISTED], f"and {len(lines) - 2 * _LISTED} more: see {REPORT}"]

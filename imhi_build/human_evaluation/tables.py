"""What a person sees in a terminal: no post, and lines that fit 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imhi.build.human_evaluation.coefficients import Coefficient
from imhi.build.human_evaluation.figures import ALL, ENOUGH, CriterionFigures
from imhi.build.human_evaluation.report import APART_FILE, REPORT, Report
from imhi.build.human_evaluation.sampling import Written
from imhi.io import MARKS, plain

_LISTED = 20
_NONE = "-"


def show_sample(written: Written, console: Any) -> None:
    """Print what each stratum gave."""
    drawn = written.drawn
    rows = [
        (dataset, label, f"{count:,}", f"{drawn.taken[dataset, label]:,}")
        for (dataset, label), count in drawn.available.items()
    ]
    total = (f"{sum(drawn.available.values()):,}", f"{sum(drawn.taken.values()):,}")
    _print(console, "", ("dataset", "label", "rows", "drawn"), [*rows, ("all", "", *total)], 2)


def show_report(report: Report, console: Any) -> None:
    """Print the figures, remarks and disagreements."""
    names = report.table.annotators
    title = (
        f"{plain(report.sample.name)}: {len(report.sample.rows)} items, {len(names)} "
        f"annotator{'' if len(names) == 1 else 's'}"
    )
    figures = report.panels[ALL]
    marks = ("criterion", "items", "marks", "mean [95% interval]", *(f"% {m}" for m in MARKS))
    _print(console, title, marks, [_marks_row(one) for one in figures])
    head = ("criterion", "% agreement", "n", "Fleiss' kappa", "n", "Kripp. alpha", "n")
    _print(
        console,
        "agreement",
        head,
        [
            (
                one.criterion,
                *_coefficient(one.agreement, 0),
                *_coefficient(one.kappa),
                *_coefficient(one.alpha),
            )
            for one in figures
        ],
    )
    _show_datasets(report, console)
    _show_annotators(report, console)
    _show_apart(report, console)
    for remark in report.remarks:
        console.print(plain(remark), style="dim", markup=False)


def _marks_row(one: CriterionFigures) -> tuple[str, ...]:
    shares = (f"{100 * count / one.marks:.0f}" if one.marks else _NONE for count in one.counts)
    return (one.criterion, str(one.items), str(one.marks), _mean(one), *shares)


def _mean(one: CriterionFigures) -> str:
    if one.mean is None:
        return "no marks"
    if one.low is None or one.high is None:
        return f"{one.mean:.2f}"
    return f"{one.mean:.2f} [{one.low:.2f}, {one.high:.2f}]"


def _coefficient(found: Coefficient, decimals: int = 2, least: int = 1) -> tuple[str, str]:
    """Return value and n; no value where fewer than ``least`` items are behind it."""
    if found.value is None or found.n < least:
        return _NONE, str(found.n)
    value = f"{found.value:.{decimals}f}"
    return ("0.00" if value == "-0.00" else value), str(found.n)


def _show_datasets(report: Report, console: Any) -> None:
    rows = []
    for panel, figures in report.panels.items():
        for number, one in enumerate(figures if panel != ALL else ()):
            rows.append(
                (
                    panel if number == 0 else "",
                    one.criterion,
                    str(one.items),
                    _mean(one),
                    _coefficient(one.agreement, 0, ENOUGH)[0],
                    _coefficient(one.kappa, 2, ENOUGH)[0],
                    _coefficient(one.alpha, 2, ENOUGH)[0],
                )
            )
    if rows:
        head = ("dataset", "criterion", "items", "mean [95%]", "% agr.", "kappa", "alpha")
        _print(console, "by dataset", head, rows, 2)


def _show_annotators(report: Report, console: Any) -> None:
    """Print the means, a column per criterion where there is room, else a line."""
    found = {(one.annotator, one.criterion): one for one in report.annotators}
    if not found:
        return
    title = "means of annotators (difference to the others on the same items)"
    cells = {
        key: _NONE
        if one.mean is None
        else f"{one.mean:.2f}" + ("" if one.difference is None else f" ({one.difference:+.2f})")
        for key, one in found.items()
    }
    names, criteria = report.table.annotators, report.table.criteria
    width = max(len(name) for name in (*names, "annotator")) + 2
    width += sum(max(len(criterion), 12) + 2 for criterion in criteria)
    if width <= console.width:
        rows = [(name, *(cells[name, criterion] for criterion in criteria)) for name in names]
        _print(console, title, ("annotator", *criteria), rows)
        return
    _print(
        console,
        title,
        ("annotator", "criterion", "mean"),
        [(name, criterion, cells[name, criterion]) for name in names for criterion in criteria],
        2,
    )


def _show_apart(report: Report, console: Any) -> None:
    if not report.apart:
        if len(report.table.annotators) > 1:
            console.print("no marks lie two or more apart")
        return
    items = len({one.item for one in report.apart})
    rows = [
        (
            one.item,
            one.criterion,
            ", ".join(f"{name} {mark}" for name, mark in one.marks.items()),
        )
        for one in report.apart[:_LISTED]
    ]
    title = (
        f"marks two or more apart: {len(report.apart)}, on {items} item{'' if items == 1 else 's'}"
    )
    _print(console, title, ("item", "criterion", "marks"), rows, 3)
    if len(report.apart) > _LISTED:
        more = len(report.apart) - _LISTED
        console.print(f"and {more} more: see {APART_FILE}", style="dim", markup=False)


def problem_lines(report: Report) -> list[str]:
    """Return the problems as they are printed; the file has all of them where they are many."""
    lines = [problem.line() for problem in report.read.problems]
    if len(lines) <= 2 * _LISTED:
        return lines
    return [*lines[: 2 * _LISTED], f"and {len(lines) - 2 * _LISTED} more: see {REPORT}"]


def _print(
    console: Any,
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: int = 1,
) -> None:
    """Print a table; the first ``left`` columns are texts and may be folded, the others numbers."""
    from rich.table import Table
    from rich.text import Text

    if title:
        console.print(plain(title), style="bold", markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for index, column in enumerate(columns):
        text = index < left
        table.add_column(
            column, justify="left" if text else "right", no_wrap=not text, overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    console.print(table)
    console.print()

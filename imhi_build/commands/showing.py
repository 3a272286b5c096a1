"""What a person sees of a stage in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imhi.build.checks.reports import CheckReport
    from imhi.build.explanations.joining import ExplainReport
    from imhi.build.folder import BuildFolder
    from imhi.build.stages.check import CheckedBuild
    from imhi.build.stages.explain import Explaining
    from imhi.build.stages.read import ReadReport

_SHOWN = 5


def show_read(folder: BuildFolder, report: ReadReport) -> None:
    from imhi.io import out, print_table, say

    rows = []
    for name, found in report.datasets.items():
        counts = found.counts
        rows.append(
            (
                name,
                Path(found.preset).name,
                *(f"{counts.get(split, 0):,}" for split in ("train", "val", "test")),
                f"{sum(found.removed.values()):,}",
                f"{sum(found.masked.values()):,}",
            )
        )
    columns = ("dataset", "preset", "train", "val", "test", "left out", "masked")
    print_table("", columns, rows, 2)
    for name, found in report.datasets.items():
        if found.removed:
            reasons = ", ".join(f"{reason} {n:,}" for reason, n in found.removed.items())
            out().print(f"{name}: left out: {reasons}", markup=False, soft_wrap=True)
    if any(found.removed for found in report.datasets.values()):
        place = folder.path / "removed"
        out().print(f"listed row by row in {place}", markup=False, soft_wrap=True)
    for note in report.notes:
        say(f"note: {note}")
    for problem in report.problems[:_SHOWN]:
        say(problem, "yellow")
    if report.mistakes > _SHOWN:
        say(f"... and {report.mistakes - _SHOWN:,} more; see {folder.path / 'removed'}", "yellow")


def show_estimate(asking: Explaining, limit: int | None, as_json: bool) -> None:
    """Print what asking would take, and the first prompt."""
    from dataclasses import asdict

    from imhi.build.explanations.estimating import estimate_asking, seconds_each
    from imhi.io import out, plain, print_json, print_table, say

    if not asking.anything(limit):
        say("every row has an explanation: nothing would be asked")
        return
    spec, context = asking.spec(), asking.context()
    found = list(estimate_asking(asking.wanted(limit), spec, context))
    each = seconds_each(asking.runs, spec.name)
    requests = sum(one.requests for one in found)
    seconds = None if each is None else each * requests
    costs = [one.cost for one in found]
    cost = None if None in costs else sum(one or 0.0 for one in costs)
    if as_json:
        total = {"model": spec.name, "requests": requests, "cost": cost, "seconds": seconds}
        print_json({**total, "datasets": [asdict(one) for one in found]})
        return
    columns = ("dataset", "requests", "prompt tokens", "answer tokens, at most", "cost, at most")
    counted = ("requests", "prompt_tokens", "completion_tokens")
    rows: list[tuple[Any, ...]] = [
        (one.dataset, *(f"{getattr(one, name):,}" for name in counted), _dollars(one.cost))
        for one in found
    ]
    sums = (f"{sum(getattr(one, name) for one in found):,}" for name in counted)
    print_table(spec.name, columns, [*rows, ("all", *sums, _dollars(cost))])
    for note in sorted({one.note for one in found}):
        out().print(f"({note})", markup=False, soft_wrap=True)
    if seconds is None:
        out().print(
            "time: not known before some rows were asked (--limit 20 asks 20 per dataset)",
            markup=False,
            soft_wrap=True,
        )
    else:
        out().print(
            f"time: about {_duration(seconds)}, as the rows asked so far",
            markup=False,
            soft_wrap=True,
        )
    out().print(f"\nthe first prompt, {found[0].dataset}:\n", markup=False, soft_wrap=True)
    out().print(plain(found[0].first_prompt), markup=False, soft_wrap=True)


def show_explain(folder: BuildFolder, report: ExplainReport) -> None:
    from imhi.io import out, print_table, say

    explained = folder.require_explained()
    names = ("rows", "given", "lacking", "empty", "disagreements", "replaced")
    rows = [
        (name, *(f"{found.get(column, 0):,}" for column in names))
        for name, found in explained.datasets.items()
    ]
    columns = ("dataset", "rows", "given", "lacking", "empty", "model disagrees", "replaced")
    print_table("", columns, rows)
    asked = report.asked
    if asked.answered or asked.failed:
        cost = "" if asked.cost is None else f", {_dollars(asked.cost)}"
        out().print(
            f"asked: {asked.answered:,} answered, {asked.failed:,} failed, {asked.unanswered:,} not "
            f"asked, {asked.prompt_tokens:,} + {asked.completion_tokens:,} tokens{cost}",
            markup=False,
            soft_wrap=True,
        )
    for note in asked.notes:
        say(f"note: {note}")
    if report.empty:
        say(
            f"answers without an explanation: {report.empty:,}; the check 'empty' keeps them out, "
            "--again asks anew"
        )
    if report.lacking:
        say(
            f"{report.lacking:,} rows are not explained yet: imhi build explain {folder.path} goes "
            "on, with the same options (--model NAME where none is set)",
            "yellow",
        )


def show_checks(folder: BuildFolder, report: CheckedBuild) -> None:
    from imhi.io import out, say

    _print_checks([_check_cells(one) for one in report.reports])
    out_of = sum(report.quarantined.values())
    kept_out = f"{out_of:,} of {_all_rows(folder):,} rows are kept out"
    where = f": {folder.path / 'quarantine'} has them with their reasons" if out_of else ""
    out().print(f"{kept_out}{where}", markup=False, soft_wrap=True)
    for sentence in report.incomplete:
        say(sentence, "yellow")
    if report.missing:
        say(
            f"not made on these rows: {', '.join(report.missing)} (imhi build check {folder.path} makes "
            "all)",
            "yellow",
        )
    again = sum(len(folder.to_ask_again(name)) for name in folder.datasets())
    if again:
        say(f"to ask anew about {again:,} of them: imhi build explain {folder.path} --again")


def say_next(folder: BuildFolder, stage: str) -> None:
    """Say which command comes next."""
    from imhi.io import say

    say(f"next: imhi build {stage} {folder.path}")


def _check_cells(report: CheckReport) -> tuple[str, ...]:
    """Return a check's cells; what was not looked at is no finding of nothing."""
    name, details = (report.check, report.action), report.details
    if details.get("skipped"):
        return (*name, "-", "-", f"skipped: {details['skipped']}")
    share = report.findings / report.rows if report.rows else 0.0
    said = [next(iter(report.reasons), "")]
    said += [
        f"{dataset}: {found['note']}"
        for dataset, found in details.items()
        if isinstance(found, dict) and "note" in found
    ]
    return (
        *name,
        f"{report.findings:,}",
        f"{100 * share:.1f}%",
        "; ".join(text for text in said if text),
    )


def _print_checks(rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    from imhi.io import out, plain

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("check", "action"):
        table.add_column(column, no_wrap=True)
    for column in ("findings", "of rows"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("most often", overflow="fold")
    for row in rows:
        table.add_row(*(plain(cell) for cell in row))
    out().print(table)


def _all_rows(folder: BuildFolder) -> int:
    return sum(found["rows"] for found in folder.require_explained().datasets.values())


def _dollars(cost: float | None) -> str:
    if cost is None:
        return "-"
    return f"${cost:,.2f}" if cost >= 1 or not cost else f"${cost:,.4f}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"

"""What a person sees of a stage in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi.build.checks.reports import CheckReport
    from imhi.build.explanations.joining import ExplainReport
    from imhi.build.folder import BuildFolder
    from imhi.build.stages.check import CheckedBuild
    from imhi.build.stages.explain import Explaining
    from imhi.build.stages.read import ReadReport

_SHOWN = 5


def _print(line: str) -> None:
    from imhi.io import out

    out().print(line, markup=False, soft_wrap=True)


def show_read(folder: BuildFolder, report: ReadReport) -> None:
    """Print rows by dataset and split, and what was left out and why."""
    from imhi.io import Table, say, show_table

    rows = [
        {
            "dataset": name,
            "preset": Path(record.preset).name,
            **{split: f"{record.counts.get(split, 0):,}" for split in ("train", "val", "test")},
            "left out": f"{sum(record.removed.values()):,}",
            "masked": f"{sum(record.masked.values()):,}",
        }
        for name, record in report.datasets.items()
    ]
    show_table(Table.of("", rows, left=2))
    left_out = {name: record.removed for name, record in report.datasets.items()}
    for name, reasons in left_out.items():
        if reasons:
            counts = ", ".join(f"{reason} {n:,}" for reason, n in reasons.items())
            _print(f"{name}: left out: {counts}")
    if any(left_out.values()):
        _print(f"listed row by row in {folder.path / 'removed'}")
    for note in report.notes:
        say(f"note: {note}")
    for problem in report.problems[:_SHOWN]:
        say(problem, "yellow")
    if report.mistakes > _SHOWN:
        say(f"... and {report.mistakes - _SHOWN:,} more; see {folder.path / 'removed'}", "yellow")


def show_estimate(asking: Explaining, limit: int | None, as_json: bool) -> None:
    """Print what asking would take, and the first prompt."""
    from dataclasses import asdict

    from imhi import Estimate
    from imhi.build.explanations.estimating import estimate_asking, seconds_each
    from imhi.io import print_json, sanitizing, say, show_estimates

    if not asking.anything(limit):
        say("every row has an explanation: nothing would be asked")
        return
    spec = asking.spec()
    estimates = list(estimate_asking(asking.wanted(limit), spec, asking.context()))
    total = Estimate.total([one.estimate for one in estimates])
    each = seconds_each(asking.runs, spec.name)
    seconds = None if each is None else each * total.requests
    if as_json:
        sums = {"requests": total.requests, "cost": total.cost, "seconds": seconds}
        datasets = [
            {"dataset": one.dataset, **asdict(one.estimate), "first_prompt": one.first_prompt}
            for one in estimates
        ]
        print_json({"model": spec.name, **sums, "datasets": datasets})
        return
    show_estimates(spec.name, [(one.dataset, one.estimate) for one in estimates])
    if seconds is None:
        _print("time: not known before some rows were asked (--limit 20 asks 20 per dataset)")
    else:
        _print(f"time: about {_duration(seconds)}, as the rows asked so far")
    _print(f"\nthe first prompt, {estimates[0].dataset}:\n")
    _print(sanitizing.plain(estimates[0].first_prompt))


def show_explain(folder: BuildFolder, report: ExplainReport) -> None:
    """Print how many rows are explained and by what, and what asking came to."""
    from imhi.io import Table, figures, say, show_table

    heads = {
        "rows": "rows",
        "given": "given",
        "lacking": "lacking",
        "empty": "empty",
        "disagreements": "model disagrees",
        "replaced": "replaced",
    }
    rows = [
        {"dataset": name, **{head: f"{counts.get(key, 0):,}" for key, head in heads.items()}}
        for name, counts in folder.require_explained().datasets.items()
    ]
    show_table(Table.of("", rows))
    asked = report.asked
    if asked.answered or asked.failed:
        cost = "" if asked.cost is None else f", {figures.dollars(asked.cost)}"
        _print(
            f"asked: {asked.answered:,} answered, {asked.failed:,} failed, {asked.not_asked:,} not "
            f"asked, {asked.prompt_tokens:,} + {asked.completion_tokens:,} tokens{cost}"
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
    """Print what each check found, how many rows are kept out, and what is still to be done."""
    from imhi.io import Table, say, show_table

    columns = [*Table.whole_texts("check", "action"), *Table.numbers("findings", "of rows")]
    rows = [_check_cells(one) for one in report.reports]
    show_table(Table("", [*columns, *Table.texts("most often")], rows))
    out_of = sum(report.quarantined.values())
    where = f": {folder.path / 'quarantine'} has them with their reasons" if out_of else ""
    _print(f"{out_of:,} of {_all_rows(folder):,} rows are kept out{where}")
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
    if report.skipped:
        return (*name, "-", "-", f"skipped: {report.skipped}")
    with_one = sum(counts["findings"] for counts in report.by_dataset.values())
    notes = [next(iter(report.reasons), "")]
    notes += [
        f"{dataset}: {detail['note']}"
        for dataset, detail in details.items()
        if isinstance(detail, dict) and "note" in detail
    ]
    return (
        *name,
        f"{report.findings:,}",
        f"{100 * with_one / report.rows:.1f}%" if report.rows else "-",
        "; ".join(filter(None, notes)),
    )


def _all_rows(folder: BuildFolder) -> int:
    return sum(counts["rows"] for counts in folder.require_explained().datasets.values())


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"

"""How commands show scores and how they end."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path

from imhi._core.cli.console import out, print_json, say
from imhi._core.declarations import resolve
from imhi._core.errors import RunIncomplete
from imhi._core.plugin_manager import PluginManager
from imhi._core.results import ReportOptions, Results, RunScores
from imhi._core.run_store import RunFolder


def finish(
    results: Results,
    manager: PluginManager,
    format_name: str,
    as_json: bool,
    show_all: bool,
    command: str,
    asked: Sequence[str] = (),
) -> None:
    """Show scores, say where they lie and what to do next; leave with 1 if answers are missing or
    a metric could not do all its work."""
    if as_json:
        print_json(results.to_json())
    else:
        show_scores(results, manager, format_name, show_all, asked)
    for folder in dict.fromkeys(results.folders):
        say(f"run folder: {folder}")
    for problem in manager.problems:
        if problem.stage == "observe":
            say(f"an observer failed and was passed over: {problem}", "yellow")
    left = _unanswered(results, manager) or _unfinished(results, command)
    if results.skipped:
        left.append(f"left out: {', '.join(Path(file).name for file in results.skipped)}")
    if left:
        raise RunIncomplete("; ".join(left))


def _unfinished(results: Results, command: str) -> list[str]:
    gaps = sorted({gap for run in results.runs for gap in run.gaps})
    if not gaps:
        return []
    elsewhere = command != "imhi run" and all("'imhi run'" in gap for gap in gaps)
    again = "" if elsewhere else f"; give the same '{command}' again to go on with it"
    return [f"{'; '.join(gaps)}{again}"]


def _unanswered(results: Results, manager: PluginManager) -> list[str]:
    """Say which examples have no answer, and what to do; nothing where all have."""
    # Under several views a run is there several times: its examples are counted once.
    worst: dict[str, RunScores] = {}
    for run in results.runs:
        before = worst.setdefault(run.run, run)
        if run.failed + run.not_asked > before.failed + before.not_asked:
            worst[run.run] = run
    failed = sum(map(_failed, worst.values()))
    unasked = sum(run.not_asked for run in worst.values())
    if not failed + unasked:
        return []
    reasons = []
    if unasked:
        budget = any(run.totals.get("stopped_by_budget") for run in worst.values())
        why = "as --max-cost was reached: raise it" if budget else "as the run ended early"
        reasons.append(f"{unasked:,} were not asked, {why}")
    lacking = [run for run in worst.values() if _failed(run) or run.not_asked]
    if failed:
        first = next(run for run in lacking if _failed(run))
        reasons.append(f"{failed:,} failed: imhi show {first.run} --failed")
    advice = "give the same 'imhi run' again to ask them"
    if all(_had_its_answers(run, manager) for run in lacking):
        advice = "add their answers to what was imported, and import it again"
    lost = failed + unasked
    what = (
        "1 example has no answer and counts"
        if lost == 1
        else f"{lost:,} examples have no answer and count"
    )
    return [f"{what} as wrong ({'; '.join(reasons)}); {advice}"]


def _failed(run: RunScores) -> int:
    """Return how many requests about the scored examples failed; those whose answer is there, but
    not its label yet, are told as gaps."""
    return min(run.failed, run.totals["failed"] or 0) if run.totals else run.failed


def _had_its_answers(run: RunScores, manager: PluginManager) -> bool:
    """Say whether nobody was asked, since the run's model had its answers already."""
    scheme = str(RunFolder(Path(run.run)).manifest().model_identity.get("scheme"))
    family = manager.registry.families.things.get(scheme)
    return family is not None and family.stored


def show_scores(
    results: Results,
    manager: PluginManager,
    format_name: str,
    show_all: bool = False,
    asked: Sequence[str] = (),
) -> None:
    """Print scores through a reporter; those of the metrics ``asked`` for come first.

    Raises:
        UnknownName: there is no reporter of that name.
    """
    reporter = manager.registry.reporters.get(format_name)
    names = {name.partition(":")[0].lower() for name in asked}
    made_by = [m.name for m in manager.registry.metrics if {m.name.lower(), m.group} & names]
    runs = results.runs
    if show_all:
        runs = [
            dataclasses.replace(run, scores=[{**row, "headline": True} for row in run.scores])
            for run in runs
        ]
    render(resolve(reporter.render), runs, ReportOptions(tuple(made_by), show_all))


def render(
    reporter: Callable[..., None], runs: Sequence[RunScores], options: ReportOptions
) -> None:
    """Have a reporter print scores; it gets the options if it has an argument called so."""
    write = out().print
    if "options" in inspect.signature(reporter).parameters:
        reporter(runs, write, options=options)
    else:
        reporter(runs, write)

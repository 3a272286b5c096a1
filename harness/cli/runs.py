"""The commands about runs: ``run``, ``runs``, ``show``, ``label``, ``score``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.cli import options
from harness.cli.console import out, plain, print_json, say
from harness.declarations import resolve
from harness.errors import HarnessError, RunIncomplete
from harness.plugin_manager import PluginManager
from harness.results import Results, RunScores
from harness.run_store import find_run, list_runs
from harness.settings import RunSettings, read_run_file


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("run")(run)
    app.command("runs")(runs)
    app.command("show")(show)
    app.command("label")(label)
    app.command("score")(score)


def run(
    context: typer.Context,
    run_file: Annotated[
        Path | None,
        typer.Argument(metavar="[RUN.yaml]", help="A file with any of these options by name."),
    ] = None,
    model: Annotated[
        options.Texts,
        typer.Option(
            "--model", "-m", metavar="NAME", help="A model (see: imhi models); repeatable."
        ),
    ] = None,
    source: options.Source = None,
    split: options.Split = None,
    dataset: options.DatasetNames = None,
    task: options.TaskNames = None,
    prompt: options.Prompt = None,
    labeler: options.LabelerName = None,
    metric: options.MetricNames = None,
    limit: options.Limit = None,
    seed: options.Seed = None,
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="Where run folders go (default runs)."),
    ] = None,
    shots: options.Shots = None,
    max_new_tokens: options.MaxNewTokens = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    stop: options.Stop = None,
    chat_template: options.ChatTemplate = None,
    system: options.System = None,
    repair_mojibake: options.RepairMojibake = None,
    max_cost: Annotated[
        float | None, typer.Option(metavar="USD", help="Stop before this is exceeded.")
    ] = None,
    resamples: options.Resamples = None,
    executor: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where work runs (default local).")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be asked, and its cost.")
    ] = False,
    format_name: options.Format = "table",
    as_json: options.AsJson = False,
    show_all: options.All = False,
) -> None:
    """Ask models about posts and score their answers. Run again to go on where it stopped."""
    given: dict[str, Any] = {
        "model": model, "source": source, "split": split, "dataset": dataset, "task": task,
        "prompt": prompt, "labeler": labeler, "metric": metric, "limit": limit, "seed": seed,
        "out": out_folder, "shots": shots, "max_new_tokens": max_new_tokens,
        "temperature": temperature, "top_p": top_p, "stop": stop, "chat_template": chat_template,
        "system": system, "repair_mojibake": repair_mojibake, "max_cost": max_cost,
        "resamples": resamples, "executor": executor,
    }  # fmt: skip
    settings = merge_settings(given, run_file)
    manager: PluginManager = context.obj
    if dry_run:
        _dry_run(settings, manager, as_json)
        return
    from harness.stages.pipeline import check_names
    from harness.stages.pipeline import run as run_stages

    check_names(settings, manager.registry)
    manager.registry.reporters.get(format_name)
    progress = _progress(manager)
    results = []
    try:
        for name in settings.model:
            results.append(run_stages(settings, name, manager))
    except HarnessError:
        if progress.started:
            _say_what_is_safe(settings)
        raise
    finally:
        progress.close()
        manager.forget(progress)
    finish(Results(results), manager, format_name, as_json, show_all)


def merge_settings(given: dict[str, Any], run_file: Path | None = None) -> RunSettings:
    """Return settings: the command line over the run file over the defaults."""
    from_file = read_run_file(run_file) if run_file else {}
    flags = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None and value != []
    }
    return RunSettings(**{**from_file, **flags})


def _progress(manager: PluginManager) -> Any:
    from harness.cli.progress import ProgressBar

    progress = ProgressBar()
    manager.observe(progress, "progress-bar")
    return progress


def _say_what_is_safe(settings: RunSettings) -> None:
    """Point to the way on when a run ends early."""
    command = shlex.join(["imhi", *sys.argv[1:]])
    say(f"answers so far are safe under {settings.out}; to go on: {command}")


def finish(
    results: Results, manager: PluginManager, format_name: str, as_json: bool, show_all: bool
) -> None:
    """Show scores, say where they lie and what to do next; leave with 1 if answers are missing."""
    if as_json:
        print_json(results.to_json())
    else:
        show_scores(results, manager, format_name, show_all)
    for scores in results.runs:
        say(f"run folder: {scores.run}")
    for problem in manager.problems:
        if problem.stage == "observe":
            say(f"an observer failed and was passed over: {problem}", "yellow")
    missing = {s.run: sum(c["failed"] for c in s.labelling.values()) for s in results.runs}
    if any(missing.values()):
        worst = next(run for run, count in missing.items() if count)
        unasked = sum(s.totals.get("unanswered") or 0 for s in results.runs)
        raise RunIncomplete(
            f"{sum(missing.values())} examples have no answer and count as wrong (of these {unasked} "
            f"were not asked: a budget that is spent needs a higher --max-cost; reasons of the "
            f"others: imhi show {worst} --failed); run the same command again to ask them"
        )


def show_scores(
    results: Results, manager: PluginManager, format_name: str, show_all: bool = False
) -> None:
    """Print scores through a reporter."""
    reporter = manager.registry.reporters.get(format_name)
    runs = list(results.runs)
    if show_all:
        runs = [
            RunScores(
                **{
                    **s.to_json(),
                    "scores": [{**row, "headline": True} for row in s.scores],
                    "settings": {**s.settings, "all": True},
                }
            )
            for s in runs
        ]
    console = out()
    resolve(reporter.render)(runs, console.print)


def _dry_run(settings: RunSettings, manager: PluginManager, as_json: bool) -> None:
    from harness.stages.prepare import preview

    previews = [preview(settings, model, manager.registry) for model in settings.model]
    if as_json:
        print_json({"dry_run": previews})
        return
    from rich.table import Table

    console = out()
    for found in previews:
        table = Table(
            title=plain(f"{found['model']}, prompt style {found['prompt']}"), title_justify="left"
        )
        table.add_column("dataset")
        for column in ("requests", "prompt tokens", "answer tokens, at most", "cost, at most"):
            table.add_column(column, justify="right")
        rows = found["datasets"]
        costs = [row["cost"] for row in rows]
        for row in rows:
            table.add_row(
                row["dataset"],
                f"{row['requests']:,}",
                f"{row['prompt_tokens']:,}",
                f"{row['completion_tokens']:,}",
                _dollars(row["cost"]),
            )
        total = None if None in costs else sum(costs)
        table.add_row(
            "all",
            *(
                f"{sum(r[k] for r in rows):,}"
                for k in ("requests", "prompt_tokens", "completion_tokens")
            ),
            _dollars(total),
            style="bold",
        )
        console.print(table)
        for note in sorted({row["note"] for row in rows if row["note"]}):
            console.print(f"({note})", markup=False)
        console.print(f"\nthe first prompt, {rows[0]['dataset']}:\n", markup=False)
        console.print(plain(rows[0]["first_prompt"]), markup=False)
        console.print()


def _dollars(cost: float | None) -> str:
    return "-" if cost is None else f"${cost:,.2f}"


def runs(
    context: typer.Context, folder: options.Out = Path("runs"), as_json: options.AsJson = False
) -> None:
    """List the runs there are."""
    rows = []
    for found in list_runs(folder):
        try:
            manifest = found.manifest()
        except HarnessError as error:  # one strange folder must not hide the others
            say(f"passed over: {error}", "yellow")
            continue
        rows.append(
            {
                "run": found.id,
                "created": manifest["created"],
                "model": manifest["model"],
                "source": manifest["source"],
                "split": manifest["split"],
                "datasets": len(manifest["datasets"]),
                "status": manifest["status"],
                "labelers": found.labelers(),
                **{
                    k: manifest["totals"].get(k)
                    for k in ("answered", "failed", "unanswered", "cost")
                },
            }
        )
    if as_json:
        print_json({"runs": rows})
        return
    if not rows:
        say(f"no runs under {folder}; make one with: imhi run")
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("created", "status", "answered", "failed"):
        table.add_column(column, no_wrap=True)
    table.add_column("run", overflow="fold")
    for row in rows:
        table.add_row(
            row["created"][:16].replace("T", " "),
            row["status"],
            str(row["answered"] or 0),
            str(row["failed"] or 0),
            plain(row["run"]),
        )
    out().print(table)


def show(
    context: typer.Context,
    name: options.RunName,
    labeler: options.LabelerName = None,
    folder: options.Out = Path("runs"),
    format_name: options.Format = "table",
    unparsed: Annotated[
        bool, typer.Option("--unparsed", help="List answers without a label.")
    ] = False,
    failed: Annotated[
        bool, typer.Option("--failed", help="List examples without an answer.")
    ] = False,
    as_json: options.AsJson = False,
    show_all: options.All = False,
) -> None:
    """Show the scores of a run, or the answers that could not be read."""
    found = find_run(name, folder)
    manifest = found.manifest()
    if failed:
        rows = [
            {"dataset": d, "id": r.id, "error": r.error, "attempts": r.attempts}
            for d in manifest["datasets"]
            for r in found.failed(d).values()
        ]
        _list_rows(rows, as_json, "failed", "no failed examples")
        return
    labelers = found.labelers()
    if labeler is None:
        if not labelers:
            raise HarnessError(
                f"{found.path}: not scored yet; make scores with: imhi score {found.path}"
            )
        labeler = "hybrid" if "hybrid" in labelers else labelers[0]
    if unparsed:
        rows = []
        for dataset in manifest["datasets"]:
            lost = {p.id for p in found.predictions(labeler, dataset) if p.status == "unparsed"}
            rows += [
                {"dataset": dataset, "id": r.id, "text": r.text}
                for r in found.responses(dataset)
                if r.id in lost
            ]
        _list_rows(rows, as_json, "unparsed", f"labeler {labeler} found a label in every answer")
        return
    scores = RunScores.from_json(found.scores(labeler), str(found.path))
    results = Results([scores])
    if as_json:
        print_json({**results.to_json(), "manifest": manifest})
        return
    show_scores(results, context.obj, format_name, show_all)
    others = [other for other in labelers if other != labeler]
    if others:
        say(f"also scored with: {', '.join(others)} (--labeler NAME)")


def _list_rows(rows: list[dict[str, Any]], as_json: bool, key: str, nothing: str) -> None:
    if as_json:
        print_json({key: rows})
        return
    if not rows:
        say(nothing)
    console = out()
    for row in rows:
        head, *rest = row.values()
        text = " ".join(str(part) for part in rest[1:])
        console.print(plain(f"{head}/{rest[0]}: {' '.join(text.split())[:400]}"), markup=False)


def _again(
    context: typer.Context,
    name: str,
    settings: dict[str, Any],
    folder: Path,
    source: str | None,
    again: str,
    format_name: str,
    as_json: bool,
    show_all: bool,
) -> None:
    from harness.stages import pipeline

    found = find_run(name, folder)
    work = getattr(pipeline, again)
    results = Results([work(found, context.obj, merge_settings(settings), source or "")])
    finish(results, context.obj, format_name, as_json, show_all)


def label(
    context: typer.Context,
    name: options.RunName,
    labeler: options.LabelerName = None,
    metric: options.MetricNames = None,
    source: options.Source = None,
    folder: options.Out = Path("runs"),
    resamples: options.Resamples = None,
    seed: options.Seed = None,
    format_name: options.Format = "table",
    as_json: options.AsJson = False,
    show_all: options.All = False,
) -> None:
    """Read the labels of a run again, with this labeler, and score them. Asks no model."""
    settings = {"labeler": labeler, "metric": metric, "resamples": resamples, "seed": seed}
    _again(context, name, settings, folder, source, "relabel", format_name, as_json, show_all)


def score(
    context: typer.Context,
    name: options.RunName,
    labeler: options.LabelerName = None,
    metric: options.MetricNames = None,
    source: options.Source = None,
    folder: options.Out = Path("runs"),
    resamples: options.Resamples = None,
    seed: options.Seed = None,
    format_name: options.Format = "table",
    as_json: options.AsJson = False,
    show_all: options.All = False,
) -> None:
    """Score a run again, with these metrics. Asks no model."""
    settings = {"labeler": labeler, "metric": metric, "resamples": resamples, "seed": seed}
    _again(context, name, settings, folder, source, "rescore", format_name, as_json, show_all)

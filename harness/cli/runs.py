"""The commands about runs that are there: ``runs`` lists them, ``show`` shows one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from harness.cli import options
from harness.cli.console import out, plain, print_json, say
from harness.cli.scores import show_scores
from harness.errors import HarnessError
from harness.results import Results, RunScores
from harness.run_store import RunFolder, find_run, list_runs


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
                "examples": sum(manifest["datasets"].values()),
                "status": manifest["status"],
                "labelers": found.labelers(),
                "weighted_f1": _headline(found),
                # Counted, not taken from the totals: a killed run had no time to write them.
                "answered": sum(len(found.answered(name)) for name in manifest["datasets"]),
                **{k: manifest["totals"].get(k) for k in ("failed", "unanswered", "cost")},
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
    for column in ("created", "status", "answered", "failed", "F1"):
        table.add_column(column, no_wrap=True)
    table.add_column("run", overflow="fold")
    for row in rows:
        table.add_row(
            row["created"][:16].replace("T", " "),
            row["status"],
            f"{row['answered']}/{row['examples']}",
            str(row["failed"] or 0),
            "-" if row["weighted_f1"] is None else f"{row['weighted_f1']:.1f}",
            plain(row["run"]),
        )
    out().print(table)


def _headline(run: RunFolder) -> float | None:
    """Return a run's weighted F1 (mean over datasets) by its default labeler, if it was scored."""
    labelers = run.labelers()
    if not labelers:
        return None
    scores = run.scores("hybrid" if "hybrid" in labelers else labelers[0])
    rows = [r for r in scores["averages"] if r["metric"] == "weighted_f1"] or [
        r for r in scores["scores"] if r["metric"] == "weighted_f1"
    ]
    value: float | None = rows[0]["value"] if rows else None
    return value


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

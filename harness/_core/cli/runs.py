"""The commands about runs that are there: ``runs`` lists them, ``show`` shows one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from imhi._core.answered import why_unanswered
from imhi._core.cli import options
from imhi._core.cli.console import print_json, print_lines, say
from imhi._core.cli.found_runs import found_runs
from imhi._core.cli.sample_lists import sample_rows
from imhi._core.cli.scores import show_scores
from imhi._core.errors import HarnessError
from imhi._core.registry import Registry
from imhi._core.results import Results, RunScores
from imhi._core.run_store import RunFolder, list_runs
from imhi._core.run_store.columns import answers_by_id
from imhi._core.tables import figures
from imhi._core.tables.table import Table
from imhi._core.tables.terminal import show_table
from imhi._core.views import OpenView

_FICTIONAL = "*"  # after a figure of demo posts


def runs(
    context: typer.Context, folder: options.Out = Path("runs"), as_json: options.AsJson = False
) -> None:
    """List the runs there are."""
    rows: list[dict[str, Any]] = []
    for run in list_runs(folder):
        try:
            manifest = run.manifest()
        except HarnessError as error:  # one strange folder must not hide the others
            say(f"passed over: {error}", "yellow")
            continue
        # Counted, not taken from the totals: a killed run had no time to write them.
        requests = sum(manifest.requests.values())
        answered = sum(len(run.answered(name)) for name in manifest.datasets)
        failed = sum(len(run.failed(name)) for name in manifest.datasets)
        rows.append(
            {
                "run": run.id,
                "created": manifest.created,
                "model": manifest.model,
                "source": manifest.source,
                "synthetic": manifest.synthetic,
                "split": manifest.split,
                "datasets": len(manifest.datasets),
                "examples": sum(manifest.datasets.values()),
                "requests": requests,
                "status": manifest.status,
                "labelers": run.labelers(),
                "weighted_f1": _headline(run),
                "answered": answered,
                "failed": failed,
                "not_asked": requests - answered - failed,
                "cost": manifest.totals.cost if manifest.totals else None,
            }
        )
    if as_json:
        print_json({"runs": rows})
        return
    if not rows:
        say(f"no runs under {folder}; make one with: imhi run")
        return
    shown = [
        (
            row["created"][:16].replace("T", " "),
            row["status"],
            f"{row['answered']}/{row['requests']}",
            row["failed"],
            figures.interval(row["weighted_f1"], None, None)
            + (_FICTIONAL if row["synthetic"] and row["weighted_f1"] is not None else ""),
            row["datasets"],
            row["run"],
        )
        for row in rows
    ]
    marked = any(_FICTIONAL in row[4] for row in shown)
    heads = Table.whole_texts("created", "status", "answered", "failed", "mean F1", "of")
    notes = [
        "mean F1: weighted F1, over all the datasets of the run, of which there are so many (of)",
        *([f"{_FICTIONAL} {figures.SYNTHETIC}"] if marked else []),
        figures.NOTICE,
    ]
    show_table(Table("", [*heads, *Table.texts("run")], shown, notes))


def _headline(run: RunFolder) -> float | None:
    """Return a run's weighted F1 (mean over its datasets) by its default labeler, if it was scored and
    every dataset has one."""
    labelers = run.labelers()
    if not labelers:
        return None
    scores = run.scores("hybrid" if "hybrid" in labelers else labelers[0])
    rows = [
        row
        for row in scores["averages"]
        if (row["metric"], row["over"]) == ("weighted_f1", "datasets")
    ]
    value: float | None = rows[0]["value"] if rows else None
    return value


def show(
    context: typer.Context,
    names: options.RunNames,
    labeler: options.LabelerName = None,
    view: options.ShownViews = None,
    folder: options.Out = Path("runs"),
    format_name: options.Format = "table",
    unparsed: Annotated[
        bool, typer.Option("--unparsed", help="List answers without a label.")
    ] = False,
    failed: Annotated[
        bool, typer.Option("--failed", help="List examples whose request failed.")
    ] = False,
    thoughts: Annotated[
        bool, typer.Option("--thoughts", help="List thoughts, each with its answer.")
    ] = False,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="List how likely each label is held.")
    ] = False,
    samples: Annotated[
        bool, typer.Option("--samples", help="List how the samples of each example voted.")
    ] = False,
    as_json: options.AsJson = False,
    show_all: options.All = False,
) -> None:
    """Show the scores of runs beside each other, or the answers that could not be read."""
    folders = found_runs(names, folder)
    manifests = [run.manifest() for run in folders]
    if failed:
        rows = [row for run in folders for row in _failed(run)]
        _list_rows(rows, as_json, "failed", "no failed examples")
        return
    registry = context.obj.registry
    if thoughts:
        rows = [row for run in folders for row in _thoughts(run, registry)]
        _list_rows(rows, as_json, "thoughts", "no answer with a thought")
        return
    if probabilities:
        rows = [row for run in folders for row in _probabilities(run)]
        nothing = "no answer has probabilities; ask for them with: imhi run --answer likelihood"
        _list_rows(rows, as_json, "probabilities", nothing)
        return
    read_by = [labeler or _default_labeler(run) for run in folders]
    if samples:
        rows = [
            row
            for run, name in zip(folders, read_by, strict=True)
            for row in sample_rows(run, name, registry)
        ]
        nothing = "one answer for each example; ask for several with: imhi run --samples N"
        _list_rows(rows, as_json, "samples", nothing)
        return
    if unparsed:
        for run, name in zip(folders, read_by, strict=True):
            _check_labelled(run, name)
        rows = [
            row
            for run, name in zip(folders, read_by, strict=True)
            for row in _unparsed(run, name, registry)
        ]
        nothing = f"labeler {', '.join(dict.fromkeys(read_by))} found a label in every answer"
        _list_rows(rows, as_json, "unparsed", nothing)
        if rows and not as_json:
            reasons = Counter(row["why"] or "no label found" for row in rows).most_common()
            inferred = sum("inferred" in row for row in rows)
            counted = ", ".join(f"{count:,} {why}" for why, count in reasons)
            say(
                f"answers without a label: {len(rows):,} ({counted}); one is inferred for {inferred:,}"
            )
        return
    results = Results(
        [
            RunScores.from_json(run.scores(name, one), str(run.path))
            for run, name in zip(folders, read_by, strict=True)
            for one in ["" if v == OpenView.RELEASED else v for v in view or [OpenView.RELEASED]]
        ]
    )
    if as_json:
        objects = [manifest.to_json() for manifest in manifests]
        shown = {"manifest": objects[0]} if len(folders) == 1 else {"manifests": objects}
        print_json({**results.to_json(), **shown})
        return
    show_scores(results, context.obj, format_name, show_all)
    for run, name in zip(folders, read_by, strict=True):
        others = [other for other in run.labelers() if other != name]
        if others:
            say(f"{run.id}: also scored with: {', '.join(others)} (--labeler NAME)")
        views = [other for other in run.views(name) if other not in (view or ())]
        if views:
            say(f"{run.id}: also scored under: {', '.join(views)} (--view NAME)")


def _default_labeler(run: RunFolder) -> str:
    labelers = run.labelers()
    if not labelers and run.manifest().status == "prepared":
        raise HarnessError(
            f"{run.path}: there are no answers yet, expected some; give the 'imhi run' that began it again"
        )
    if not labelers:
        raise HarnessError(f"{run.path}: not scored yet; make scores with: imhi score {run.path}")
    return "hybrid" if "hybrid" in labelers else labelers[0]


def _check_labelled(run: RunFolder, labeler: str) -> None:
    """Raise HarnessError if the labeler has not read the run's answers."""
    if not run.labeler_file(labeler).exists():
        raise HarnessError(
            f"{run.path}: labeler '{labeler}' has not read it; read the labels with: "
            f"imhi label {run.path} --labeler {labeler}"
        )


def _failed(run: RunFolder) -> list[dict[str, Any]]:
    return [
        {"dataset": dataset, "id": r.id, "error": r.error, "attempts": r.attempts, "run": run.id}
        for dataset in run.datasets()
        for r in run.failed(dataset).values()
    ]


def _probabilities(run: RunFolder) -> list[dict[str, Any]]:
    rows = []
    for dataset in run.datasets():
        for r in run.responses(dataset):
            if r.probabilities:
                ordered = sorted(r.probabilities.items(), key=lambda pair: -pair[1])
                row = {
                    "dataset": dataset,
                    "id": r.id,
                    "label": r.label,
                    "probabilities": dict(ordered),
                    "log_likelihoods": r.log_likelihoods,
                    "normalised": r.normalised,
                    "text": ", ".join(f"{label} {value:.3f}" for label, value in ordered),
                    "run": run.id,
                }
                rows.append({name: value for name, value in row.items() if value is not None})
    return rows


def _unparsed(run: RunFolder, labeler: str, registry: Registry) -> list[dict[str, Any]]:
    rows = []
    for dataset in run.datasets():
        answers = answers_by_id(run, dataset, registry)
        for p in run.predictions(labeler, dataset):
            if p.status == "unparsed" and (r := answers.get(p.id)):
                row = {"dataset": dataset, "id": r.id, "text": r.text, "run": run.id, "why": p.why}
                if p.inferred:
                    row |= {"inferred": p.inferred}
                rows.append(row if r.text.strip() else {**row, "thought": r.thought})
    return rows


def _thoughts(run: RunFolder, registry: Registry) -> list[dict[str, Any]]:
    return [
        {
            "dataset": dataset,
            "id": r.id,
            "thought": r.thought,
            "thought_tokens": r.thought_tokens,
            "text": r.text,
            "why": why_unanswered(r),
            "run": run.id,
        }
        for dataset in run.datasets()
        for r in answers_by_id(run, dataset, registry).values()
        if r.thought
    ]


def _list_rows(rows: list[dict[str, Any]], as_json: bool, key: str, nothing: str) -> None:
    if as_json:
        print_json({key: rows})
        return
    if not rows:
        say(nothing)
    several = len({row["run"] for row in rows}) > 1
    print_lines(
        f"{row['run'] + ': ' if several else ''}{row['dataset']}/{row['id']}: {' '.join(_said(row))}"
        for row in rows
    )


def _said(row: dict[str, Any]) -> Iterator[str]:
    """Yield what a listed answer came to; thoughts, and why there is no answer, are marked."""
    if row.get("why"):
        yield f"[{row['why']}{'; inferred: ' + row['inferred'] if row.get('inferred') else ''}]"
    if row.get("thought"):
        tokens = row.get("thought_tokens")
        yield f"[thought{f', {tokens:,} tokens' if tokens else ''}] {_beginning(row['thought'])}"
    if row.get("error") or row.get("text"):
        yield ("[answer] " if row.get("thought") else "") + _beginning(
            row.get("text") or row["error"]
        )


def _beginning(text: str) -> str:
    return " ".join(str(text).split())[:400]

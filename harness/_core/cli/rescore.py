"""The commands ``label`` and ``score``: the later stages once more, on runs that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from imhi._core.cli import options
from imhi._core.cli.found_runs import found_runs
from imhi._core.cli.options import merge_settings
from imhi._core.cli.scores import finish
from imhi._core.results import Results


def label(
    context: typer.Context,
    names: options.RunNames,
    labeler: options.LabelerName = None,
    metric: options.MetricNames = None,
    source: options.Source = None,
    folder: options.Out = Path("runs"),
    max_cost: Annotated[
        float | None, typer.Option(metavar="USD", help="Ask a judge until this is reached.")
    ] = None,
    resamples: options.Resamples = None,
    seed: options.Seed = None,
    format_name: options.Format = "table",
    as_json: options.AsJson = False,
    show_all: options.All = False,
) -> None:
    """Read the labels of runs again, with this labeler, and score them.

    Asks no model but the one of --labeler judge:MODEL; what it said is kept in the run folder.
    """
    from imhi._core.cli.progress import shown
    from imhi._core.plan import plan_scoring
    from imhi._core.stages.rescore import relabel

    given: dict[str, Any] = {
        "labeler": labeler, "metric": metric, "resamples": resamples, "max_cost": max_cost
    }  # fmt: skip
    settings = merge_settings(given)
    runs = found_runs(names, folder)
    plan = plan_scoring(settings, context.obj.registry)
    with shown(context.obj):
        scores = relabel(runs, context.obj, plan, source or "")
    finish(Results(scores), context.obj, format_name, as_json, show_all, "imhi label", metric or ())


def score(
    context: typer.Context,
    names: options.RunNames,
    metric: options.MetricNames = None,
    judge: options.Judges = None,
    labeler: options.LabelerName = None,
    source: options.Source = None,
    folder: options.Out = Path("runs"),
    max_cost: Annotated[
        float | None, typer.Option(metavar="USD", help="Ask judges until this is reached.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what judges would be asked, and its cost.")
    ] = False,
    resamples: options.Resamples = None,
    seed: options.Seed = None,
    view: options.ViewNames = None,
    gold: options.Gold = None,
    exclude: options.Exclude = None,
    audit: options.Audit = Path("audit"),
    format_name: options.Format = "table",
    as_json: options.AsJson = False,
    show_all: options.All = False,
) -> None:
    """Score runs again, with these metrics. Asks no model but the judges you name.

    What a metric computes is kept in the run folder: stopped, it goes on where it was. Views (other
    gold labels, fewer rows) read what 'imhi audit' found; several stand beside each other.
    """
    from imhi._core.cli.progress import shown
    from imhi._core.plan import plan_scoring
    from imhi._core.stages.rescore import estimate_scoring, rescore
    from imhi._core.views import open_views

    given: dict[str, Any] = {
        "labeler": labeler, "metric": metric, "judge": judge, "resamples": resamples,
        "max_cost": max_cost,
    }  # fmt: skip
    settings = merge_settings(given)
    runs = found_runs(names, folder)
    if dry_run:
        from imhi._core.cli.dry_run import show_scoring

        plan = plan_scoring(settings, context.obj.registry)
        show_scoring(estimate_scoring(runs, context.obj, plan, source or ""), as_json)
        return
    context.obj.registry.reporters.get(format_name)
    views = open_views(context.obj.registry, audit, view or (), gold or "", exclude or ())
    plan = plan_scoring(settings, context.obj.registry, views)
    with shown(context.obj):
        scores = rescore(runs, context.obj, plan, source or "")
    finish(Results(scores), context.obj, format_name, as_json, show_all, "imhi score", metric or ())

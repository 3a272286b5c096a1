"""The commands ``label`` and ``score``: the later stages once more, on a run that is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from harness.cli import options
from harness.cli.options import merge_settings
from harness.cli.scores import finish
from harness.results import Results
from harness.run_store import find_run


def _command(stage: str, summary: str) -> Callable[..., None]:
    """Return a command that does a stage of :mod:`harness.stages.pipeline` again."""

    def command(
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
        from harness.stages import pipeline

        found = find_run(name, folder)
        drawn = found.manifest()["seed"] if seed is None else seed
        given = {"labeler": labeler, "metric": metric, "resamples": resamples, "seed": drawn}
        again = {"label": pipeline.relabel, "score": pipeline.rescore}[stage]
        scores = again(found, context.obj, merge_settings(given), source or "")
        finish(Results([scores]), context.obj, format_name, as_json, show_all)

    command.__doc__ = summary
    return command


label = _command(
    "label", "Read the labels of a run again, with this labeler, and score them. Asks no model."
)
score = _command("score", "Score a run again, with these metrics. Asks no model.")

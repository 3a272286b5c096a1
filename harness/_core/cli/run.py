"""The command ``imhi run``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from imhi._core.cli import options
from imhi._core.cli.console import say
from imhi._core.cli.options import asked_settings, merge_settings
from imhi._core.cli.scores import finish
from imhi._core.errors import HarnessError
from imhi._core.plugin_manager import PluginManager
from imhi._core.results import Results
from imhi._core.settings import RunSettings


def run(
    context: typer.Context,
    run_file: Annotated[
        Path | None,
        typer.Argument(metavar="[RUN.yaml]", help="A YAML file of run settings, by name."),
    ] = None,
    model: options.Models = None,
    source: options.Source = None,
    split: options.Split = None,
    dataset: options.DatasetNames = None,
    task: options.TaskNames = None,
    prompt: options.Prompt = None,
    labeler: options.LabelerName = None,
    metric: options.MetricNames = None,
    judge: options.Judges = None,
    limit: options.Limit = None,
    seed: options.Seed = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="Where run folders go (default runs)."),
    ] = None,
    shots: options.Shots = None,
    max_new_tokens: options.MaxNewTokens = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    samples: options.Samples = None,
    stop: options.Stop = None,
    chat_template: options.ChatTemplate = None,
    system: options.System = None,
    answer: options.Answer = None,
    repair_mojibake: options.RepairMojibake = None,
    max_cost: Annotated[
        float | None, typer.Option(metavar="USD", help="Stop a model before this is exceeded.")
    ] = None,
    repeat_check: options.RepeatCheck = None,
    resamples: options.Resamples = None,
    view: options.ViewNames = None,
    gold: options.Gold = None,
    exclude: options.Exclude = None,
    audit: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where 'imhi audit' left its verdicts."),
    ] = None,
    executor: options.Executor = None,
    cache: options.Cache = None,
    observer: options.Observers = None,
    energy: options.EnergyOf = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be asked, and its cost.")
    ] = False,
    format_name: options.Format = "table",
    as_json: options.AsJson = False,
    show_all: options.All = False,
) -> None:
    """Ask models about posts and score their answers. Run again to go on where it stopped."""
    settings = merge_settings(asked_settings(context), run_file)
    manager: PluginManager = context.obj
    if dry_run:
        from imhi._core.cli.dry_run import show_dry_run

        show_dry_run(settings, manager, as_json)
        return
    from imhi._core.cli.progress import shown
    from imhi._core.stages.pipeline import run as run_stages

    manager.registry.reporters.get(format_name)
    with shown(manager) as progress:
        try:
            results = run_stages(settings, manager)
        except HarnessError:
            if progress.answers:
                _say_what_is_safe(settings)
            raise
    finish(Results(results), manager, format_name, as_json, show_all, "imhi run", settings.metric)


def _say_what_is_safe(settings: RunSettings) -> None:
    """Point to the way on when a run ends early."""
    command = shlex.join(["imhi", *sys.argv[1:]])
    say(f"answers so far are safe under {settings.out}; to go on: {command}")

"""The command line of ``imhi export lm-eval``; its options have the names of ``imhi run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imhi.io import options, say


def export_lm_eval(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the task definitions and data go.")
    ],
    source: options.Source = None,
    split: options.Split = None,
    dataset: options.DatasetNames = None,
    task: options.TaskNames = None,
    prompt: options.Prompt = None,
    limit: options.Limit = None,
    seed: options.Seed = None,
    shots: options.Shots = None,
    max_new_tokens: options.MaxNewTokens = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    stop: options.Stop = None,
    chat_template: options.ChatTemplate = None,
    system: options.System = None,
    repair_mojibake: options.RepairMojibake = None,
) -> None:
    """Write task definitions that lm_eval runs with the answers and scores of imhi run.

    The folder contains posts: do not share it.
    """
    from imhi.plugins.exporters.lm_eval_export.writing import write_export

    settings = options.merge_settings(options.asked_settings(context))
    written = write_export(directory, settings, context.obj.registry)
    total = sum(written.rows.values())
    say(f"{directory} holds {total} examples of {', '.join(written.rows)}; run them with")
    for line in written.commands:
        print(line)
    say(f"{directory} contains posts: it is readable by you only; do not share it", "yellow")

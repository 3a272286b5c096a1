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

    given: dict[str, object] = {
        "source": source, "split": split, "dataset": dataset, "task": task, "prompt": prompt,
        "limit": limit, "seed": seed, "shots": shots, "max_new_tokens": max_new_tokens,
        "temperature": temperature, "top_p": top_p, "stop": stop, "chat_template": chat_template,
        "system": system, "repair_mojibake": repair_mojibake,
    }  # fmt: skip
    settings = options.merge_settings(given)
    written = write_export(directory, settings, context.obj.registry)
    total = sum(written.rows.values())
    say(f"{directory} holds {total} examples of {', '.join(written.rows)}; run them with")
    for line in written.commands:
        print(line)
    say(f"{directory} contains posts: it is readable by you only; do not share it", "yellow")

"""The command line of ``imhi export lm-eval``; its options have the names of ``imhi run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from harness.cli import options
from harness.cli.console import say

# typer reads these at run time, on Python 3.10 too.
Text = Optional[str]  # noqa: UP045
Number = Optional[int]  # noqa: UP045
Real = Optional[float]  # noqa: UP045
Flag = Optional[bool]  # noqa: UP045


def export_lm_eval(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the task definitions and data go.")
    ],
    source: options.Source = None,
    split: options.Split = None,
    dataset: options.DatasetNames = None,
    task: options.TaskNames = None,
    prompt: Annotated[
        Text, typer.Option(metavar="STYLE", help="Prompt style (see: imhi prompts).")
    ] = None,
    limit: Annotated[
        Number, typer.Option(metavar="N", help="At most N examples per dataset.")
    ] = None,
    seed: options.Seed = None,
    shots: Annotated[
        Number, typer.Option(metavar="N", help="Examples shown by few-shot (default 3).")
    ] = None,
    max_new_tokens: Annotated[Number, typer.Option(metavar="N", help="Longest answer.")] = None,
    temperature: Annotated[
        Real, typer.Option(metavar="T", help="0 (default) is greedy.")
    ] = None,
    top_p: Annotated[Real, typer.Option(metavar="P", help="Nucleus sampling (default 1).")] = None,
    stop: Annotated[
        options.Texts, typer.Option(metavar="TEXT", help="Stop at this text; repeatable.")
    ] = None,
    chat_template: Annotated[
        Text, typer.Option(metavar="auto|on|off", help="Whether lm_eval is to apply one.")
    ] = None,
    system: Annotated[Text, typer.Option(metavar="TEXT", help="System prompt.")] = None,
    repair_mojibake: Annotated[
        Flag,
        typer.Option("--repair-mojibake/--keep-mojibake", help="Repair wrongly decoded posts."),
    ] = None,
) -> None:
    """Write task definitions that lm_eval runs with the answers and scores of imhi run.

    The folder contains posts: do not share it.
    """
    from harness.settings import RunSettings
    from plugins.exporters.lm_eval_export.writing import write_export

    given: dict[str, Any] = {
        "source": source, "split": split, "dataset": dataset, "task": task, "prompt": prompt,
        "limit": limit, "seed": seed, "shots": shots, "max_new_tokens": max_new_tokens,
        "temperature": temperature, "top_p": top_p, "stop": stop, "chat_template": chat_template,
        "system": system, "repair_mojibake": repair_mojibake,
    }  # fmt: skip
    settings = RunSettings(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in given.items()
            if value is not None and value != []
        }
    )
    written = write_export(directory, settings, context.obj.registry)
    total = sum(written.rows.values())
    say(f"{len(written.rows)} tasks with {total} examples are in {directory}; run them with")
    for line in written.commands:
        print(line)
    say(f"{directory} contains posts: it is readable by you only; do not share it", "yellow")

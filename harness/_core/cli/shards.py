"""The commands ``shard`` and ``merge``: a run in parts, for clusters that know batch jobs only."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from imhi._core.cli import options
from imhi._core.cli.console import print_json, say
from imhi._core.cli.options import asked_settings, merge_settings
from imhi._core.cli.run import run
from imhi._core.cli.scores import finish
from imhi._core.errors import RunIncomplete
from imhi._core.results import Results
from imhi._core.run_store.shards import Shard
from imhi._core.stages.merge import Merged, find_shards, merge as merge_parts

# What shows scores, which a shard has none of, and what is of whole runs only.
_NOT_OF_SHARDS = frozenset({"dry_run", "format_name", "show_all", "repeat_check"})


def _with_options_of_run(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of ``imhi run``, behind its own."""
    hints = typing.get_type_hints(run, include_extras=True)
    own = typing.get_type_hints(command, include_extras=True)
    kept = [
        parameter.replace(annotation=own[parameter.name])
        for parameter in inspect.signature(command).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    names = {parameter.name for parameter in kept} | _NOT_OF_SHARDS
    taken = [
        parameter.replace(annotation=hints[name])
        for name, parameter in inspect.signature(run).parameters.items()
        if name not in names
    ]
    signature = inspect.Signature([*kept, *taken])
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()}
    return command


@_with_options_of_run
def shard(
    context: typer.Context,
    part: Annotated[str, typer.Argument(metavar="I/N", help="Which part, of how many: 1/8.")],
    run_file: Annotated[
        Path | None,
        typer.Argument(metavar="[RUN.yaml]", help="A YAML file of run settings, by name."),
    ] = None,
    as_json: options.AsJson = False,
    **asked: Any,
) -> None:
    """Ask models a part of a run, into a folder of its own; then 'imhi merge' makes the run.

    Takes the options of 'imhi run'. Nothing is scored. Of --max-cost each part spends its share.
    """
    from imhi._core.cli.progress import shown
    from imhi._core.stages.shard import answer_shard

    chosen = Shard.parse(part)
    settings = merge_settings(asked_settings(context), run_file)
    with shown(context.obj):
        done = answer_shard(settings, context.obj, chosen)
    if as_json:
        print_json(
            [
                {
                    "shard": str(chosen),
                    "run": str(one.folder.path),
                    "requests": one.requests,
                    "answered": one.answered,
                    "failed": one.failed,
                    "complete": one.complete,
                }
                for one in done
            ]
        )
    for one in done:
        say(f"shard {chosen}: {one.answered:,} of {one.requests:,} answered: {one.folder.path}")
    left = sum(one.requests - one.answered for one in done)
    if left:
        raise RunIncomplete(
            f"shard {chosen}: {left:,} requests have no answer; give the same 'imhi shard' again to ask "
            "them, or merge the run and ask them with 'imhi run'"
        )
    say(f"when all parts are there: imhi merge {settings.out / 'shards'} --out {settings.out}")


def merge(
    context: typer.Context,
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDER...", help="Shards, or a folder they lie in (runs/shards)."),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where run folders go.")
    ] = Path("runs"),
    metric: options.MetricNames = None,
    labeler: options.LabelerName = None,
    source: options.Source = None,
    resamples: options.Resamples = None,
    format_name: options.Format = "table",
    as_json: options.AsJson = False,
    show_all: options.All = False,
) -> None:
    """Put the parts that 'imhi shard' made together to one run; label and score it.

    What is missing is said, counts as not asked, and is asked by the same 'imhi run'.
    """
    from imhi._core.cli.progress import shown
    from imhi._core.plan import plan_scoring
    from imhi._core.stages.rescore import rescore

    given: dict[str, Any] = {"labeler": labeler, "metric": metric, "resamples": resamples}
    plan = plan_scoring(merge_settings(given), context.obj.registry)
    context.obj.registry.reporters.get(format_name)
    merged = [merge_parts(parts, out) for parts in find_shards(folders).values()]
    for one in merged:
        for line in _lacking(one):
            say(line, "yellow")
    with shown(context.obj):
        scores = rescore([one.folder for one in merged], context.obj, plan, source or "")
    finish(Results(scores), context.obj, format_name, as_json, show_all, "imhi merge", metric or ())


def _lacking(merged: Merged) -> list[str]:
    """Say in one line which parts, and with them which rows, are missing, and which are not done."""
    rows = merged.folder.manifest().requests
    lines = []
    if merged.missing:
        of = merged.missing[0].of
        listed = "; ".join(
            f"shard {shard} ({sum(map(shard.size, rows.values())):,} rows: of each dataset every {of}. "
            f"row from the {shard.number}. on)"
            for shard in merged.missing
        )
        lines.append(f"{merged.folder.path}: missing: {listed}")
    for shard, left in merged.behind:
        lines.append(f"{merged.folder.path}: shard {shard} has not asked {left:,} of its rows")
    return lines

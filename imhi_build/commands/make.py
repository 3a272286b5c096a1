"""The commands that make a build, and run all of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imhi.build.commands.options import Build, Executor, MaxCost, Overrides, opened
from imhi.io import options

if TYPE_CHECKING:
    from imhi import PluginManager


def new(
    context: typer.Context,
    build: Annotated[Path, typer.Argument(metavar="BUILD", help="The folder to make.")],
    raw: Annotated[
        list[str],
        typer.Option(
            "--raw",
            metavar="PRESET=PATH",
            help="A raw dataset: a preset or a YAML file, and its folder or file; repeatable.",
        ),
    ],
    model: Annotated[
        options.Text,
        typer.Option(
            "--model", "-m", metavar="NAME", help="The model that explains (chatgpt ...)."
        ),
    ] = None,
    given: Annotated[
        options.Text,
        typer.Option(metavar="SOURCE", help="A source that has explanations (official:PATH)."),
    ] = None,
    experts: Annotated[
        options.Text,
        typer.Option(metavar="SOURCE", help="A source with expert rows to show to the model."),
    ] = None,
    seed: options.Seed = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="At most N posts per split, for a try.")
    ] = None,
) -> None:
    """Make a build folder with a build.yaml, to be run or to be edited first."""
    from imhi.build.new import new_build
    from imhi.io import say

    manager: PluginManager = context.obj
    folder = new_build(
        build,
        raw,
        manager.registry,
        given=given,
        model=model,
        experts=experts,
        seed=seed or 0,
        limit=limit,
    )
    say(f"wrote {folder.config_file}; edit it, or run it: imhi build run {build}")


def run(
    context: typer.Context,
    build: Build,
    max_cost: MaxCost = None,
    executor: Executor = "local",
    override: Overrides = None,
) -> None:
    """Run every stage: read, explain, check, write. Run again to go on where it stopped.

    Leaves with 1 when rows were left out by mistake, have no explanation, or were not checked.
    """
    from imhi.build.commands import showing, stages, write
    from imhi.io import say

    folder, config = opened(context, build, override)
    manager: PluginManager = context.obj
    with folder.lock():
        read = stages.read_raw(folder, config, manager)
        showing.show_read(folder, read)
        explained = stages.explain_rows(
            folder, config, manager, max_cost=max_cost, executor=executor
        )
        showing.show_explain(folder, explained)
        checked = stages.check_rows(folder, config, manager, max_cost=max_cost, executor=executor)
        showing.show_checks(folder, checked)
        write.write_build(folder, config, manager)
    incomplete = bool(read.mistakes or explained.lacking or checked.incomplete)
    if incomplete:
        say(f"incomplete: run again to go on: imhi build run {build}", "yellow")
    raise typer.Exit(1 if incomplete else 0)

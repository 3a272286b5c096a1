"""The commands that run one stage of a build: ``read explain check``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from imhi.build.commands.options import Build, Executor, MaxCost, Model, Overrides, opened
from imhi.build.commands.showing import (
    say_next,
    show_checks,
    show_estimate,
    show_explain,
    show_read,
)
from imhi.io import options

if TYPE_CHECKING:
    from imhi import PluginManager
    from imhi.build.config import Config
    from imhi.build.explanations.joining import ExplainReport
    from imhi.build.folder import BuildFolder
    from imhi.build.stages.check import CheckedBuild
    from imhi.build.stages.explain import Explaining
    from imhi.build.stages.read import ReadReport


def read(
    context: typer.Context,
    build: Build,
    override: Overrides = None,
    as_json: options.AsJson = False,
) -> None:
    """Read the raw files: labels mapped, posts cleaned, what is left out listed.

    Leaves with 1 when rows were left out because something is wrong with them.
    """
    folder, config = opened(context, build, override)
    with folder.lock():
        report = read_raw(folder, config, context.obj)
    if as_json:
        from imhi.io import print_json

        print_json(
            {
                "datasets": {k: d.model_dump(mode="json") for k, d in report.datasets.items()},
                "mistakes": report.mistakes,
                "notes": report.notes,
            }
        )
    else:
        show_read(folder, report)
        say_next(folder, "explain")
    raise typer.Exit(1 if report.mistakes else 0)


def explain(
    context: typer.Context,
    build: Build,
    model: Model = None,
    given: Annotated[
        options.Text,
        typer.Option(metavar="SOURCE", help="Take explanations from a source that has them."),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Ask anew about rows that checks keep out, with other examples."
        ),
    ] = False,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Ask about at most N rows per dataset.")
    ] = None,
    max_cost: MaxCost = None,
    executor: Executor = "local",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be asked, its cost and time.")
    ] = False,
    override: Overrides = None,
    as_json: options.AsJson = False,
) -> None:
    """Explain every row: from a given source, or by asking a model. Run again to go on.

    Leaves with 1 when rows have no explanation yet.
    """
    changed = [
        *([f"explain.model={model}"] if model else []),
        *([f"explain.given={given}"] if given else []),
    ]
    folder, config = opened(context, build, [*(override or []), *changed], "explain")
    with folder.lock():
        if dry_run:
            show_estimate(prepare_asking(folder, config, context.obj, again), limit, as_json)
            return
        report = explain_rows(
            folder,
            config,
            context.obj,
            again=again,
            limit=limit,
            max_cost=max_cost,
            executor=executor,
        )
    if as_json:
        from dataclasses import asdict

        from imhi.io import print_json

        print_json(asdict(report))
    else:
        show_explain(folder, report)
        if not report.lacking:
            say_next(folder, "check")
    raise typer.Exit(1 if report.lacking else 0)


def check(
    context: typer.Context,
    build: Build,
    only: Annotated[
        options.Texts,
        typer.Option("--check", metavar="NAME", help="Only this check; repeatable."),
    ] = None,
    max_cost: MaxCost = None,
    executor: Executor = "local",
    override: Overrides = None,
    as_json: options.AsJson = False,
) -> None:
    """Check the rows; what fails is kept out of what is written, with its reasons.

    Leaves with 1 when a check could not look at every row.
    """
    folder, config = opened(context, build, override, "check")
    with folder.lock():
        report = check_rows(
            folder, config, context.obj, only or (), max_cost=max_cost, executor=executor
        )
    if as_json:
        from imhi.io import print_json

        checks = [one.model_dump(mode="json") for one in report.reports]
        print_json({"checks": checks, "quarantined": report.quarantined})
    else:
        show_checks(folder, report)
        say_next(folder, "check" if report.missing else "write")
    raise typer.Exit(1 if report.incomplete else 0)


# --- what is done --------------------------------------------------------------------------------


def read_raw(folder: BuildFolder, config: Config, manager: PluginManager) -> ReadReport:
    """Read the raw files, telling a terminal which."""
    from imhi.build.stages import read as stage
    from imhi.io import err

    with err().status("reading") as status:
        return stage.read(
            folder, config, manager.registry, lambda name: status.update(f"reading {name}")
        )


def prepare_asking(
    folder: BuildFolder, config: Config, manager: PluginManager, again: bool
) -> Explaining:
    """Copy given explanations, and return what is left to ask."""
    from imhi.build.stages.explain import Explaining, copy_all_given
    from imhi.io import err

    with err().status("looking for given explanations"):
        copy_all_given(folder, config, manager.registry)
    return Explaining(folder, config, manager.registry, again=again)


def explain_rows(
    folder: BuildFolder,
    config: Config,
    manager: PluginManager,
    *,
    again: bool = False,
    limit: int | None = None,
    max_cost: float | None = None,
    executor: str = "local",
) -> ExplainReport:
    """Ask for what is wanted and join it with the posts; what was answered is joined also where
    asking has to stop."""
    from imhi.build.explanations.joining import join
    from imhi.io import err, say, shown

    def joined() -> ExplainReport:
        with err().status("joining explanations with posts"):
            return join(folder, config, manager.registry)

    asking = prepare_asking(folder, config, manager, again)
    if not asking.anything(limit):
        what = "what checks keep out was asked anew already, or cannot be mended so"
        say(f"nothing to ask: {what if again else 'every row has an explanation'}")
    elif asking.can_ask():
        context = asking.context(max_cost, manager.notify)
        try:
            with shown(manager):
                asking.ask(limit, context, executor)
        except BaseException:
            # What was answered counts; what ended the asking is what a person is told.
            with suppress(Exception):
                joined()
            raise
        if context.budget.exhausted:
            say(
                f"stopped before --max-cost {max_cost:g} would be exceeded (${context.budget.spent:.4f} "
                "spent, all rounds): a higher one goes on",
                "yellow",
            )
    return joined()


def check_rows(
    folder: BuildFolder,
    config: Config,
    manager: PluginManager,
    only: Sequence[str] = (),
    *,
    max_cost: float | None = None,
    executor: str = "local",
) -> CheckedBuild:
    """Make checks (all, or ``only`` these), telling a terminal which."""
    from imhi.build.stages import check as stage
    from imhi.io import say, shown

    with shown(manager):
        return stage.check(
            folder,
            config,
            manager.registry,
            only,
            executor=executor,
            max_cost=max_cost,
            notify=manager.notify,
            tell=lambda name: say(f"checking: {name}"),
        )

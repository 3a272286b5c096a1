"""``imhi build``: from raw datasets to an instruction set."""

from __future__ import annotations

import typer


def add_commands(app: typer.Typer) -> None:
    """Add the group to the application."""
    from imhi.build.commands import annotate, compare, look, make, stages, write

    group = typer.Typer(
        help="Make instruction data of raw datasets. Start with: imhi build new FOLDER --raw PRESET=PATH",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("presets")(look.presets)
    group.command("inspect")(look.inspect)
    group.command("checks")(look.checks)
    group.command("new")(make.new)
    group.command("run")(make.run)
    group.command("status")(look.status)
    group.command("read")(stages.read)
    group.command("explain")(stages.explain)
    group.command("check")(stages.check)
    group.command("write")(write.write)
    group.command("compare")(compare.compare)
    group.command("sample")(annotate.sample)
    group.command("agreement")(annotate.agreement)
    app.add_typer(group, name="build")

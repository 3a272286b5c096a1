"""The commands ``imhi data fetch`` and ``imhi data check``."""

from __future__ import annotations

from typing import Any

from imhi import hookimpl


@hookimpl
def imhi_commands(app: Any) -> None:
    # Here, not above: the plugin is imported even where no command line is.
    import typer

    from imhi.plugins.data_commands.data_command import check, fetch

    data = typer.Typer(help="Get the IMHI data, and look at what a source holds.")
    data.command()(fetch)
    data.command()(check)
    app.add_typer(data, name="data", no_args_is_help=True)

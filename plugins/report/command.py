"""The command line of ``imhi report``."""

from __future__ import annotations

import typer


def report(context: typer.Context) -> None:
    """Not made yet."""
    raise NotImplementedError

"""The command line of ``imhi errors``."""

from __future__ import annotations

import typer


def errors(context: typer.Context) -> None:
    """Not made yet."""
    raise NotImplementedError

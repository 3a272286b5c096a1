"""The command line of ``imhi submit``."""

from __future__ import annotations

import typer


def submit(context: typer.Context) -> None:
    """Not made yet."""
    raise NotImplementedError

"""The command line of ``imhi verify``."""

from __future__ import annotations

import typer


def verify(context: typer.Context) -> None:
    """Not made yet."""
    raise NotImplementedError

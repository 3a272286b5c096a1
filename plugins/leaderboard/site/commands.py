"""The command lines of ``imhi leaderboard init`` and ``build``."""

from __future__ import annotations

import typer


def init(context: typer.Context) -> None:
    """Not made yet."""
    raise NotImplementedError


def build(context: typer.Context) -> None:
    """Not made yet."""
    raise NotImplementedError

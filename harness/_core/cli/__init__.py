"""The command line ``imhi``."""

from __future__ import annotations


def main() -> None:
    """Run ``imhi``; the entry point of the installed command."""
    from imhi._core.cli.app import run

    raise SystemExit(run())

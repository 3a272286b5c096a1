"""Runs as they are named on a command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imhi._core.cli.console import say
from imhi._core.run_store import RunFolder
from imhi._core.run_store.telling_apart import distinct_runs


def found_runs(names: Sequence[str], folder: Path) -> list[RunFolder]:
    """Return the runs of these names, each once: two names may be of one run, which must not stand
    beside itself as if it were two.

    Raises:
        HarnessError: none or several fit a name.
    """
    runs, notes = distinct_runs([RunFolder.find(name, folder) for name in names])
    for note in notes:
        say(note, "yellow")
    return runs

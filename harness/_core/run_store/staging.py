"""Run folders are prepared beside their place, and take it whole."""

from __future__ import annotations

import os
import time
from pathlib import Path

from imhi._core.errors import HarnessError
from imhi._core.run_store.leftovers import clear_folder


def staging_folder(out: Path) -> Path:
    """Return a folder of this process alone to prepare a run in; it is not made yet."""
    return out / f".prepare-{os.getpid()}-{time.time_ns():x}"


def settle(staging: Path, place: Path) -> None:
    """Move a prepared run to its place, unless another process was faster.

    Raises:
        HarnessError: something that is no run lies there.
    """
    try:
        staging.replace(place)
    except OSError:
        if (place / "manifest.json").exists():
            return
        raise HarnessError(
            f"{place}: found a folder without manifest.json, expected a run or nothing; restore the "
            "manifest, or move the folder away"
        ) from None


def sweep(out: Path) -> None:
    """Remove what killed processes left of their preparation."""
    for path in out.glob(".prepare-*"):
        clear_folder(path, path.name.split("-")[1])

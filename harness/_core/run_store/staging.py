"""Run folders are prepared beside their place, and take it whole."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from imhi._core.errors import HarnessError


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
    """Remove what a killed process left of its preparation."""
    for path in out.glob(".prepare-*"):
        process = path.name.split("-")[1]
        if process.isdigit() and int(process) != os.getpid() and not _alive(int(process)):
            shutil.rmtree(path, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True

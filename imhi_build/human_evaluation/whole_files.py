"""Files that appear complete or not at all, readable by their owner only; and optional packages."""

from __future__ import annotations

import csv
import importlib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from imhi import HarnessError, how_to_install
from imhi.io import replacing

# What a spreadsheet program takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file at once.

    Raises:
        HarnessError: the disk is full, or the folder cannot be written to.
    """
    with replacing(path, 0o600) as stream:
        stream.write(data)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file at once, in UTF-8 with a byte order mark: Excel reads it as UTF-8 only so."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    write_bytes(path, stream.getvalue().encode("utf-8-sig", "replace"))


def guarded(cell: Any) -> Any:
    """Return a cell that no spreadsheet program takes for a formula: such a text gets a ``'``."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def unguarded(text: str) -> str:
    """Undo :func:`guarded`."""
    return text[1:] if text.startswith(tuple(f"'{sign}" for sign in _FORMULA)) else text


def needed(module: str, package: str, purpose: str) -> Any:
    """Import a module of an optional package.

    Raises:
        HarnessError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise HarnessError(
            f"{purpose} needs the package {package}, which is not installed: "
            f"{how_to_install('build')}"
        ) from None

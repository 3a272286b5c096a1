"""Packages that only some formats need: looked for before the work is begun."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from imhi import HarnessError, how_to_install


def require(what: str, packages: Sequence[str]) -> None:
    """Make sure that packages are installed, without importing them.

    Raises:
        HarnessError: one is not; says what needs it and how to get it.
    """
    missing = [name for name in packages if not _installed(name)]
    if missing:
        raise HarnessError(
            f"{what} needs {', '.join(missing)}, which is not installed: {how_to_install('build')}"
        )


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ValueError:  # it is there in name only: somebody has blocked its import
        return False

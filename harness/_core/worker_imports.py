"""What the processes of an executor import, and what must be sent to them whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from imhi._core.fingerprints import FILE_PLUGIN_PREFIX


def worker_import_path() -> list[str]:
    """Return where processes may import from: where this one does, but for the working directory
    (of a script that lies there, of ``python -m``), unless PYTHONPATH names it. Whatever lies there,
    a ``numpy.py`` included, is nothing that was installed."""
    named = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    asked = any(_is_here(place) for place in named)
    places = [place for place in sys.path if place and (asked or not _is_here(place))]
    return list(dict.fromkeys(places))


def worker_modules() -> list[ModuleType]:
    """Return the modules that other processes cannot import, so that they travel by value: plugins
    of a single file, and what was imported from the working directory."""
    reachable = worker_import_path()
    here = [] if any(_is_here(place) for place in reachable) else [Path.cwd()]
    return [
        module
        for name, module in list(sys.modules.items())
        if name.startswith(FILE_PLUGIN_PREFIX) or (name != "__main__" and _lies_in(here, module))
    ]


def _is_here(place: str) -> bool:
    return os.path.realpath(place) == os.path.realpath(os.curdir)


def _lies_in(folders: Sequence[Path], module: ModuleType) -> bool:
    """Say whether a module was found as ``FOLDER/NAME.py`` or below ``FOLDER/NAME/``."""
    file = getattr(module, "__file__", None)
    top = module.__name__.partition(".")[0]
    return isinstance(file, str) and any(
        file == str(folder / f"{top}.py") or Path(file).is_relative_to(folder / top)
        for folder in folders
    )

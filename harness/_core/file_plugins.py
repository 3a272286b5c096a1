"""Plugins that are a single file: a module in ``.py``, or a task in ``.yaml``."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from imhi._core.errors import HarnessError
from imhi._core.fingerprints import FILE_PLUGIN_PREFIX


def check_plugin_file(path: Path) -> None:
    """Raise HarnessError if there is no such file, or it can be no plugin by its suffix."""
    if not path.is_file():
        raise HarnessError(f"plugin file {path}: there is no such file")
    if path.suffix not in {".yaml", ".yml", ".py"}:
        raise HarnessError(
            f"plugin file {path}: found '{path.suffix or 'no suffix'}', expected a .py plugin "
            "or a task declared in .yaml"
        )


def read_plugin_file(path: Path) -> Any:
    """Return the plugin; whatever its module raises when imported is raised."""
    if path.suffix == ".py":
        return _import_file(path)
    from imhi._core.task_files import TaskFile

    return TaskFile(path)


def _import_file(path: Path) -> ModuleType:
    # The name is made unique by the path, so two files called plugin.py do not collide.
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    name = f"{FILE_PLUGIN_PREFIX}{path.stem}_{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module

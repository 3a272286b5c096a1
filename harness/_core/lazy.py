"""Public modules whose names are looked up when they are first used."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PRIVATE = "imhi._core"


def offered_names(file: str) -> dict[str, str]:
    """Return the names a public module offers, each with the private module it comes from.

    They are what its source imports from ``imhi._core`` for type checkers: one list, which editors,
    type checkers, the guide and :func:`lazy_names` read alike.
    """
    return {
        alias.name: str(node.module)
        for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(_PRIVATE)
        for alias in node.names
        if alias.asname is not None
    }


def lazy_names(module: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a public module.

    A name is imported when it is first asked for and then stays in the module.
    """
    homes = offered_names(file)

    def getattr_(name: str) -> Any:
        if name == "__all__":
            return sorted(homes)
        if name not in homes:
            raise AttributeError(f"module '{module}' has no attribute '{name}'")
        home = importlib.import_module(homes[name])
        if not hasattr(home, name):  # a module of a private package
            importlib.import_module(f"{homes[name]}.{name}")
        value = getattr(home, name)
        setattr(sys.modules[module], name, value)
        return value

    return getattr_, lambda: sorted({*vars(sys.modules[module]), *homes})

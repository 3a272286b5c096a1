"""What plugins written before everything lay in the package ``imhi`` are to import now."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from imhi._core.lazy import offered_names

RENAMED = {
    "harness": "imhi",
    "plugins": "imhi.plugins",
    "tasks": "imhi.tasks",
    "imhi_build": "imhi.build",
    "finetune": "imhi.finetune",
}
_DOORS = {"imhi": "__init__.py", "imhi.runs": "runs.py", "imhi.checkpoints": "checkpoints.py",
          "imhi.io": "io.py"}  # fmt: skip


def what_to_import_now(error: ImportError, file: str) -> str:
    """Return in one line what a plugin's file should import instead of our earlier names; nothing
    where the import that failed is none of them."""
    if str(error.name).partition(".")[0] not in RENAMED:
        return ""
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return "write imhi instead of harness"
    changes = dict.fromkeys(change for node in ast.walk(tree) for change in _changes(node))
    return f"the harness is one package now, imhi: write {'; '.join(changes)}" if changes else ""


def _changes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.partition(".")[0] in RENAMED:
                yield f"`import {_place(alias.name)}` for `import {alias.name}`"
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        if node.module.partition(".")[0] not in RENAMED:
            return
        homes: dict[str, list[str]] = {}
        for alias in node.names:
            homes.setdefault(_home(node.module, alias.name), []).append(alias.name)
        now = "`, `".join(f"from {home} import {', '.join(names)}" for home, names in homes.items())
        names = ", ".join(alias.name for alias in node.names)
        yield f"`{now}` for `from {node.module} import {names}`"


def _home(module: str, name: str) -> str:
    """Return the module that now has a name of an earlier one: a public one if any has it."""
    if module.partition(".")[0] == "harness":
        for door, file in _DOORS.items():
            if name in offered_names(str(Path(__file__).parents[1] / file)):
                return door
    return _place(module)


def _place(module: str) -> str:
    root, dot, below = module.partition(".")
    new = "imhi._core" if root == "harness" and dot else RENAMED[root]  # private now
    return f"{new}{dot}{below}"

"""What plugins written before everything lay in the package ``imhi`` are to import now."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from imhi._core.lazy import offered_names

RENAMED = {  # our top-level packages of before
    "harness": "imhi",
    "plugins": "imhi.plugins",
    "tasks": "imhi.tasks",
    "imhi_build": "imhi.build",
    "finetune": "imhi.finetune",
}
_DOORS = {"imhi": "__init__.py", "imhi.runs": "runs.py", "imhi.checkpoints": "checkpoints.py",
          "imhi.io": "io.py"}  # fmt: skip

_PRIVATE = "which is private now (docs/plugins.md lists what is public)"


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
            if alias.name in RENAMED:
                yield f"`import {RENAMED[alias.name]}` for `import {alias.name}`"
            elif alias.name.partition(".")[0] in RENAMED:
                yield f"nothing for `import {alias.name}`, {_PRIVATE}"
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        if node.module.partition(".")[0] not in RENAMED:
            return
        homes: dict[str, list[str]] = {}
        for alias in node.names:
            homes.setdefault(_home(alias.name), []).append(alias.name)
        private = homes.pop("", [])
        if homes:
            now = (f"from {home} import {', '.join(names)}" for home, names in homes.items())
            kept = ", ".join(a.name for a in node.names if a.name not in private)
            yield f"`{'`, `'.join(now)}` for `from {node.module} import {kept}`"
        if private:
            yield f"nothing for `from {node.module} import {', '.join(private)}`, {_PRIVATE}"


def _home(name: str) -> str:
    """Return the public module that has a name now; nothing where it is private."""
    here = Path(__file__).parents[1]
    return next((d for d, file in _DOORS.items() if name in offered_names(str(here / file))), "")

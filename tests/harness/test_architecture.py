"""Who may import whom, and that the built-in plugins use the public door."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {
    "harness": "imhi",
    "plugins": "imhi.plugins",
    "tasks": "imhi.tasks",
    "imhi_build": "imhi.build",
    "finetune": "imhi.finetune",
}
PARTS = tuple(list(FOLDERS.values())[1:])
PUBLIC = ("imhi", "imhi.runs", "imhi.checkpoints", "imhi.io")
ENTRY_POINTS: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
    "entry-points"
]["imhi"]


def modules(package: str) -> Iterator[tuple[str, Path]]:
    folder = next(ROOT / name for name, of in FOLDERS.items() if of == package)
    for path in sorted(folder.rglob("*.py")):
        parts = (package, *path.relative_to(folder).with_suffix("").parts)
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def part_of(module: str) -> str | None:
    """Which of the four parts beside the core a module belongs to."""
    return next((part for part in PARTS if f"{module}.".startswith(f"{part}.")), None)


def imported(path: Path) -> set[str]:
    """Every module a file imports, at its top or inside a function, and factories by name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}:{node.lineno}: a relative import"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            module, colon, attribute = node.value.partition(":")
            if colon and attribute.isidentifier() and module.replace(".", "").isidentifier():
                names.add(module)
    return names


def plugin_of(module: str) -> str | None:
    """The entry point a module belongs to: the one that names it or a package it lies in."""
    owners = [v for v in ENTRY_POINTS.values() if module == v or module.startswith(f"{v}.")]
    return max(owners, key=len, default=None)


def test_the_core_imports_no_plugin() -> None:
    for module, path in modules("imhi"):
        strangers = {name for name in imported(path) if part_of(name)}
        assert not strangers, f"{module} imports {strangers}"


@pytest.mark.parametrize("package", PARTS)
def test_a_plugin_imports_the_public_interface_and_nothing_else_of_the_core(package: str) -> None:
    for module, path in modules(package):
        private = {
            name
            for name in imported(path)
            if name.startswith("imhi.") and not part_of(name)
            if not any(name == door or name.rpartition(".")[0] == door for door in PUBLIC)
            or name.startswith("imhi._core")
        }
        assert not private, f"{module} imports {private}, which is not public"


@pytest.mark.parametrize("package", PARTS)
def test_a_plugin_imports_the_core_and_itself_only(package: str) -> None:
    for module, path in modules(package):
        own = plugin_of(module)
        for name in imported(path):
            if part_of(name) is None or name in PARTS:
                continue
            theirs = plugin_of(name)
            assert own is not None and theirs == own, f"{module} imports {name} of {theirs}"


def test_every_module_of_a_plugin_package_is_reached_by_an_entry_point() -> None:
    for package in ("imhi.plugins", "imhi.tasks"):
        for module, path in modules(package):
            empty = path.name == "__init__.py" and not ast.parse(path.read_text()).body[1:]
            assert empty or plugin_of(module), f"{module} belongs to no entry point"


def test_every_hook_implementation_is_in_a_module_that_is_an_entry_point() -> None:
    for package in PARTS:
        for module, path in modules(package):
            hooks = [
                node.name
                for node in ast.parse(path.read_text(encoding="utf-8")).body
                if isinstance(node, ast.FunctionDef) and node.name.startswith("imhi_")
            ]
            assert not hooks or module in ENTRY_POINTS.values(), f"{module}: {hooks}"


def test_every_entry_point_is_loaded_adds_something_and_has_no_problem(manager) -> None:
    loaded = {plugin.name for plugin in manager.plugins if plugin.distribution == "imhi-harness"}
    assert loaded == set(ENTRY_POINTS)
    assert not [p for p in manager.problems if p.distribution == "imhi-harness"]
    silent = {plugin.name for plugin in manager.plugins if not plugin.adds}
    assert all(name.startswith("commands.") for name in silent), silent


_IMPORTING = """
import importlib, sys
import imhi._core.cli.app, imhi._core.cli.lists, imhi._core.cli.runs, imhi._core.cli.run
for module in sys.argv[1:]:
    before = set(sys.modules)
    importlib.import_module(module)
    new = {name.partition(".")[0] for name in set(sys.modules) - before}
    print(module, *sorted(new - set(sys.stdlib_module_names)))
"""


def test_importing_a_plugin_loads_nothing_but_the_core_and_the_standard_library() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTING, *sorted(ENTRY_POINTS.values())],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        module, *loaded = line.split()
        strangers = set(loaded) - {"imhi", "rich", "typer"}
        assert not strangers, f"importing {module} loads {strangers}"

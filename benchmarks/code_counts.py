"""Counts that say how the code is built: ``python benchmarks/code_counts.py [CHECKOUT]``.

Read off the syntax tree of the five folders of the package, without tests, in the layout of
today (``imhi``) and in that of versions before it (five top-level packages). ``--list NAME`` prints
the places behind one count.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {
    "harness": "imhi",
    "plugins": "imhi.plugins",
    "tasks": "imhi.tasks",
    "imhi_build": "imhi.build",
    "finetune": "imhi.finetune",
}
UNTYPED = {"dict[str, Any]", "Mapping[str, Any]"}
LONGEST_FILE = 300
ARRAYS = {"Array", "ndarray", "NDArray"}
SHAPE_WORDS = ("shape", "(n", "one per", "one for each", "a row for each", "rows x", " x ", "(k")


@dataclass(frozen=True)
class Module:
    """A module of the project: its dotted name, its file and its syntax tree."""

    name: str
    path: Path
    tree: ast.Module
    lines: int


def read_modules(root: Path) -> list[Module]:
    """Return the modules of the five folders, under the names they are imported by."""
    mapped = (root / "harness" / "_core").is_dir()
    found = []
    for folder, package in FOLDERS.items():
        for path in sorted((root / folder).rglob("*.py")):
            parts = path.relative_to(root / folder).with_suffix("").parts
            name = ".".join((package if mapped else folder, *parts)).removesuffix(".__init__")
            text = path.read_text(encoding="utf-8")
            found.append(Module(name, path.relative_to(root), ast.parse(text), text.count("\n")))
    return found


def imports(module: Module) -> Iterator[tuple[int, str, str]]:
    """Yield line, module and name of everything imported, inside functions and for types too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)


def private_names(modules: list[Module]) -> list[str]:
    """Names that the parts beside the core import from it past the public interface."""
    door = next(m.tree for m in modules if m.path.as_posix() == "harness/__init__.py")
    public = {n.value for n in ast.walk(door) if isinstance(n, ast.Constant)}
    found = []
    for module in modules:
        if module.path.parts[0] == "harness":
            continue
        for line, source, name in imports(module):
            before = source.split(".")[0] == "harness" and name not in public
            if before or source.startswith("imhi._core"):
                found.append(f"{module.path}:{line}: {source}.{name}")
    return found


def untyped_records(modules: list[Module]) -> list[str]:
    """``dict[str, Any]`` and ``Mapping[str, Any]``: records whose fields nobody declares."""
    found = []
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Subscript) and ast.unparse(node) in UNTYPED:
                found.append(f"{module.path}:{node.lineno}")
    return found


def manifest_keys(modules: list[Module], root: Path) -> list[str]:
    """Uses of ``manifest["..."]``: an untyped record read by the text of its keys."""
    found = []
    for module in modules:
        for number, line in enumerate((root / module.path).read_text("utf-8").split("\n"), 1):
            found += [f"{module.path}:{number}"] * line.count('manifest["')
    return found


def circular_imports(modules: list[Module]) -> list[str]:
    """Groups of modules that import each other, lazily or for types included."""
    names = {module.name for module in modules}
    graph: dict[str, set[str]] = {}
    for module in modules:
        targets = set()
        for _, source, name in imports(module):
            target = f"{source}.{name}" if f"{source}.{name}" in names else source
            if target in names and target != module.name:
                targets.add(target)
        graph[module.name] = targets
    return [" <-> ".join(sorted(group)) for group in _strong_components(graph) if len(group) > 1]


def _strong_components(graph: dict[str, set[str]]) -> list[list[str]]:
    """Tarjan's algorithm, recursion kept shallow by the few hundred modules there are."""
    import sys

    sys.setrecursionlimit(10_000)
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    components: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in graph[node]:
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            component = []
            while not component or component[-1] != node:
                component.append(stack.pop())
            components.append(component)

    for node in graph:
        if node not in index:
            visit(node)
    return components


def long_files(modules: list[Module]) -> list[str]:
    """Files of more than 300 lines."""
    return [f"{m.path}: {m.lines} lines" for m in modules if m.lines > LONGEST_FILE]


def undocumented(modules: list[Module]) -> list[str]:
    """Public functions and methods (of public classes, not nested in functions) without a docstring."""
    found = []
    for module in modules:
        for prefix, function in _public(module.tree):
            if ast.get_docstring(function) is None and not _declared_elsewhere(function):
                found.append(f"{module.path}:{function.lineno}: {prefix}{function.name}")
    return found


def shapeless(modules: list[Module]) -> list[str]:
    """Public functions on arrays whose docstring says nothing of shapes."""
    found = []
    for module in modules:
        for prefix, function in _public(module.tree):
            arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
            annotations = [a.annotation for a in arguments] + [function.returns]
            names = {
                node.id if isinstance(node, ast.Name) else node.attr
                for annotation in annotations
                if annotation
                for node in ast.walk(annotation)
                if isinstance(node, (ast.Name, ast.Attribute))
            }
            text = (ast.get_docstring(function) or "").lower()
            if names & ARRAYS and not any(word in text for word in SHAPE_WORDS):
                found.append(f"{module.path}:{function.lineno}: {prefix}{function.name}")
    return found


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def _public(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not node.name.startswith("_"):
                yield "", node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for inner in node.body:
                callable_ = isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef))
                if callable_ and not inner.name.startswith("_"):
                    yield f"{node.name}.", inner


def _declared_elsewhere(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Say whether a docstring would only repeat one: overrides, setters and overloads."""
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in function.decorator_list}
    return bool(names & {"override", "setter", "overload", "hookimpl"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--list", default="", metavar="NAME", help="print the places of one count")
    parser.add_argument("--under", default="", metavar="FOLDER", help="only files below it")
    options = parser.parse_args()
    every = read_modules(options.checkout)
    modules = [m for m in every if str(m.path).startswith(options.under)]
    counts = {
        "private-names": private_names(every),
        "untyped-records": untyped_records(modules),
        "manifest-keys": manifest_keys(modules, options.checkout),
        "circular": circular_imports(every),
        "long-files": long_files(modules),
        "undocumented": undocumented(modules),
        "shapeless": shapeless(modules),
    }
    if options.list:
        print("\n".join(counts[options.list]))
        return
    for name, places in counts.items():
        print(f"{name:16} {len(places):7,}")
    print(f"{'lines':16} {sum(module.lines for module in modules):7,}")
    print(f"{'files':16} {len(modules):7,}")


if __name__ == "__main__":
    main()

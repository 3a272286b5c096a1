"""Fills the generated parts of the guides from the code they describe.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->`` in a file of this folder.
Run it with ``make docs`` after a change of hooks, declarations, options or models; a test compares
the files with what this writes. Only what comes with the harness is described: plugins of others
that happen to be installed are left out.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness import declarations, hookspecs, protocols, records  # noqa: E402
from harness.declarations import Argument, Metric, ModelFamily  # noqa: E402
from harness.plugin_manager import PluginManager, hook_signature, load_plugins  # noqa: E402

DISTRIBUTION = "imhi-harness"
_PART = re.compile(r"(<!-- generated: ([\w :-]+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def built_in() -> PluginManager:
    """Return a manager with the harness's own plugins only."""
    others = {p.name for p in load_plugins().plugins if p.distribution != DISTRIBUTION}
    return load_plugins(disabled=others)


# --- from docstrings to Markdown -----------------------------------------------------------------


def markdown(docstring: str) -> str:
    """Return a docstring as Markdown: roles and double backticks become code, indented blocks
    after ``::`` become fenced Python."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", inspect.cleandoc(docstring))
    text = re.sub(r"``([^`]+)``", r"`\1`", text)
    lines: list[str] = []
    code = False
    for line in text.splitlines():
        if code and line and not line.startswith("    "):
            lines = [*_stripped(lines), "```", ""]
            code = False
        if line.endswith("::"):
            lines += [line[:-1], "", "```python"]
            code = True
        elif not (code and lines[-1] == "```python" and not line):
            lines.append(line.removeprefix("    ") if code else line)
    return "\n".join([*_stripped(lines), "```"] if code else lines)


def _stripped(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; line breaks and pipes in cells are made harmless."""

    def line(cells: Sequence[str]) -> str:
        plain = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
        return "| " + " | ".join(plain) + " |"

    return "\n".join([line(header), line(["---"] * len(header)), *(line(row) for row in rows)])


# --- hooks and contracts (plugins.md) ------------------------------------------------------------


def hooks() -> str:
    """Return every hook with its exact signature and its docstring."""
    found = []
    for name, function in vars(hookspecs).items():
        if name.startswith("imhi_") and inspect.isfunction(function):
            signature = hook_signature(name).replace("'", "")
            found.append(f"### {name}\n\n`{signature}`\n\n{markdown(function.__doc__ or '')}")
    return "\n\n".join(found)


def _dataclasses(module: ModuleType) -> str:
    found = []
    for name, thing in vars(module).items():
        if not dataclasses.is_dataclass(thing) or thing.__module__ != module.__name__:
            continue
        fields = "\n".join(f"    {_field(field)}" for field in dataclasses.fields(thing))
        doc = markdown(thing.__doc__ or "")
        found.append(f"### {name}\n\n```python\n{name}(\n{fields}\n)\n```\n\n{doc}")
    return "\n\n".join(found)


def _field(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        default = getattr(field.default, "__name__", None) or repr(field.default)
    elif field.default_factory is not dataclasses.MISSING:
        default = f"{getattr(field.default_factory, '__name__', '...')}()"
    else:
        return f"{field.name}: {field.type},"
    return f"{field.name}: {field.type} = {default},"


def contracts() -> str:
    """Return the protocols that factories must meet, with their methods."""
    found = []
    for name, thing in vars(protocols).items():
        if not getattr(thing, "_is_protocol", False) or thing.__module__ != protocols.__name__:
            continue
        methods = []
        for method, function in vars(thing).items():
            if inspect.isfunction(function) and (method == "__call__" or method[0] != "_"):
                signature = str(inspect.signature(function)).replace("'", "")
                signature = signature.replace("harness.records.", "").replace("(self, ", "(")
                methods.append(f"{method}{signature.replace('(self)', '()')}")
        if not methods or methods[0].startswith("_no_init"):
            continue
        doc = markdown(thing.__doc__ or "")
        listed = "\n".join(methods)
        found.append(f"### {name} (contract)\n\n{doc}\n\n```python\n{listed}\n```")
    return "\n\n".join(found)


# --- what is there (models.md, runs.md, data.md) -------------------------------------------------


def _family(family: ModelFamily) -> str:
    text = f"{family.summary}.\n\nWrite `{family.scheme}:{family.target}`"
    if family.arguments:
        rows = [
            (f"`{a.name}`", a.summary, _shown(a), "yes" if a.changes_answers else "no")
            for a in family.arguments
        ]
        text += " and any of these arguments:\n\n"
        text += table(("argument", "meaning", "default", "part of the run id"), rows)
    else:
        text += "; it takes no arguments."
    if family.open_arguments:
        text += "\n\nOther arguments are handed on to the backend; they are part of the run id."
    if family.examples:
        text += "\n\n" + "\n".join(f"* `{example}`" for example in family.examples)
    return text


def _shown(argument: Argument) -> str:
    if argument.default is None:
        return ""
    value = argument.default
    if isinstance(value, tuple):
        value = ";".join(value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _metric(metric: Metric) -> str:
    first = metric.arguments[0].name.upper()
    rows = [(f"`{a.name}`", a.summary, _shown(a)) for a in metric.arguments]
    return (
        f"Written `{metric.name}` or `{metric.name}:{first},key=value,...`; arguments:\n\n"
        + table(("argument", "meaning", "default"), rows)
    )


def _presets(manager: PluginManager) -> str:
    rows = [(f"`{p.name}`", f"`{p.model}`", p.prompt, p.summary) for p in manager.registry.presets]
    return table(("preset", "stands for", "prompt style", "what it is"), rows)


def _listed(things: Iterable[Any]) -> str:
    return table(("name", "what it does"), [(f"`{t.name}`", t.summary) for t in things])


def _metrics(manager: PluginManager) -> str:
    rows = [
        (f"`{m.name}`", m.group, "yes" if m.default else "", m.summary)
        for m in manager.registry.metrics
    ]
    return table(("name", "group", "by default", "what it is"), rows)


def _datasets(manager: PluginManager) -> str:
    rows = []
    for task in manager.registry.tasks:
        for dataset in task.datasets:
            counts = "/".join(str(dataset.counts.get(s, "-")) for s in ("train", "val", "test"))
            rows.append((f"`{dataset.name}`", task.name, counts, ", ".join(dataset.label_names)))
    return table(("dataset", "task", "published rows: train/val/test", "labels"), rows)


def _run_options(manager: PluginManager) -> str:
    import typer

    from harness.cli.app import build

    application: Any = typer.main.get_command(build(manager))
    command = application.commands["run"]
    rows = []
    for option in command.params:
        names = [name for name in option.opts if name.startswith("--")]
        if names and names != ["--help"]:
            rows.append((f"`{' / '.join([*names, *option.secondary_opts])}`", option.help or ""))
    return table(("option", "meaning"), rows)


# --- recipes (finetune.md) -----------------------------------------------------------------------


def _recipes() -> str:
    from finetune.recipe.reading import read_recipe, recipe_names

    rows = []
    for recipe in map(read_recipe, recipe_names()):
        base = f"`{recipe.base.model}`" if recipe.base.model else "none: made from nothing"
        rows.append((f"`{recipe.name}`", recipe.kind, recipe.method.name, base, recipe.summary))
    return table(("recipe", "kind", "method", "base model", "what it is"), rows)


def _recipe_fields() -> str:
    """Return every field with what it may be and its default, a table per part of a recipe."""
    from finetune.recipe import schema

    parts = {"": schema.Recipe}
    for name, field in schema.Recipe.model_fields.items():
        if _is_part(field.annotation):
            parts[name] = field.annotation
        if name == "base":
            parts |= {"base.scratch": schema.Architecture, "base.size": schema.Size}
    return "\n\n".join(_recipe_part(name, kind) for name, kind in parts.items())


def _is_part(annotation: Any) -> bool:
    from finetune.recipe.schema import Part

    return inspect.isclass(annotation) and issubclass(annotation, Part)


def _recipe_part(name: str, kind: Any) -> str:
    described = kind.model_json_schema()["properties"]
    rows = [
        (
            f"`{name}.{field}`" if name else f"`{field}`",
            _allowed(described[field]),
            "required"
            if info.is_required()
            else _default(info.get_default(call_default_factory=True)),
        )
        for field, info in kind.model_fields.items()
        if not _is_part(info.annotation)
    ]
    title = f"`{name}`" if name else "A recipe"
    listed = table(("field", "what it may be", "default"), rows)
    return f"### {title}\n\n{markdown(kind.__doc__ or '')}\n\n{listed}"


def _default(value: Any) -> str:
    if value is None or value == "":
        return "not set"
    if isinstance(value, (tuple, dict)):
        return ", ".join(f"`{one}`" for one in value) or "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


_PLAIN_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "object": "a mapping of texts",
}
_BOUNDS = {
    "exclusiveMinimum": "above",
    "minimum": "at least",
    "exclusiveMaximum": "below",
    "maximum": "at most",
}


def _allowed(described: dict[str, Any]) -> str:
    """Return in words what a JSON schema allows."""
    if "anyOf" in described:
        return " or ".join(_allowed(one) for one in described["anyOf"])
    if "enum" in described or "const" in described:
        values = described.get("enum") or [described["const"]]
        return ", ".join(f"`{value}`" for value in values)
    if "$ref" in described:
        return "fields, see below"
    kind = described.get("type", "")
    if kind == "null":
        return "`null`"
    if kind == "array":
        return "list of texts"
    bounds = [f"{word} {described[key]:g}" for key, word in _BOUNDS.items() if key in described]
    if "pattern" in described:
        bounds.append("of small letters, digits, `.`, `-` and `_`")
    return " ".join([_PLAIN_TYPES[kind], ", ".join(bounds)]).strip()


def _recipe_memory() -> str:
    """Return what each recipe that is laid out for GPUs needs on them: computed, not measured."""
    from finetune.recipe.memory import GIB, estimate, smallest
    from finetune.recipe.reading import read_recipe, recipe_names

    rows = []
    for recipe in map(read_recipe, recipe_names()):
        size, hardware = recipe.base.size, recipe.hardware
        if size is None or not hardware.gpus or recipe.kind == "classifier" or recipe.leave_out:
            continue
        found = estimate(recipe, size, hardware.gpus)
        states = sum(found[part] for part in ("weights", "adapter", "gradients", "optimizer"))
        fewest = smallest(recipe, size, hardware.gpu_memory_gb)
        rows.append(
            (
                f"`{recipe.name}`",
                f"{hardware.gpus} x {hardware.gpu} {hardware.gpu_memory_gb:g} GB",
                hardware.strategy,
                recipe.method.name,
                f"{found.examples} x {recipe.data.window}",
                f"{states / GIB:.1f}",
                f"{(found.total - states) / GIB:.1f}",
                f"{found.total / GIB:.1f}",
                "none" if fewest is None else str(fewest),
            )
        )
    header = (
        "recipe",
        "laid out for",
        "strategy",
        "method",
        "rows x tokens on a GPU",
        "weights, gradients, optimizer (GiB)",
        "the rest (GiB)",
        "computed per GPU (GiB)",
        "fewest such GPUs",
    )
    return table(header, rows)


# --- builds (build.md) ---------------------------------------------------------------------------


def _raw_presets(manager: PluginManager) -> str:
    from imhi_build.raw.preset import preset_names, read_preset

    rows = []
    for name in preset_names():
        preset = read_preset(name, manager.registry)
        files = dict.fromkeys(p for file in preset.files.values() for p in file.patterns)
        listed = ", ".join(f"`{pattern}`" for pattern in files)
        rows.append((f"`{name}`", preset.dataset, listed, preset.origin.layout, preset.origin.url))
    return table(("preset", "dataset", "files", "layout", "where from"), rows)


def _checks() -> str:
    from imhi_build.checks.catalogue import CHECKS

    rows = []
    for check in CHECKS:
        values = check.settings().model_dump(mode="json")
        action = values.pop("action")
        settings = ", ".join(f"`{name}: {_yaml(value)}`" for name, value in values.items())
        rows.append((f"`{check.name}`", check.summary, action, settings))
    return table(("check", "what it finds", "action", "settings"), rows)


def _yaml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _build_fields() -> str:
    """Return every field of ``build.yaml``, a table per part."""
    from imhi_build import config

    parts = {"": config.Config, "raw": config.Raw, "explain": config.Explain, "write": config.Write}
    return "\n\n".join(_build_part(name, kind) for name, kind in parts.items())


def _build_part(name: str, kind: Any) -> str:
    rows = [
        (
            f"`{name}.{field}`" if name else f"`{field}`",
            "required"
            if info.is_required()
            else _default(info.get_default(call_default_factory=True)),
        )
        for field, info in kind.model_fields.items()
        if name or field not in {"raw", "explain", "write", "checks"}
    ]
    return f"{markdown(kind.__doc__ or '')}\n\n{table(('field', 'default'), rows)}"


def part(name: str, manager: PluginManager, text: str) -> str:
    """Return the content of a generated part of the file ``text``."""
    kind, _, argument = name.partition(" ")
    families = manager.registry.families.things
    if kind == "model":
        return _family(families[argument])
    if kind == "metric":
        return _metric(manager.registry.metrics.things[argument])
    if name == "other models":
        shown = set(re.findall(r"<!-- generated: model ([\w-]+) -->", text))
        rest = [f for scheme, f in families.items() if scheme not in shown]
        return "\n\n".join(f"### {f.scheme}\n\n{_family(f)}" for f in rest)
    writers: dict[str, Callable[[], str]] = {
        "hooks": hooks,
        "declarations": lambda: _dataclasses(declarations),
        "records": lambda: _dataclasses(records),
        "contracts": contracts,
        "presets": lambda: _presets(manager),
        "metrics": lambda: _metrics(manager),
        "labelers": lambda: _listed(manager.registry.labelers),
        "prompts": lambda: _listed(manager.registry.prompts),
        "sources": lambda: _listed(manager.registry.sources),
        "datasets": lambda: _datasets(manager),
        "run options": lambda: _run_options(manager),
        "recipes": _recipes,
        "recipe fields": _recipe_fields,
        "recipe memory": _recipe_memory,
        "raw presets": lambda: _raw_presets(manager),
        "checks": _checks,
        "build fields": _build_fields,
    }
    return writers[name]()


def filled(path: Path, manager: PluginManager) -> str:
    """Return a guide with its generated parts as they should be."""
    text = path.read_text(encoding="utf-8")

    def fill(match: re.Match[str]) -> str:
        content = part(match[2], manager, text).strip()
        return f"{match[1]}\n{content}\n\n{match[3]}"

    return _PART.sub(fill, text)


def main() -> None:
    manager = built_in()
    for path in sorted(HERE.glob("*.md")):
        text = filled(path, manager)
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            print("filled", path.name)


if __name__ == "__main__":
    main()

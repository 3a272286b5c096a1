"""Fills the generated parts of the guides from the code they describe.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->`` in a page; figures stand in
sentences (docs/generator/figures.py). Run it with ``make docs`` after a change of hooks, declarations,
options, models or stored figures; a test compares the files with what this writes. Only what comes
with the harness is described: plugins of others that happen to be installed are left out.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from docs.generator import (  # noqa: E402
    boards,
    builds,
    figures,
    interface,
    recipes,
    results,
    run_records,
    servers,
)
from docs.generator.markdown import markdown, table  # noqa: E402
from imhi._core import declarations, extensions, hookspecs, protocols, records, typed_arguments  # noqa: E402
from imhi._core.declarations import Argument, Metric, ModelFamily  # noqa: E402
from imhi._core.plugin_manager import PluginManager, hook_signature, load_plugins  # noqa: E402

DISTRIBUTION = "imhi-harness"
_PART = re.compile(r"(<!-- generated: ([\w :./-]+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def built_in() -> PluginManager:
    """Return a manager with the harness's own plugins only."""
    others = {p.name for p in load_plugins().plugins if p.distribution != DISTRIBUTION}
    return load_plugins(disabled=others)


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
        if not dataclasses.is_dataclass(thing):
            continue
        if thing.__module__ not in (module.__name__, typed_arguments.__name__):
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
        methods, explained = [], []
        for method, function in vars(thing).items():
            if inspect.isfunction(function) and (method == "__call__" or method[0] != "_"):
                signature = str(inspect.signature(function)).replace("'", "")
                signature = re.sub(r"imhi\._core\.\w+\.", "", signature).replace("(self, ", "(")
                methods.append(f"{method}{signature.replace('(self)', '()')}")
                text = " ".join(markdown(function.__doc__ or "").split())
                explained += [f"* `{method}`: {text}"] if text else []
        if not methods or methods[0].startswith("_no_init"):
            continue
        parts = [markdown(thing.__doc__ or ""), "```python\n" + "\n".join(methods) + "\n```"]
        if explained:
            parts.append("\n".join(explained))
        found.append(f"### {name} (contract)\n\n" + "\n\n".join(parts))
    return "\n\n".join(found)


# --- what is there (models.md, runs.md, data.md) -------------------------------------------------


def _family(family: ModelFamily) -> str:
    text = f"{family.summary}.\n\nWrite `{family.scheme}:{family.target}`"
    if family.arguments:
        rows = [
            (f"`{a.written}`", a.summary, _shown(a), "yes" if a.changes_answers else "no")
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
    if argument.group or argument.default is None:
        return ""
    value = argument.default
    if isinstance(value, tuple):
        value = ";".join(value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _metric(metric: Metric) -> str:
    first = metric.arguments[0].name.upper()
    rows = [(f"`{a.written}`", a.summary, _shown(a)) for a in metric.arguments]
    return (
        f"Written `{metric.name}` or `{metric.name}:{first},key=value,...`; arguments:\n\n"
        + table(("argument", "meaning", "default"), rows)
    )


def _presets(manager: PluginManager) -> str:
    rows = [(f"`{p.name}`", f"`{p.model}`", p.prompt, p.summary) for p in manager.registry.presets]
    return table(("preset", "stands for", "prompt style", "what it is"), rows)


def _listed(things: Iterable[Any]) -> str:
    return table(("name", "what it does"), [(f"`{t.name}`", t.summary) for t in things])


def _thought_formats(manager: PluginManager) -> str:
    rows = []
    for one in manager.registry.thought_formats:
        pairs = zip(one.opens, one.closes, strict=False)
        marks = [f"`{opens}` ... `{closes}`" for opens, closes in pairs]
        marks += [f"field `{field}`" for field in one.fields]
        rows.append((f"`{one.name}`", one.models, ", ".join(marks), one.source))
    return table(("format", "models", "marks", "documented in"), rows)


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

    from imhi._core.cli.app import build

    application: Any = typer.main.get_command(build(manager))
    command = application.commands["run"]
    rows = []
    for option in command.params:
        names = [name for name in option.opts if name.startswith("--")]
        if names and names != ["--help"]:
            rows.append((f"`{' / '.join([*names, *option.secondary_opts])}`", option.help or ""))
    return table(("option", "meaning"), rows)


def part(name: str, manager: PluginManager, text: str) -> str:
    """Return the content of a generated part of the file ``text``."""
    kind, _, argument = name.partition(" ")
    families = manager.registry.families.things
    if kind == "model":
        return _family(families[argument])
    if kind == "metric":
        return _metric(manager.registry.metrics.things[argument])
    if kind == "figures":
        return figures.stored_table(argument)
    if name == "other models":
        shown = set(re.findall(r"<!-- generated: model ([\w-]+) -->", text))
        rest = [f for scheme, f in families.items() if scheme not in shown]
        return "\n\n".join(f"### {f.scheme}\n\n{_family(f)}" for f in rest)
    writers: dict[str, Callable[[], str]] = {
        "hooks": hooks,
        "declarations": lambda: f"{_dataclasses(declarations)}\n\n{_dataclasses(extensions)}",
        "records": lambda: _dataclasses(records),
        "contracts": contracts,
        "interface": interface.interface,
        "presets": lambda: _presets(manager),
        "thought formats": lambda: _thought_formats(manager),
        "metrics": lambda: _metrics(manager),
        "labelers": lambda: _listed(sorted(manager.registry.labelers, key=lambda one: one.name)),
        "prompts": lambda: _listed(manager.registry.prompts),
        "sources": lambda: _listed(manager.registry.sources),
        "datasets": lambda: _datasets(manager),
        "run options": lambda: _run_options(manager),
        "recipes": recipes.recipes,
        "recipe fields": recipes.recipe_fields,
        "recipe memory": recipes.recipe_memory,
        "raw presets": lambda: builds.raw_presets(manager),
        "checks": lambda: builds.checks(manager),
        "build fields": builds.build_fields,
        "submission fields": boards.submission_fields,
        "entry fields": boards.entry_fields,
        "correctness": results.correctness,
        "unseen datasets": results.unseen,
        "left out": results.left_out,
        "seeds": results.seeds,
        "paired tests": results.tests,
        "explanations": results.explanations,
        "costs": results.costs,
        "engines": servers.engines,
        "situations": servers.situations,
        "situation arguments": servers.situation_arguments,
    }
    return writers[name]()


def filled(path: Path, manager: PluginManager) -> str:
    """Return a page with its generated parts and its figures as they should be."""
    text = path.read_text(encoding="utf-8")

    def fill(match: re.Match[str]) -> str:
        content = part(match[2], manager, text).strip()
        return f"{match[1]}\n{content}\n\n{match[3]}"

    return figures.filled(path, _PART.sub(fill, text))


def main() -> None:
    manager = built_in()
    for path in [Path(page).resolve() for page in sys.argv[1:]] or figures.pages():
        text = filled(path, manager)
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            print("filled", path.name)
    for name, schema in run_records.schemas().items():
        path = HERE / "schemas" / name
        if not path.exists() or schema != path.read_text(encoding="utf-8"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(schema, encoding="utf-8")
            print("wrote", path.name)


if __name__ == "__main__":
    main()

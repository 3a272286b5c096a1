"""The commands that list what plugins offer: ``tasks models labelers metrics prompts plugins``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from imhi._core.cli import options
from imhi._core.cli.console import out, print_json, say
from imhi._core.declarations import Argument
from imhi._core.plugin_manager import PluginManager
from imhi._core.registry import Registry
from imhi._core.sanitizing import plain


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (tasks, models, labelers, metrics, prompts, sources, views, plugins):
        app.command()(command)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for index, column in enumerate(columns):
        # Names stay whole; the rest wraps.
        table.add_column(column, no_wrap=index == 0, overflow="fold")
    for row in rows:
        table.add_row(*(plain(str(cell)) for cell in row))
    out().print(table)


def _described(arguments: Sequence[Argument]) -> dict[str, dict[str, Any]]:
    return {
        a.name: {
            "summary": a.summary,
            "default": ";".join(a.default) if isinstance(a.default, tuple) else a.default,
        }
        for a in arguments
    }


def _show_arguments(head: str, arguments: Mapping[str, Mapping[str, Any]]) -> None:
    from rich.padding import Padding
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for name, argument in arguments.items():
        default = "" if argument["default"] is None else f" (default {argument['default']})"
        table.add_row(plain(f"{name}="), plain(f"{argument['summary']}{default}"))
    out().print(plain(head), style="bold", markup=False)
    out().print(Padding(table, (0, 0, 0, 4)))


def _registry(context: typer.Context) -> Registry:
    manager: PluginManager = context.obj
    return manager.registry


def tasks(context: typer.Context, as_json: options.AsJson = False) -> None:
    """List tasks and their datasets."""
    registry = _registry(context)
    rows: list[dict[str, Any]] = []
    for task in registry.tasks:
        for dataset in task.datasets:
            rows.append(
                {
                    "dataset": dataset.name,
                    "task": task.name,
                    "labels": list(dataset.label_names),
                    "questions": [question.text for question in dataset.questions],
                    "counts": dict(dataset.counts),
                    "note": dataset.note,
                    "plugin": registry.tasks.owners[task.name],
                }
            )
    if as_json:
        print_json({"tasks": rows})
        return
    _table(
        ("dataset", "task", "test rows", "labels"),
        [
            (r["dataset"], r["task"], f"{r['counts'].get('test', '-')}", ", ".join(r["labels"]))
            for r in rows
        ],
    )


def models(context: typer.Context, as_json: options.AsJson = False) -> None:
    """List model schemes with their arguments, and presets."""
    registry = _registry(context)
    families: list[dict[str, Any]] = [
        {
            "scheme": family.scheme,
            "write": f"{family.scheme}:{family.target}",
            "summary": family.summary,
            "arguments": _described(family.arguments),
            "examples": list(family.examples),
        }
        for family in registry.families
    ]
    presets = [dataclasses.asdict(preset) for preset in registry.presets]
    if as_json:
        print_json({"families": families, "presets": presets})
        return
    console = out()
    for family in families:
        _show_arguments(f"{family['write']}   {family['summary']}", family["arguments"])
        for example in family["examples"]:
            console.print(plain(f"    e.g. {example}"), markup=False, style="dim")
    console.print()
    _table(("preset", "stands for"), [(p["name"], p["model"]) for p in presets])


def _simple(context: typer.Context, kind: str, as_json: bool) -> None:
    registry = _registry(context)
    shelf = getattr(registry, kind)
    rows = [
        {"name": thing.name, "summary": thing.summary, "plugin": shelf.owners[thing.name]}
        for thing in shelf
    ]
    if as_json:
        print_json({kind: rows})
        return
    _table(("name", "summary"), [(row["name"], row["summary"]) for row in rows])


def labelers(context: typer.Context, as_json: options.AsJson = False) -> None:
    """List labelers."""
    _simple(context, "labelers", as_json)


def prompts(context: typer.Context, as_json: options.AsJson = False) -> None:
    """List prompt styles."""
    _simple(context, "prompts", as_json)


def sources(context: typer.Context, as_json: options.AsJson = False) -> None:
    """List sources of examples."""
    _simple(context, "sources", as_json)


def views(context: typer.Context, as_json: options.AsJson = False) -> None:
    """List views: which gold labels and which rows count."""
    registry = _registry(context)
    rows = [
        {
            "name": view.name,
            "gold": view.gold,
            "exclude": list(view.exclude),
            "summary": view.summary,
            "plugin": registry.views.owners[view.name],
        }
        for view in registry.views
    ]
    if as_json:
        print_json({"views": rows})
        return
    columns = ("view", "gold", "without", "summary")
    _table(columns, [[r["name"], r["gold"], ", ".join(r["exclude"]), r["summary"]] for r in rows])


def metrics(context: typer.Context, as_json: options.AsJson = False) -> None:
    """List metrics and their groups."""
    registry = _registry(context)
    rows: list[dict[str, Any]] = [
        {
            "name": metric.name,
            "group": metric.group,
            "default": metric.default,
            "higher_is_better": metric.higher_is_better,
            "summary": metric.summary,
            "arguments": _described(metric.arguments),
            "plugin": registry.metrics.owners[metric.name],
        }
        for metric in registry.metrics
    ]
    if as_json:
        print_json({"metrics": rows})
        return
    _table(
        ("name", "group", "by default", "summary"),
        [(r["name"], r["group"], "yes" if r["default"] else "", r["summary"]) for r in rows],
    )
    for row in rows:
        if row["arguments"]:
            first = next(iter(row["arguments"]))
            out().print()
            _show_arguments(f"{row['name']}:{first.upper()},key=value,...", row["arguments"])


def plugins(context: typer.Context, as_json: options.AsJson = False) -> None:
    """List plugins: distribution, version, what each adds, and what failed to load and why."""
    manager: PluginManager = context.obj
    loaded = [dataclasses.asdict(plugin) for plugin in manager.plugins]
    problems = [dataclasses.asdict(problem) for problem in manager.problems]
    if as_json:
        print_json({"plugins": loaded, "problems": problems})
        return
    rows = []
    for plugin in manager.plugins:
        adds = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in plugin.adds.items())
        rows.append(
            (plugin.name, f"{plugin.distribution} {plugin.version}", adds or "observes runs")
        )
    _table(("plugin", "from", "adds"), rows)
    for problem in manager.problems:
        say(f"failed: {problem}", "red")

"""The commands that list what plugins offer: ``tasks models labelers metrics prompts plugins``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import typer

from imhi._core.cli import options
from imhi._core.cli.console import out, print_json, say
from imhi._core.cli.prices import prices
from imhi._core.declarations import Argument
from imhi._core.plugin_manager import PluginManager
from imhi._core.registry import Registry
from imhi._core.sanitizing import plain
from imhi._core.tables.table import Table
from imhi._core.tables.terminal import rich_table, show_table


@dataclass(frozen=True)
class Listing:
    """How a kind is listed: the help of its command, the fields ``--json`` has, and those the
    table shows, by the heads of its columns."""

    help: str
    fields: Sequence[str]
    shown: Mapping[str, str]


_SUMMARY = (("name", "summary"), {"name": "name", "summary": "summary"})
LISTINGS = {
    "labelers": Listing("List labelers.", *_SUMMARY),
    "metrics": Listing(
        "List metrics and their groups.",
        ("name", "group", "default", "higher_is_better", "summary", "arguments"),
        {"name": "name", "group": "group", "by default": "default", "summary": "summary"},
    ),
    "prompts": Listing("List prompt styles.", *_SUMMARY),
    "sources": Listing("List sources of examples.", *_SUMMARY),
    "views": Listing(
        "List views: which gold labels and which rows count.",
        ("name", "gold", "exclude", "summary"),
        {"view": "name", "gold": "gold", "without": "exclude", "summary": "summary"},
    ),
}


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(tasks)
    group = typer.Typer(rich_markup_mode=None, invoke_without_command=True)
    group.callback()(models)
    group.command("prices")(prices)
    app.add_typer(group, name="models")
    for kind, listing in LISTINGS.items():
        app.command(kind, help=listing.help)(_lister(kind, listing))
    app.command()(plugins)


def _show(heads: Iterable[str], rows: Iterable[Sequence[object]]) -> None:
    # Names stay whole; the rest wraps.
    first, *others = heads
    show_table(Table("", [*Table.whole_texts(first), *Table.texts(*others)], list(rows)))


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else ""
    return ", ".join(value) if isinstance(value, tuple) else value


def _default(argument: Argument) -> object:
    default = argument.default
    return ";".join(default) if isinstance(default, tuple) else default


def _described(arguments: Sequence[Argument]) -> dict[str, dict[str, object]]:
    return {a.written: {"summary": a.summary, "default": _default(a)} for a in arguments}


def _show_arguments(head: str, arguments: Sequence[Argument]) -> None:
    from rich.padding import Padding

    rows = []
    for argument in arguments:
        empty = argument.group or argument.default is None
        default = "" if empty else f" (default {_default(argument)})"
        rows.append([f"{argument.written}=", f"{argument.summary}{default}"])
    out().print(plain(head), style="bold", markup=False)
    drawn = rich_table(Table("", [*Table.whole_texts(""), *Table.texts("")], rows))
    drawn.show_header = False
    out().print(Padding(drawn, (0, 0, 0, 4)))


def _registry(context: typer.Context) -> Registry:
    manager: PluginManager = context.obj
    return manager.registry


def tasks(context: typer.Context, as_json: options.AsJson = False) -> None:
    """List tasks and their datasets."""
    registry = _registry(context)
    datasets = [(task, dataset) for task in registry.tasks for dataset in task.datasets]
    if not as_json:
        _show(
            ("dataset", "task", "test rows", "labels"),
            (
                (d.name, t.name, d.counts.get("test", "-"), ", ".join(d.label_names))
                for t, d in datasets
            ),
        )
        return
    rows = [
        {
            "dataset": dataset.name,
            "task": task.name,
            "labels": list(dataset.label_names),
            "questions": [question.text for question in dataset.questions],
            "counts": dict(dataset.counts),
            "note": dataset.note,
            "plugin": registry.tasks.owners[task.name],
        }
        for task, dataset in datasets
    ]
    print_json({"tasks": rows})


def models(context: typer.Context, as_json: options.AsJson = False) -> None:
    """List model schemes with their arguments, and presets."""
    if context.invoked_subcommand is not None:
        return
    registry = _registry(context)
    if as_json:
        families = [
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
        print_json({"families": families, "presets": presets})
        return
    console = out()
    for family in registry.families:
        head = f"{family.scheme}:{family.target}   {family.summary}"
        _show_arguments(head, family.arguments)
        for example in family.examples:
            console.print(plain(f"    e.g. {example}"), markup=False, style="dim")
    console.print()
    _show(("preset", "stands for"), [(p.name, p.model) for p in registry.presets])


def _lister(kind: str, listing: Listing) -> Callable[[typer.Context, bool], None]:
    """Return the command that lists everything registered of a kind."""

    def listed(context: typer.Context, as_json: options.AsJson = False) -> None:
        registered = getattr(_registry(context), kind)
        records = [{name: getattr(one, name) for name in listing.fields} for one in registered]
        if as_json:
            for record in records:
                if "arguments" in record:
                    record["arguments"] = _described(record["arguments"])
                record["plugin"] = registered.owners[record["name"]]
            print_json({kind: records})
            return
        shown = listing.shown.values()
        _show(listing.shown, ([_cell(record[name]) for name in shown] for record in records))
        for record in records:
            if arguments := record.get("arguments"):
                out().print()
                head = f"{record['name']}:{arguments[0].name.upper()},key=value,..."
                _show_arguments(head, arguments)

    return listed


def plugins(context: typer.Context, as_json: options.AsJson = False) -> None:
    """List plugins: distribution, version, what each adds, and what failed to load and why."""
    manager: PluginManager = context.obj
    if as_json:
        loaded = [dataclasses.asdict(plugin) for plugin in manager.plugins]
        problems = [dataclasses.asdict(problem) for problem in manager.problems]
        print_json({"plugins": loaded, "problems": problems})
        return
    rows = []
    failed = {problem.plugin for problem in manager.problems}
    for plugin in manager.plugins:
        adds = "; ".join(f"{kind}: {', '.join(given)}" for kind, given in plugin.adds.items())
        origin = f"{plugin.distribution} {plugin.version}"
        rows.append(
            (plugin.name, origin, adds or ("" if plugin.name in failed else "observes runs"))
        )
    _show(("plugin", "from", "adds"), rows)
    for problem in manager.problems:
        say(f"failed: {problem}", "red")

"""The commands that look and change nothing: ``presets inspect checks status``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imhi.build.commands.options import Build, opened
from imhi.io import options

if TYPE_CHECKING:
    from imhi import PluginManager
    from imhi.build.raw.inspecting import Fit, Inspected


def presets(context: typer.Context, as_json: options.AsJson = False) -> None:
    """List the presets for raw datasets, and how their layouts are known."""
    from imhi.build.raw.preset import preset_names, read_preset
    from imhi.io import Table, print_json, show_table

    manager: PluginManager = context.obj
    found = {name: read_preset(name, manager.registry) for name in preset_names()}
    if as_json:
        print_json({k: p.model_dump(mode="json", by_alias=True) for k, p in found.items()})
        return
    rows = [
        (name, preset.dataset, preset.origin.layout, preset.summary)
        for name, preset in found.items()
    ]
    show_table(Table("", Table.texts("preset", "dataset", "layout", "what it reads"), rows))


def inspect(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A raw file.")],
    preset: Annotated[
        options.Texts,
        typer.Option(metavar="FILE.yaml", help="Hold a preset of your own against it too."),
    ] = None,
    encoding: Annotated[str, typer.Option(metavar="NAME", help="Its encoding.")] = "utf-8",
    sheet: Annotated[options.Text, typer.Option(metavar="NAME", help="Its Excel sheet.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Show which columns a raw file has, and which preset fits. Posts are not shown.

    Leaves with 1 when rows could not be read.
    """
    from imhi.build.raw.inspecting import inspect_file
    from imhi.io import print_json

    manager: PluginManager = context.obj
    found = inspect_file(
        file, manager.registry, encoding=encoding, sheet=sheet, presets=preset or ()
    )
    if as_json:
        print_json(_as_json(found))
    else:
        _show(found)
    raise typer.Exit(1 if found.problems else 0)


def _as_json(found: Inspected) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "file": str(found.path),
        "format": found.format,
        "rows": found.rows,
        "columns": [
            {
                "name": c.name,
                "filled": c.filled,
                "characters": round(c.characters, 1),
                "values": None if c.shown is None else dict(c.shown.most_common()),
            }
            for c in found.columns
        ],
        "problems": list(found.problems),
        "presets": [{**asdict(fit), "fits": fit.fits} for fit in found.fits],
    }


def _show(found: Inspected) -> None:
    from imhi.build.raw.inspecting import skeleton
    from imhi.io import Table, out, sanitizing, say, show_table

    rows = []
    for column in found.columns:
        what = f"text, {column.characters:,.0f} characters on average"
        if column.shown is not None:
            what = ", ".join(f"{value} ({n:,})" for value, n in column.shown.most_common())
        rows.append((column.name, f"{column.filled:,}", what if column.filled else "empty"))
    title = f"{found.path.name}: {found.format}, {found.rows:,} rows"
    show_table(
        Table(
            title,
            [*Table.texts("column"), *Table.numbers("filled"), *Table.texts("values")],
            rows,
        )
    )
    for problem in found.problems[:5]:
        say(problem, "yellow")
    if len(found.problems) > 5:
        say(f"... and {len(found.problems) - 5:,} more rows that cannot be read", "yellow")
    fitting = [fit for fit in found.fits if fit.fits]
    for fit in fitting:
        but = "" if fit.named else ", but for its name"
        out().print(
            sanitizing.plain(f"fits{but}: preset {fit.preset}, dataset {fit.dataset}"), markup=False
        )
    if fitting:
        _show_next(found, fitting[0])
        return
    if found.fits:
        _show_nearest(found.fits[:3])
    out().print("\nthe beginning of a preset of your own:\n", markup=False)
    for line in skeleton(found):
        out().print(sanitizing.plain(line), markup=False, soft_wrap=True)


def _show_next(found: Inspected, fit: Fit) -> None:
    import shlex

    from imhi.io import say

    if fit.named or fit.single:
        place = found.path.parent if fit.named else found.path
        pair = shlex.quote(f"{fit.preset}={place}")
        say(f"next: imhi build new FOLDER --raw {pair}")
    else:
        say(
            f"next: call the file as the preset expects ({', '.join(fit.names)}), or copy the "
            "preset and correct 'files'"
        )


def _show_nearest(fits: Sequence[Fit]) -> None:
    from imhi.io import Table, show_table

    columns = [
        *Table.texts("preset"),
        *Table.whole_texts("dataset"),
        *Table.texts("what is wrong"),
    ]
    rows = [(fit.preset, fit.dataset, _wrong(fit)) for fit in fits]
    show_table(Table("no preset fits; nearest:", columns, rows))


def _wrong(fit: Fit) -> str:
    parts = [f"missing: {', '.join(fit.missing)}"] if fit.missing else []
    parts += [
        f"{column}: unknown {', '.join(values[:4])}{' ...' if len(values) > 4 else ''}"
        for column, values in fit.unknown.items()
    ]
    return "; ".join(parts)


def checks(context: typer.Context, as_json: options.AsJson = False) -> None:
    """List the checks, what each does by default, and their settings."""
    from imhi.build.checks.configured import configured_checks
    from imhi.io import Table, print_json, show_table

    manager: PluginManager = context.obj
    configured = configured_checks({}, manager.registry)
    if as_json:
        print_json({name: one.to_json() for name, one in configured.items()})
        return
    rows = []
    for name, one in configured.items():
        # As they would stand in build.yaml.
        values = one.settings.model_dump(mode="json", exclude={"action"})
        others = ", ".join(f"{k}: {json.dumps(v)}" for k, v in values.items())
        rows.append((name, one.action, one.check.summary, others))
    show_table(Table("", Table.texts("check", "action", "what it finds", "settings"), rows))


def status(context: typer.Context, build: Build, as_json: options.AsJson = False) -> None:
    """Show what a build has come to, and what to do next."""
    from imhi.build.folder import STAGES
    from imhi.io import Table, out, print_json, say, show_table

    folder, _ = opened(context, build, None, "")
    if as_json:
        print_json(folder.stages())
        return
    record = folder.record()
    explained = record.explain.datasets if record.explain else {}
    rows = []
    for name, read in record.read.datasets.items() if record.read else ():
        counts = explained.get(name)
        rows.append(
            {
                "dataset": name,
                "rows": f"{sum(read.counts.values()):,}",
                "explained": f"{counts['rows'] - counts['lacking']:,}" if counts else "-",
                "kept out": f"{record.check.quarantined.get(name, 0):,}" if record.check else "-",
            }
        )
    if rows:
        show_table(Table.of("", rows))
    done = record.done()
    for name in STAGES:
        out().print(f"{name}: {done[name].at if name in done else 'not done'}", markup=False)
    for name, why in record.check.skipped.items() if record.check else ():
        out().print(f"check {name} skipped: {why}", markup=False)
    following = next((name for name in STAGES if name not in done), None)
    if record.check and record.check.missing:
        missing = ", ".join(record.check.missing)
        out().print(f"checks not made on these rows: {missing}", markup=False)
        following = "check"
    if any(counts["lacking"] for counts in explained.values()):
        following = "explain"
    if following:
        say(f"next: imhi build {following} {build}")

"""The command ``imhi audit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imhi.io import options

if TYPE_CHECKING:
    from imhi import PluginManager
    from imhi.build.audit.records import Audit

WIDE = 120


def add_command(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("audit")(audit)


def audit(
    context: typer.Context,
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="demo, official:PATH, own, built:FOLDER ...")
    ],
    raw: Annotated[
        options.Texts,
        typer.Option(
            metavar="PRESET=FOLDER",
            help="Raw files with the annotators' labels (see: imhi build presets); repeatable.",
        ),
    ] = None,
    split: Annotated[
        options.Texts,
        typer.Option(metavar="NAME", help="Judge only this split; repeatable."),
    ] = None,
    dataset: options.DatasetNames = None,
    to: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the report and verdicts are written.")
    ] = Path("audit"),
    with_posts: Annotated[
        bool, typer.Option("--with-posts", help="Show posts in report.html: keep it to yourself.")
    ] = False,
    as_json: options.AsJson = False,
    show_all: Annotated[
        bool, typer.Option("--all", help="Every finding, not only warnings and serious ones.")
    ] = False,
) -> None:
    """Measure a benchmark: labels, leaks, repeats, floors, power; a verdict on every row.

    All rows are read, whatever is judged: a post may stand anywhere. Leaves with 1 when rows could
    not be read or raw rows fit nothing.
    """
    from imhi import open_source
    from imhi.build.audit.auditing import Auditing
    from imhi.build.audit.page import write_page
    from imhi.build.audit.raw_files import open_raw_files
    from imhi.io import err, print_json, say

    manager: PluginManager = context.obj
    name, opened = open_source(source, manager.registry)
    files = open_raw_files(raw or (), manager.registry)
    with err().status("audit") as status:
        auditing = Auditing(
            name,
            opened,
            manager.registry,
            files,
            dataset or (),
            split or (),
            tell=lambda what: status.update(f"audit: {what}"),
        )
        found = auditing.run(to)
        page = write_page(to, found, auditing.corpus if with_posts else None)
    if as_json:
        print_json(found.to_json())
    else:
        _show(found, show_all)
    for sentence in found.incomplete:
        say(sentence, "yellow")
    say(f"report: {page}; verdicts on every row: {to / 'verdicts'}")
    raise typer.Exit(1 if found.incomplete else 0)


def _show(found: Audit, everything: bool) -> None:
    from dataclasses import replace

    from imhi.build.audit import shown
    from imhi.io import Table, out, say, show_table

    wide = out().width >= WIDE
    if found.synthetic:
        say("note: these rows are fictional; nothing here is about IMHI", "yellow")
    for note in found.notes:
        say(f"note: {note}")
    chosen = shown.chosen(found, everything)
    findings = [
        {
            "severity": one.severity,
            "rows of": f"{one.dataset} {one.split}".strip(),
            "what": one.text,
        }
        for one in chosen
    ]
    for table in (
        shown.rows_table(found, wide),
        shown.floors_table(found, wide),
        shown.leaks_table(found),
        Table.of("Findings", findings, left=3),
    ):
        if table.rows:
            notes = [f"({note})" for note in table.notes]
            show_table(replace(table, notes=notes), gap=True)
    counts = ", ".join(f"{number} {severity}" for severity, number in found.counts().items())
    more = "" if len(chosen) == len(found.findings) else " (--all shows every one)"
    out().print(f"findings: {counts}{more}", markup=False)

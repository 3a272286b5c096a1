"""The command lines of ``imhi data``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imhi import Registry
from imhi.io import err, options, out, print_json
from imhi.plugins.data_commands.manifest import COMMIT, REPOSITORY


def check(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="demo, official:PATH, own ...")],
    dataset: Annotated[
        options.Texts,
        typer.Option("--dataset", "-d", metavar="NAME", help="Only this one; repeatable."),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Read every row of a source: counts, labels, unparsable gold, duplicates, overlap.

    Holds every file of a checkout against the published one. Leaves with 0 when every gold label
    was understood, 1 when some were not or a file differs, 2 when a file could not be read.
    """
    from imhi import open_source
    from imhi.plugins.data_commands.check import check_source
    from imhi.plugins.data_commands.check_table import show_report

    registry: Registry = context.obj.registry
    name, opened = open_source(source, registry)
    only = [registry.datasets.get(wanted).name for wanted in dataset or ()]
    with err().status("reading") as status:
        report = check_source(
            name, opened, registry.dataset_map(), only, lambda split: status.update(split)
        )
    if as_json:
        print_json(report.as_json())
    else:
        show_report(report, out())
    raise typer.Exit(report.exit_code)


def fetch(
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="Where the checkout goes.")
    ] = Path("data/imhi"),
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="PATH_OR_URL",
            help="Another git address, a folder, or a .tar.gz or .zip archive.",
        ),
    ] = REPOSITORY,
    commit: Annotated[
        options.Text, typer.Option(metavar="SHA", help=f"The commit to get (default {COMMIT}).")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Get the published IMHI data at the pinned commit and check every file's checksum.

    Run it again after an interruption: what is there and right is kept.
    """
    from dataclasses import asdict

    from imhi.plugins.data_commands.fetch import fetch_checkout

    with err().status("fetching") as status:
        report = fetch_checkout(from_, to, commit, lambda text: status.update(text))
    if as_json:
        print_json(asdict(report))
    else:
        for line in report.lines():
            out().print(line, markup=False)

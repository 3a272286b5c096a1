"""The command lines of ``imhi leaderboard init`` and ``build``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imhi.io import options
from imhi.plugins.leaderboard.site import OFFICIAL

_Board = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="The folder of the board: board.yaml, entries/.")
]


def init(
    context: typer.Context,
    folder: _Board,
    title: Annotated[
        str, typer.Option("--title", metavar="TEXT", help="What the board is called.")
    ] = "IMHI leaderboard",
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="Where its pages will be served.")
    ] = "",
    source: Annotated[
        str,
        typer.Option(
            "--source", "-s", metavar="NAME[:PATH]", help="What submissions are verified with."
        ),
    ] = OFFICIAL,
    package: Annotated[
        str | None,
        typer.Option(
            "--package",
            metavar="WHEEL_OR_GIT",
            help="What workflows install: a wheel file, which is copied, or git+https://...@COMMIT.",
        ),
    ] = None,
) -> None:
    """Start a leaderboard: board.yaml, a place for submissions, and workflows that check them."""
    from imhi.io import say
    from imhi.plugins.leaderboard.site.installing import FOLDER, read_package
    from imhi.plugins.leaderboard.site.starting import start

    written = start(folder, title, url, source, read_package(package), context.obj.registry)
    for name in written:
        say(f"wrote {folder / name}")
    if package is None:
        say(
            f"without --package, the workflows wait for one wheel of the harness in {folder / FOLDER}: "
            "make it in a checkout (python -m build --wheel) and commit it",
            "yellow",
        )
    say(f"next: read {folder / 'README.md'}; then: imhi leaderboard build {folder}")


def build(
    context: typer.Context,
    folder: _Board,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="Where the pages go (default FOLDER/site)."),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Build a leaderboard's pages from its verified entries; only what changed is written."""
    from imhi.io import print_json, say
    from imhi.plugins.leaderboard.site.building import build_site

    built = build_site(folder, to or folder / "site", context.obj.registry)
    if as_json:
        print_json(built.to_json())
    for line in built.left_out:
        say(f"left out: {line}", "yellow")
    say(
        f"{built.entries} entries ({built.ranked} ranked, {built.partial} partial, "
        f"{built.superseded} superseded): {len(built.written)} of {built.files} files written, "
        f"{len(built.removed)} removed"
    )
    say(f"open {built.site / 'index.html'}")

"""The command line of ``imhi errors``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imhi.io import options

KINDS = {
    "missed": ("missed_by_all",),
    "flips": ("flips",),
    "contradictions": ("contradictions",),
    "clusters": ("clusters", "words"),
}


def errors(
    context: typer.Context,
    names: options.RunNames,
    labeler: options.LabelerName = None,
    dataset: options.DatasetNames = None,
    kind: Annotated[
        options.Text,
        typer.Option(metavar="NAME", help=f"Only one list: {', '.join(KINDS)}."),
    ] = None,
    with_posts: Annotated[
        bool, typer.Option("--with-posts", help="Show the posts of the examples listed.")
    ] = False,
    limit: Annotated[
        int,
        typer.Option(metavar="N", help="Rows shown of each list; 0: counts only (--json has all)."),
    ] = 20,
    as_json: options.AsJson = False,
    folder: options.Out = Path("runs"),
) -> None:
    """Say what runs get wrong: what all miss, what flips between them, and which words mark it."""
    from imhi import HarnessError, UnknownName
    from imhi.io import print_json
    from imhi.plugins.report.error_analysis import analyse
    from imhi.plugins.report.error_analysis.reading import read_runs
    from imhi.plugins.report.error_analysis.terminal import show
    from imhi.runs import find_run

    if kind is not None and kind not in KINDS:
        raise UnknownName("--kind", kind, KINDS)
    if limit < 0:
        raise HarnessError(f"--limit: found {limit}, expected a whole number, 0 or more")
    registry = context.obj.registry
    read = read_runs(
        [find_run(name, folder) for name in names],
        labeler or "",
        [registry.datasets.get(name).name for name in dataset or ()],
        registry,
    )
    kinds = [kind] if kind else list(KINDS)
    found = analyse(
        read.columns, read.labels, with_posts=with_posts, with_clusters="clusters" in kinds
    )
    if as_json:
        # A list that was not asked for is left out: it is not empty.
        dropped = {name for other in KINDS if other not in kinds for name in KINDS[other]}
        about = {name: getattr(read, name) for name in ("folders", "labeler", "split", "source")}
        rows = {name: value for name, value in found.to_json().items() if name not in dropped}
        print_json({**about, **rows, "notes": list(read.notes)})
        return
    show(found, read, kinds, limit)

"""The command line of ``imhi errors``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imhi.io import options

if TYPE_CHECKING:
    from imhi.runs import Columns

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
    from imhi.plugins.report.error_analysis.analysis import analyse
    from imhi.plugins.report.error_analysis.terminal import show
    from imhi.runs import RunFolder, RunSet

    if kind is not None and kind not in KINDS:
        raise UnknownName("--kind", kind, KINDS)
    if limit < 0:
        raise HarnessError(f"--limit: found {limit}, expected a whole number, 0 or more")
    registry = context.obj.registry
    runs = RunSet.open(
        [RunFolder.find(name, folder) for name in names],
        context.obj,
        labeler=labeler or "",
        datasets=[registry.datasets.get(name).name for name in dataset or ()],
        # Other splits have other ids: what they have in common is for the analysis to say.
        allow=("split", "labeler"),
    )
    columns: dict[str, dict[str, Columns]] = {name: {} for name in runs.names}
    for name in runs.datasets:
        for run, rows in zip(runs.names, runs.columns(name), strict=True):
            columns[run][name] = rows
    kinds = [kind] if kind else list(KINDS)
    found = analyse(columns, runs.labels, with_posts=with_posts, with_clusters="clusters" in kinds)
    if as_json:
        # A list that was not asked for is left out: it is not empty.
        dropped = {name for other in KINDS if other not in kinds for name in KINDS[other]}
        about = {
            "folders": {n: str(f.path) for n, f in zip(runs.names, runs.folders, strict=True)},
            "labeler": runs.labeler,
            "split": runs.split,
            "source": runs.source,
            "synthetic": runs.synthetic,
        }
        lists = {name: value for name, value in found.to_json().items() if name not in dropped}
        print_json({**about, **lists, "notes": [*runs.left_out, *runs.notes]})
        return
    show(found, runs, kinds, limit)

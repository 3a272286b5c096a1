"""The command ``imhi compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imhi._core.cli import options
from imhi._core.cli.console import print_json
from imhi._core.errors import HarnessError
from imhi._core.run_store import RunFolder


def compare(
    context: typer.Context,
    names: options.RunNames,
    labeler: options.LabelerName = None,
    metric: options.ComparedBy = None,
    dataset: options.DatasetNames = None,
    against: Annotated[
        options.Text,
        typer.Option(metavar="RUN", help="Test every run against this one only."),
    ] = None,
    view: Annotated[
        options.Text, typer.Option(metavar="NAME", help="Compare under this view.")
    ] = None,
    gold: options.Gold = None,
    exclude: options.Exclude = None,
    audit: options.Audit = Path("audit"),
    allow: options.Allow = None,
    rows: options.Rows = "all",
    published: options.Published = True,
    folder: options.Out = Path("runs"),
    resamples: options.Resamples = None,
    seed: options.Seed = None,
    as_json: options.AsJson = False,
    show_all: Annotated[
        bool, typer.Option("--all", help="Every pair on every dataset, not only neighbours.")
    ] = False,
) -> None:
    """Say whether runs differ: on the same examples, with intervals and tests.

    Refuses runs that differ in more than their models (data, split, prompt), and says in what.
    """
    from imhi._core.cli.comparison_tables import show_comparison
    from imhi._core.comparing import compare as compare_runs
    from imhi._core.published import PublishedResult
    from imhi._core.run_store.telling_apart import distinct_runs
    from imhi._core.views import OpenView

    runs = [RunFolder.find(name, folder) for name in names]
    reference = RunFolder.find(against, folder) if against else None
    places = [run.path.resolve() for run in runs]
    if reference is not None and reference.path.resolve() not in places:
        runs.append(reference)
    if len(distinct_runs(runs)[0]) < 2:
        twice = ", given twice" if len(runs) > 1 else ""
        raise HarnessError(
            f"imhi compare: found one run ({runs[0].path}{twice}), expected two or more; 'imhi runs' "
            "lists them"
        )
    known = PublishedResult.all(context.obj.registry) if published else []
    found = compare_runs(
        runs,
        context.obj,
        labeler=labeler or "",
        metrics=metric or (),
        datasets=[context.obj.registry.datasets.get(name).name for name in dataset or ()],
        allow=allow or (),
        resamples=10_000 if resamples is None else resamples,
        seed=seed or 0,
        view=OpenView.open(
            context.obj.registry, audit, name=view or "", gold=gold or "", exclude=exclude or ()
        ),
        rows=rows,
    )
    beside = PublishedResult.beside(known, found)
    if as_json:
        print_json({**found.to_json(), "published": [vars(row) for row in beside]})
        return
    compared = [Path(path).resolve() for path in found.runs]
    place = None
    if reference is not None:
        place = found.names[compared.index(reference.path.resolve())]
    show_comparison(found, beside, place, show_all)

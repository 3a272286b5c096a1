"""The command line of ``imhi report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imhi import HarnessError, UnknownName
from imhi.io import options

if TYPE_CHECKING:
    from imhi import PluginManager

HTML = "html"
FORMATS = (HTML, "markdown", "latex", "csv")
_BY_SUFFIX = {".md": "markdown", ".tex": "latex", ".csv": "csv"}
_DEFAULT = Path("report.html")


def report(
    context: typer.Context,
    names: options.RunNames,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FILE",
            help="Write here (default report.html; other formats: standard output).",
        ),
    ] = None,
    form: Annotated[
        options.Text,
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"{', '.join(FORMATS)} (default: what the name of --to says, else {HTML}).",
        ),
    ] = None,
    labeler: options.LabelerName = None,
    with_posts: Annotated[
        bool,
        typer.Option("--with-posts", help="Put posts, references and answers into the HTML file."),
    ] = False,
    metric: options.ComparedBy = None,
    dataset: options.DatasetNames = None,
    published: options.Published = True,
    allow: options.Allow = None,
    rows: options.Rows = "all",
    folder: options.Out = Path("runs"),
    resamples: options.Resamples = None,
    seed: options.Seed = None,
) -> None:
    """Write a report about one or more runs: one HTML file that needs no network, or a table.

    Without --with-posts no post, no reference and no answer is in it.
    """
    from imhi.plugins.report.writing import ComparisonOptions, write_page, write_table
    from imhi.runs import RunFolder

    form = form or _BY_SUFFIX.get(to.suffix.lower() if to else "", HTML)
    if form not in FORMATS:
        raise UnknownName("--format", form, FORMATS)
    if with_posts and form != HTML:
        raise HarnessError(
            f"--with-posts: found it with --format {form}, which holds figures only; leave it out, or "
            f"choose --format {HTML}"
        )
    manager: PluginManager = context.obj
    runs = [RunFolder.find(name, folder) for name in names]
    compared = ComparisonOptions(
        labeler=labeler or "",
        metrics=metric or (),
        datasets=[manager.registry.datasets.get(name).name for name in dataset or ()],
        allow=allow or (),
        rows=rows,
        resamples=10_000 if resamples is None else resamples,
        seed=seed or 0,
    )
    if form == HTML:
        write_page(runs, manager, to or _DEFAULT, published, with_posts, compared)
    else:
        write_table(runs, manager, form, to, published, compared)

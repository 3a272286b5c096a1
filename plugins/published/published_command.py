"""The command line of ``imhi published``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from imhi.io import options

if TYPE_CHECKING:
    from imhi.runs import PublishedResult


def published(
    context: typer.Context,
    dataset: options.DatasetNames = None,
    model: Annotated[
        options.Texts, typer.Option("--model", metavar="NAME", help="Only this model; repeatable.")
    ] = None,
    metric: Annotated[
        options.Texts,
        typer.Option("--metric", metavar="NAME", help="Only this measure; repeatable."),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """List results that others have published: not measured here, each with its source."""
    from imhi.io import out, print_json
    from imhi.plugins.published.listing import show
    from imhi.runs import PublishedResult

    registry = context.obj.registry
    rows = list(PublishedResult.all(registry))
    datasets = [registry.datasets.get(name).name for name in dataset or ()]
    models = _known("published model", model or (), [row.model for row in rows])
    metrics = _known("published metric", metric or (), [row.metric for row in rows])
    found = [
        row
        for row in rows
        if (not datasets or row.dataset in datasets)
        and (not models or row.model in models)
        and (not metrics or row.metric in metrics)
    ]
    _check_found(rows, found)
    if as_json:
        print_json({"published": [vars(row) for row in found]})
    else:
        show(found, list(registry.datasets.things), out().width)


def _known(kind: str, asked: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return names as they are written; case does not matter.

    Raises:
        UnknownName: nothing is called so.
    """
    from imhi import UnknownName

    written = {name.lower(): name for name in names}
    for name in asked:
        if name.lower() not in written:
            raise UnknownName(kind, name, set(names), "all of them: imhi published")
    return [written[name.lower()] for name in asked]


def _check_found(rows: Sequence[PublishedResult], found: Sequence[PublishedResult]) -> None:
    from imhi import HarnessError

    if not rows:
        raise HarnessError(
            "found no published results, expected a plugin that has some; what is loaded: imhi plugins"
        )
    if not found:
        raise HarnessError(
            f"found none of the {len(rows)} published figures to be of that dataset, model and metric "
            "together; leave one of them out"
        )

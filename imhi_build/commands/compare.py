"""The command ``imhi build compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imhi.build.commands.options import Build, opened
from imhi.io import options

if TYPE_CHECKING:
    from imhi import PluginManager
    from imhi.build.comparing import Difference, SplitComparison
    from imhi.build.folder import BuildFolder


def compare(
    context: typer.Context,
    build: Build,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="official:PATH, built:BUILD ...")],
    to: Annotated[
        Path | None,
        typer.Option("--list", metavar="FILE.csv", help="Write every difference, without posts."),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Hold a build against other data: rows, queries, labels, explanations."""
    from imhi import HarnessError, open_source
    from imhi.build.comparing import compare as compare_dataset
    from imhi.build.raw.splits import SPLITS
    from imhi.io import print_json, say

    folder, _ = opened(context, build, None)
    manager: PluginManager = context.obj
    _, other = open_source(source, manager.registry)
    found = [
        split
        for name in folder.datasets()
        for split in compare_dataset(folder, other, manager.registry.datasets.get(name))
    ]
    here = [f"{name} {split}" for name in folder.datasets() for split in _splits(folder, name)]
    there = [f"{name} {split}" for name in folder.datasets() for split in other.splits(name)]
    if not found:
        raise HarnessError(
            f"{source}: found no split of this build in it, expected one of {', '.join(here)}; name "
            "another source"
        )
    differences = [one for split in found for one in split.differences]
    if to is not None:
        _write(to, differences)
    if as_json:
        print_json([_as_json(split) for split in found])
        return
    _show(found)
    lacking = {source: [one for one in here if one not in there]}
    official = [one for one in there if one.rpartition(" ")[2] in SPLITS]
    lacking["the build"] = [one for one in official if one not in here]
    for where, names in lacking.items():
        if names:
            say(f"not compared, as {where} has none: {', '.join(names)}")
    if to is not None:
        say(f"wrote {len(differences):,} differences to {to}")
    elif differences:
        say(f"{len(differences):,} differences; --list FILE.csv writes them row by row")


def _splits(folder: BuildFolder, dataset: str) -> list[str]:
    return list(folder.require_read().datasets[dataset].counts)


def _as_json(split: SplitComparison) -> dict[str, object]:
    from dataclasses import asdict

    labels = [{"here": a, "there": b, "rows": n} for (a, b), n in split.labels.most_common()]
    return {**asdict(split), "labels": labels}


def _write(path: Path, differences: list[Difference]) -> None:
    import csv
    from dataclasses import asdict, fields

    from imhi.build.comparing import Difference

    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [field.name for field in fields(Difference)])
        writer.writeheader()
        writer.writerows(asdict(one) for one in differences)


def _show(found: list[SplitComparison]) -> None:
    from imhi.io import Table, out, show_table

    rows = []
    for split in found:
        counts = (split.here, split.there, split.both, split.same_query, split.same_label)
        explanation = f"{split.same_explanation:,}" if split.explained else "-"
        rows.append([split.dataset, split.split, *(f"{n:,}" for n in counts), explanation])
    heads = Table.numbers("here", "there", "both", "query", "label", "explanation")
    title = "rows, and how many of those in both are the same"
    show_table(Table(title, [*Table.texts("dataset", "split"), *heads], rows))
    for split in found:
        if split.labels:
            pairs = ", ".join(
                f"{here} here and {there} there {n:,}"
                for (here, there), n in split.labels.most_common(6)
            )
            out().print(f"{split.dataset} {split.split}: labels differ: {pairs}", markup=False)

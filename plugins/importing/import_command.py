"""The command line of ``imhi import``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from imhi import HarnessError, PluginManager, Results, RunSettings
from imhi.io import finish, options


def import_answers(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE_OR_FOLDER...",
            help="CSV with goldens and generated_text, or id and text; a folder of such files is "
            "one model's.",
        ),
    ],
    dataset: Annotated[
        options.Text,
        typer.Option("--dataset", "-d", metavar="NAME", help="The dataset of a single file."),
    ] = None,
    source: options.Source = None,
    split: options.Split = None,
    name: Annotated[
        options.Text,
        typer.Option(
            "--name",
            metavar="NAME",
            help="What tables call it (default: the folder's or file's name).",
        ),
    ] = None,
    labeler: options.LabelerName = None,
    metric: options.MetricNames = None,
    judge: options.Judges = None,
    out_folder: options.Out = Path("runs"),
    seed: options.Seed = None,
    resamples: options.Resamples = None,
    format_name: options.Format = "table",
    as_json: options.AsJson = False,
    show_all: options.All = False,
) -> None:
    """Score answers made elsewhere. With --source, rows are joined and reference answers checked."""
    from imhi.io import shown
    from imhi.plugins.importing.files import find_answer_files
    from imhi.plugins.importing.source import SPLIT
    from imhi.runs import run

    manager: PluginManager = context.obj
    if name and len(paths) > 1:
        raise HarnessError(
            f"--name {name}: found {len(paths)} files or folders, expected one: each is called by "
            "its own name"
        )
    given = {
        "labeler": labeler,
        "metric": metric,
        "judge": judge,
        "out": out_folder,
        "seed": seed,
        "resamples": resamples,
    }
    datasets = manager.registry.dataset_map()
    asked: list[RunSettings] = []
    for path in paths:
        place = path.resolve()
        called = name or (place.name if place.is_dir() else place.stem).replace(",", " ")
        model = f"imported:{place},name={called}" + (f",dataset={dataset}" if dataset else "")
        own = f"imported:{dataset}={place}" if dataset else f"imported:{place}"
        rows = {
            "model": (model,),
            "source": source or own,
            "split": split if source else SPLIT,
            "dataset": tuple(find_answer_files(path, datasets, dataset)),
        }
        asked.append(options.merge_settings({**given, **rows}))
    with shown(manager):
        runs = [scores for settings in together(asked) for scores in run(settings, manager)]
    finish(Results(runs), manager, format_name, as_json, show_all, "imhi import", metric or ())


def together(asked: Sequence[RunSettings]) -> list[RunSettings]:
    """Join settings that differ in nothing but the model, so that metrics are opened once."""
    joined: dict[RunSettings, tuple[str, ...]] = {}
    for settings in asked:
        rest = dataclasses.replace(settings, model=("",))
        joined[rest] = (*joined.get(rest, ()), *settings.model)
    return [dataclasses.replace(rest, model=models) for rest, models in joined.items()]

"""The command line of ``imhi import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options
from harness.cli.options import merge_settings
from harness.cli.scores import finish
from harness.plugin_manager import PluginManager
from harness.results import Results


def import_answers(
    context: typer.Context,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE_OR_FOLDER",
            help="CSV with goldens and generated_text, or id and text; a folder of such files.",
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
    out_folder: options.Out = Path("runs"),
    seed: options.Seed = None,
    resamples: options.Resamples = None,
    format_name: options.Format = "table",
    as_json: options.AsJson = False,
    show_all: options.All = False,
) -> None:
    """Score answers made elsewhere. With --source, rows are joined and reference answers checked."""
    from harness.stages.pipeline import run
    from plugins.importing.files import find_answer_files
    from plugins.importing.source import SPLIT

    manager: PluginManager = context.obj
    files = find_answer_files(path, manager.registry.dataset_map(), dataset)
    place = path.resolve()
    shown = name or (place.name if place.is_dir() else place.stem).replace(",", " ")
    model = f"imported:{place},name={shown}" + (f",dataset={dataset}" if dataset else "")
    own = f"imported:{dataset}={place}" if dataset else f"imported:{place}"
    settings = merge_settings(
        {
            "model": (model,),
            "source": source or own,
            "split": split if source else SPLIT,
            "dataset": tuple(files),
            "labeler": labeler,
            "metric": metric,
            "out": out_folder,
            "seed": seed,
            "resamples": resamples,
        }
    )
    results = Results([run(settings, model, manager)])
    finish(results, manager, format_name, as_json, show_all, "imhi import")

"""Options that several commands share, declared once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imhi._core.errors import HarnessError
from imhi._core.settings import RunSettings, read_run_file

if TYPE_CHECKING:
    from imhi._core.answer_cache.cache_folder import CacheFolder

Text = str | None
Number = int | None
Real = float | None
Texts = list[str] | None

Source = Annotated[
    Text,
    typer.Option(
        "--source", "-s", metavar="NAME[:PATH]", help="demo (default), official:PATH, own ..."
    ),
]
Split = Annotated[
    Text, typer.Option(metavar="NAME", help="test (default), train, val, complete, expert ...")
]
DatasetNames = Annotated[
    Texts, typer.Option("--dataset", "-d", metavar="NAME", help="Only this dataset; repeatable.")
]
TaskNames = Annotated[
    Texts, typer.Option("--task", "-t", metavar="NAME", help="Only this task; repeatable.")
]
Prompt = Annotated[Text, typer.Option(metavar="STYLE", help="Prompt style (see: imhi prompts).")]
LabelerName = Annotated[
    Text, typer.Option("--labeler", metavar="NAME", help="How labels are read (default hybrid).")
]
MetricNames = Annotated[
    Texts,
    typer.Option(
        "--metric",
        metavar="NAME",
        help="A metric (NAME:VALUE,key=value) or a group (see: imhi metrics); repeatable.",
    ),
]
Judges = Annotated[
    Texts,
    typer.Option("--judge", metavar="MODEL", help="A model that --metric judge asks; repeatable."),
]
Limit = Annotated[Number, typer.Option(metavar="N", help="At most N examples per dataset.")]
Shots = Annotated[Number, typer.Option(metavar="N", help="Examples in few-shot (default 3).")]
MaxNewTokens = Annotated[Number, typer.Option(metavar="N", help="Longest answer, in tokens.")]
Temperature = Annotated[Real, typer.Option(metavar="T", help="0 (default) is greedy.")]
Samples = Annotated[
    Number,
    typer.Option(metavar="N", help="Answers per example, which vote; needs --temperature above 0."),
]
TopP = Annotated[Real, typer.Option(metavar="P", help="Nucleus sampling (default 1).")]
Stop = Annotated[Texts, typer.Option(metavar="TEXT", help="Stop at this text; repeatable.")]
ChatTemplate = Annotated[
    Text, typer.Option(metavar="auto|on|off", help="Use the model's chat template.")
]
Answer = Annotated[
    Text,
    typer.Option(
        metavar="HOW",
        help="text (default), likelihood[:normalised] (of each label's wording) or choice (of one).",
    ),
]
System = Annotated[Text, typer.Option(metavar="TEXT", help="System prompt.")]
RepairMojibake = Annotated[
    bool | None,
    typer.Option(
        "--repair-mojibake/--keep-mojibake", help="Repair wrongly decoded posts (recorded)."
    ),
]
Resamples = Annotated[
    Number,
    typer.Option(
        metavar="N",
        help="Resamples of ranks, permutations of tests (default 10000); scores need none.",
    ),
]
RepeatCheck = Annotated[
    Number,
    typer.Option(metavar="N", help="Ask N requests three times more: do answers repeat?"),
]
Cache = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Keep answers here across runs, and take those that are there (default IMHI_CACHE).",
    ),
]
Observers = Annotated[
    Texts,
    typer.Option(
        "--observer",
        metavar="NAME:VALUE",
        help="Tell a tracker of it: mlflow:URI, trackio:FOLDER; repeatable.",
    ),
]
EnergyOf = Annotated[
    Text,
    typer.Option(
        "--energy",
        metavar="NAME:VALUE",
        help="Measure energy and CO2: codecarbon:COUNTRY, such as codecarbon:DEU.",
    ),
]
Seed = Annotated[Number, typer.Option(metavar="N", help="Seed of all that is drawn (default 0).")]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where run folders lie.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Format = Annotated[str, typer.Option("--format", metavar="NAME", help="table, markdown or csv.")]
All = Annotated[bool, typer.Option("--all", help="Every metric, and per-class parts.")]
Audit = Annotated[
    Path, typer.Option("--audit", metavar="FOLDER", help="Where 'imhi audit' left its verdicts.")
]
ViewNames = Annotated[
    Texts,
    typer.Option(
        "--view", metavar="NAME", help="Score under this view (see: imhi views); repeatable."
    ),
]
ShownViews = Annotated[
    Texts,
    typer.Option("--view", metavar="NAME", help="Scores under this view (released); repeatable."),
]
Gold = Annotated[
    Text,
    typer.Option("--gold", metavar="WHICH", help="released (default), human or agreed labels."),
]
Exclude = Annotated[
    Texts,
    typer.Option(
        "--exclude", metavar="FLAG", help="Leave out rows that the audit flags; repeatable."
    ),
]
Models = Annotated[
    Texts,
    typer.Option("--model", "-m", metavar="NAME", help="A model (see: imhi models); repeatable."),
]
Executor = Annotated[Text, typer.Option(metavar="NAME", help="Where work runs (default local).")]
ComparedBy = Annotated[
    Texts,
    typer.Option(
        "--metric",
        metavar="NAME",
        help="A measure, metric or group to compare by, or 'all'; repeatable (default weighted_f1).",
    ),
]
Allow = Annotated[
    Texts,
    typer.Option(
        "--allow",
        metavar="WHAT",
        help="data, examples, labeler, prompt or split: compare although it differs; repeatable.",
    ),
]
Rows = Annotated[
    str,
    typer.Option(
        metavar="WHICH", help="all (default), or answered: those that every run answered."
    ),
]
Published = Annotated[
    bool, typer.Option("--published/--no-published", help="Show published results beside.")
]
RunNames = Annotated[
    list[str], typer.Argument(metavar="RUN...", help="Folder, id, part of an id, or 'last'.")
]


def asked_settings(context: typer.Context) -> dict[str, Any]:
    """Return those options of a command that are settings of a run, by their names."""
    names = {field.name for field in dataclasses.fields(RunSettings)}
    asked = {name: value for name, value in context.params.items() if name in names}
    # Click gives paths as texts.
    return {k: Path(v) if k in {"out", "audit", "cache"} and v else v for k, v in asked.items()}


def merge_settings(given: Mapping[str, Any], run_file: Path | None = None) -> RunSettings:
    """Return settings: the command line over the run file over the defaults."""
    from_file = read_run_file(run_file) if run_file else {}
    flags = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None and value not in ([], ())
    }
    return RunSettings(**{**from_file, **flags})


def opened_cache(folder: Path | None) -> CacheFolder:
    """Return the answer cache a command is about.

    Raises:
        HarnessError: none is named, or it is none.
    """
    from imhi._core.answer_cache.cache_folder import VARIABLE, CacheFolder, asked_folder

    path = asked_folder(folder)
    if path is None:
        raise HarnessError(f"no cache is named; expected a folder, or the variable {VARIABLE}")
    if not path.is_dir():
        found = "found a file" if path.exists() else "there is no such folder"
        raise HarnessError(f"{path}: {found}; expected one that imhi run --cache has made")
    return CacheFolder.open(path)

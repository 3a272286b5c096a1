"""The command line of ``imhi import``."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from imhi import HarnessError, PluginManager, Results, RunSettings
from imhi.io import finish, options, say


def import_answers(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE_OR_FOLDER...",
            help="CSV, JSONL, JSON, Excel, a log of lm-eval or inspect, the output of a batch; a folder "
            "of such files is one model's.",
        ),
    ],
    dataset: Annotated[
        options.Text,
        typer.Option("--dataset", "-d", metavar="NAME", help="The dataset of a single file."),
    ] = None,
    source: options.Source = None,
    split: options.Split = None,
    rows: Annotated[
        str,
        typer.Option(
            metavar="all|prefix",
            help="Files without ids hold all rows of the split (default), or the first of them.",
        ),
    ] = "all",
    column: Annotated[
        options.Texts,
        typer.Option(
            metavar="ROLE=NAME",
            help="The column with the id, text, gold or thought; - for none; repeatable.",
        ),
    ] = None,
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
    from imhi.plugins.importing.columns import read_choices
    from imhi.runs import run

    manager: PluginManager = context.obj
    if name and len(paths) > 1:
        raise HarnessError(
            f"--name {name}: found {len(paths)} files or folders, expected one: each is called by "
            "its own name"
        )
    _check_rows(rows, source)
    given = {
        "labeler": labeler,
        "metric": metric,
        "judge": judge,
        "out": out_folder,
        "seed": seed,
        "resamples": resamples,
        "source": source,
        "split": split,
    }
    asked = _Asked(dataset, rows, read_choices(column or ()), name)
    settings, skipped = _planned(paths, asked, given, manager)
    with shown(manager), _cleaning_up_when_killed():
        runs = [scores for one in together(settings) for scores in run(one, manager)]
    results = Results(runs, skipped=skipped)
    finish(results, manager, format_name, as_json, show_all, "imhi import", metric or ())


@dataclasses.dataclass(frozen=True)
class _Asked:
    """What is said of the files."""

    dataset: str | None
    rows: str
    columns: Mapping[str, str]
    name: str | None

    def model(self, place: Path) -> str:
        """Return the model that answers with what lies there, as it would be written."""
        called = self.name or (place.name if place.is_dir() else place.stem).replace(",", " ")
        said = {"dataset": self.dataset, "rows": self.rows if self.rows != "all" else None}
        pairs = {"name": called, **said, **self.columns}
        return f"imported:{place}" + "".join(f",{key}={v}" for key, v in pairs.items() if v)

    def source(self, place: Path) -> str:
        """Return the source of the reference answers that lie there."""
        columns = "".join(f",{role}={name}" for role, name in self.columns.items())
        return (
            f"imported:{self.dataset}={place}{columns}"
            if self.dataset
            else f"imported:{place}{columns}"
        )


def _check_rows(rows: str, source: str | None) -> None:
    from imhi.plugins.importing.joining import PREFIX, ROWS

    if rows not in ROWS:
        raise HarnessError(f"--rows {rows}: expected {' or '.join(ROWS)}")
    if rows == PREFIX and source is None:
        raise HarnessError(
            f"--rows {PREFIX}: found no --source, expected the one whose first rows the files hold; "
            "without a source the rows of a file are all there are"
        )


def _planned(
    paths: Sequence[Path], asked: _Asked, given: Mapping[str, Any], manager: PluginManager
) -> tuple[list[RunSettings], dict[str, str]]:
    """Return the runs to make and what was left out; every file has been read by then."""
    from imhi.plugins.importing.files import find_answer_files
    from imhi.plugins.importing.planning import opened, plan_import
    from imhi.plugins.importing.source import SPLIT

    datasets = manager.registry.dataset_map()
    settings: list[RunSettings] = []
    skipped: dict[str, str] = {}
    for path in paths:
        found = find_answer_files(path, datasets, asked.dataset, asked.columns)
        place = path.resolve()
        own = {} if given["source"] else {"source": asked.source(place), "split": SPLIT}
        base = options.merge_settings({**given, **own, "model": (asked.model(place),)})
        plan = plan_import(path, found, base, asked.rows, opened(base, manager))
        for file, why in plan.skipped.items():
            say(f"{file}: left out: {why}", "yellow")
        for advice in plan.advice:
            say(advice, "yellow")
        skipped |= plan.skipped
        settings += [
            dataclasses.replace(base, dataset=part.datasets, limit=part.limit)
            for part in plan.parts
        ]
        if len(plan.parts) > 1:
            say(
                f"{path}: its files hold other numbers of rows: {len(plan.parts)} runs are made",
                "yellow",
            )
    return settings, skipped


@contextmanager
def _cleaning_up_when_killed() -> Iterator[None]:
    """Leave in good order when the process is asked to end: a run half made is removed."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    try:
        before = signal.signal(signal.SIGTERM, leave)
    except ValueError:  # not in the main thread: somebody else's program
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def together(asked: Sequence[RunSettings]) -> list[RunSettings]:
    """Join settings that differ in nothing but the model, so that metrics are opened once."""
    joined: dict[RunSettings, tuple[str, ...]] = {}
    for settings in asked:
        rest = dataclasses.replace(settings, model=("",))
        joined[rest] = (*joined.get(rest, ()), *settings.model)
    return [dataclasses.replace(rest, model=models) for rest, models in joined.items()]

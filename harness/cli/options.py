"""Options that several commands share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

# typer reads these at run time, on Python 3.10 too.
Texts = Optional[list[str]]  # noqa: UP045

Source = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--source", "-s", metavar="NAME[:PATH]", help="Where examples come from: demo, official:PATH, own."),
]
Split = Annotated[Optional[str], typer.Option(metavar="NAME", help="test (default), train, val, complete, expert ...")]  # noqa: UP045
DatasetNames = Annotated[Texts, typer.Option("--dataset", "-d", metavar="NAME", help="Only this dataset; repeatable.")]
TaskNames = Annotated[Texts, typer.Option("--task", "-t", metavar="NAME", help="Only this task; repeatable.")]
LabelerName = Annotated[Optional[str], typer.Option("--labeler", metavar="NAME", help="How labels are read (default hybrid).")]  # noqa: UP045
MetricNames = Annotated[Texts, typer.Option("--metric", metavar="NAME", help="A metric or group (labels, explanations); repeatable.")]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where run folders lie.")]
Resamples = Annotated[Optional[int], typer.Option(metavar="N", help="Bootstrap resamples (default 10000).")]  # noqa: UP045
Seed = Annotated[Optional[int], typer.Option(metavar="N", help="Seed of everything drawn (default 0).")]  # noqa: UP045
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Format = Annotated[str, typer.Option("--format", metavar="NAME", help="How scores are shown: a reporter.")]
All = Annotated[bool, typer.Option("--all", help="Every metric, and per-class parts.")]

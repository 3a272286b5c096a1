"""What stands in the tables, whatever they are drawn with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from imhi import RunScores
from imhi.io import Cell, Table, figures, sanitizing

if TYPE_CHECKING:
    from imhi import ReportOptions, RunScores
    from imhi.runs import AverageRow, ScoreRow

HEADLINE = "weighted_f1"


@dataclass(frozen=True)
class Value:
    """One run's part of a row: the value with its interval, and the answers without a label."""

    shown: str
    lost: str = ""


@dataclass(frozen=True)
class Line:
    """A row: its name, how many examples (or groups) it is about, and a value for each run."""

    name: str
    count: str
    values: Sequence[Value]
    mean: bool = False


@dataclass(frozen=True)
class Grid:
    """Values by line and run, before they are laid out. ``measured`` says what they are."""

    title: str
    key: str
    measured: str
    runs: Sequence[str]
    lines: Sequence[Line]

    def loses(self, run: int) -> bool:
        """Say whether any answer of a run has no label: only then is there a column for it."""
        return any(line.values[run].lost not in {"", "0"} for line in self.lines)

    def side_by_side(self, heads: Sequence[str]) -> Table:
        """Return the table with a column for each run, headed by ``heads``."""
        counted = ["n"] if any(line.count for line in self.lines) else []
        columns = [*Table.texts(self.key), *Table.numbers(*counted)]
        for run, head in enumerate(heads):
            columns += Table.numbers(head, *(["unparsed"] if self.loses(run) else []))
        rows: list[list[object]] = []
        for line in self.lines:
            rows.append([line.name, line.count] if counted else [line.name])
            for run, value in enumerate(line.values):
                lost = [value.lost] if self.loses(run) else []
                rows[-1] += [Cell(value.shown, figure=True), *lost]
        means = [place for place, line in enumerate(self.lines) if line.mean]
        return Table(self.title, columns, rows, rules=dict.fromkeys(means[:1], ""), frame="ruled")


def metrics_of(runs: Sequence[RunScores], options: ReportOptions) -> list[str]:
    """Return the measures to show: those of metrics just asked for, then the headline, then the
    rest."""
    asked = _asked(runs, options)
    names = dict.fromkeys(
        row["metric"]
        for run in runs
        for row in run.scores
        if row["headline"] and row["metric"] != "unparsed"
    )
    return sorted(names, key=lambda name: 0 if name in asked else 1 if name == HEADLINE else 2)


def asked_for(runs: Sequence[RunScores], options: ReportOptions) -> list[str]:
    """Return the measures of the metrics just asked for by name."""
    asked = _asked(runs, options)
    return [name for name in metrics_of(runs, options) if name in asked]


def _asked(runs: Sequence[RunScores], options: ReportOptions) -> set[str]:
    return {
        row["metric"] for run in runs for row in run.scores if row.get("made_by") in options.metrics
    }


def names_of(runs: Sequence[RunScores]) -> list[str]:
    """Return what each run is called, with its view where any is seen through one."""
    known = [
        (run.model, str(run.settings.get("prompt", {}).get("style", "")), Path(run.run).name)
        for run in runs
    ]
    apart = list(dict.fromkeys(known))
    called = dict(zip(apart, RunScores.distinct_names(apart), strict=True))
    names = [called[key] for key in known]
    if not any(run.view for run in runs):
        return names
    return [
        sanitizing.one_line(f"{name} [{run.view or 'released'}]")
        for name, run in zip(names, runs, strict=True)
    ]


def title_of(runs: Sequence[RunScores], metric: str) -> str:
    """Return a measure's name, with an arrow where less is better."""
    lower = any(
        row["metric"] == metric and row.get("higher_is_better") is False
        for run in runs
        for row in run.scores
    )
    return sanitizing.one_line(metric) + " \N{DOWNWARDS ARROW}" * lower


def datasets_of(runs: Sequence[RunScores]) -> list[str]:
    """Return the datasets in the order of their rows."""
    return list(dict.fromkeys(row["dataset"] for run in runs for row in run.scores))


def source_of(runs: Sequence[RunScores]) -> str:
    """Return the source and split the runs are about."""
    return sanitizing.one_line(
        "; ".join(dict.fromkeys(f"{run.source}, split {run.split}" for run in runs))
    )


def per_dataset(runs: Sequence[RunScores], metric: str) -> Grid:
    """Return one metric: a line for each dataset, then the averages."""
    lines = []
    for dataset in datasets_of(runs):
        rows = [_score(run, metric, dataset) for run in runs]
        # Under views, runs may have other numbers of examples.
        count = "/".join(dict.fromkeys(f"{row['n']:,}" for row in rows if row))
        values = [
            Value(_value(row), _lost(run, dataset)) for run, row in zip(runs, rows, strict=True)
        ]
        lines.append(Line(sanitizing.one_line(dataset), count, values))
    for over in ("datasets", "tasks"):
        means = [_mean(run, metric, over) for run in runs]
        groups = [str(row["groups"]) for row in means if row]
        if groups and len(lines) > 1:
            values = [Value(_value(row)) for row in means]
            lines.append(Line(f"mean over {over}", groups[0], values, mean=True))
    name = title_of(runs, metric)
    return Grid(f"{name} - {source_of(runs)}", "dataset", name, names_of(runs), lines)


def one_dataset(runs: Sequence[RunScores], metrics: Sequence[str], dataset: str) -> Grid:
    """Return a line for each metric, on one dataset."""
    rows = {metric: [_score(run, metric, dataset) for run in runs] for metric in metrics}
    return _metric_grid(f"{sanitizing.one_line(dataset)} - {source_of(runs)}", runs, rows)


def other_metrics(runs: Sequence[RunScores], metrics: Sequence[str]) -> Grid:
    """Return a line for each metric: the mean over datasets, or the one dataset's value."""
    datasets = datasets_of(runs)
    if len(datasets) == 1:
        return replace(one_dataset(runs, metrics, datasets[0]), title="other metrics")
    rows = {metric: [_mean(run, metric, "datasets") for run in runs] for metric in metrics}
    title = "metrics, mean over datasets (every metric for each dataset: --all)"
    return _metric_grid(title, runs, rows)


def _metric_grid(
    title: str,
    runs: Sequence[RunScores],
    rows: Mapping[str, Sequence[ScoreRow | None] | Sequence[AverageRow | None]],
) -> Grid:
    lines = [
        Line(title_of(runs, metric), "", [Value(_value(row)) for row in by_run])
        for metric, by_run in rows.items()
        if any(row is not None and row["value"] is not None for row in by_run)
    ]
    return Grid(title, "metric", "value", names_of(runs), lines)


def remarks(runs: Sequence[RunScores]) -> list[str]:
    """Return what a reader of the scores must know, a sentence each."""
    labelers = ", ".join(sorted({run.labeler for run in runs}))
    sentences = [f"95% intervals over posts; labels read by: {labelers}."]
    sentences += figures.crossed_note(
        any(row.get("cross_fitted") for run in runs for row in run.scores)
    )
    contradictions = sum(
        counts.get("contradictions", 0) for run in runs for counts in run.labelling.values()
    )
    if contradictions:
        answers = "1 answer contradicts itself"
        if contradictions > 1:
            answers = f"{contradictions:,} answers contradict themselves"
        sentences.append(f"{answers} (label sentence against explanation).")
    runs_of: dict[str, list[str]] = {}
    for name, run in zip(names_of(runs), runs, strict=True):
        for note in (*run.gaps, *run.notes):
            runs_of.setdefault(note, []).append(name)
    sentences += [
        note if len(names) == len(runs) else f"{', '.join(names)}: {note}"
        for note, names in sorted(runs_of.items())
    ]
    sentences += figures.closing(any(run.synthetic for run in runs))
    return [sanitizing.one_line(remark) for remark in sentences]


def _value(row: ScoreRow | AverageRow | None) -> str:
    if row is None:
        return "-"
    value = figures.interval(row["value"], row["low"], row["high"], row.get("decimals", 1))
    return figures.crossed(value, row.get("cross_fitted", False))


def _lost(run: RunScores, dataset: str) -> str:
    counts = run.labelling.get(dataset)
    if counts is None:
        return ""
    failed = f" + {counts['failed']:,} failed" if counts["failed"] else ""
    return f"{counts['unparsed']:,}{failed}"


def _score(run: RunScores, metric: str, dataset: str) -> ScoreRow | None:
    rows = (row for row in run.scores if row["metric"] == metric)
    return next((row for row in rows if row["dataset"] == dataset), None)


def _mean(run: RunScores, metric: str, over: str) -> AverageRow | None:
    rows = (row for row in run.averages if row["metric"] == metric)
    return next((row for row in rows if row["over"] == over), None)

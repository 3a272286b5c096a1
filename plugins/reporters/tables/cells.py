"""What stands in the tables, whatever they are drawn with.

Names of models, sources and notes may hold anything (a model's folder, a plugin's text), so
:func:`imhi._core.sanitizing.one_line` takes out of them what could steer a terminal or break a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imhi.io import one_line
from imhi.runs import distinct_names

if TYPE_CHECKING:
    from imhi import RunScores

HEADLINE = "weighted_f1"
NOTICE = "For non-clinical research only."
SYNTHETIC = "Demo posts are fictional: these scores are not IMHI results."


@dataclass(frozen=True)
class Cell:
    """One run's part of a row: the value with its interval, and the answers without a label."""

    value: str
    lost: str = ""


@dataclass(frozen=True)
class Line:
    """A row: its name, how many examples (or groups) it is about, and a cell for each run."""

    name: str
    count: str
    cells: Sequence[Cell]
    mean: bool = False


@dataclass(frozen=True)
class Grid:
    """A table before it is laid out. ``measured`` says what the values are."""

    title: str
    key: str
    measured: str
    runs: Sequence[str]
    lines: Sequence[Line]

    def loses(self, run: int) -> bool:
        """Say whether any answer of a run has no label: only then is there a column for it."""
        return any(line.cells[run].lost not in {"", "0"} for line in self.lines)


def metrics_of(runs: Sequence[RunScores]) -> list[str]:
    """Return the measures to show: those of metrics just asked for, then the headline, then the
    rest."""
    rank: dict[str, int] = {}
    for run in runs:
        asked = run.settings.get("asked", ())
        for row in run.scores:
            if row["headline"] and row["metric"] != "unparsed":
                rank[row["metric"]] = 0 if row.get("made_by") in asked else 2
    if rank.get(HEADLINE) == 2:
        rank[HEADLINE] = 1
    return sorted(rank, key=lambda name: rank[name])


def asked_for(runs: Sequence[RunScores]) -> list[str]:
    """Return the measures of the metrics just asked for by name."""
    return [
        name
        for name in metrics_of(runs)
        if any(
            row["metric"] == name and row.get("made_by") in run.settings.get("asked", ())
            for run in runs
            for row in run.scores
        )
    ]


def names_of(runs: Sequence[RunScores]) -> list[str]:
    """Return what each run is called, with its view where any is seen through one."""
    known = [
        (run.model, str(run.settings.get("prompt", {}).get("style", "")), Path(run.run).name)
        for run in runs
    ]
    apart = list(dict.fromkeys(known))
    called = dict(zip(apart, distinct_names(apart), strict=True))
    names = [called[key] for key in known]
    if not any(run.view for run in runs):
        return names
    return [
        one_line(f"{name} [{run.view or 'released'}]")
        for name, run in zip(names, runs, strict=True)
    ]


def title_of(runs: Sequence[RunScores], metric: str) -> str:
    """Return a measure's name, with an arrow where less is better."""
    lower = any(
        row["metric"] == metric and row.get("higher_is_better") is False
        for run in runs
        for row in run.scores
    )
    return one_line(metric) + " \N{DOWNWARDS ARROW}" * lower


def datasets_of(runs: Sequence[RunScores]) -> list[str]:
    return list(dict.fromkeys(row["dataset"] for run in runs for row in run.scores))


def source_of(runs: Sequence[RunScores]) -> str:
    """Return the source and split the runs are about."""
    return one_line("; ".join(dict.fromkeys(f"{run.source}, split {run.split}" for run in runs)))


def per_dataset(runs: Sequence[RunScores], metric: str) -> Grid:
    """Return one metric: a line for each dataset, then the averages."""
    lines = []
    for dataset in datasets_of(runs):
        rows = [_find(run.scores, dataset=dataset, metric=metric) for run in runs]
        # Under views, runs may have other numbers of examples.
        count = "/".join(dict.fromkeys(f"{row['n']:,}" for row in rows if row))
        cells = [
            Cell(_value(row), _lost(run, dataset)) for run, row in zip(runs, rows, strict=True)
        ]
        lines.append(Line(one_line(dataset), count, cells))
    for over in ("datasets", "tasks"):
        found = [_find(run.averages, over=over, metric=metric) for run in runs]
        if any(found) and len(lines) > 1:
            number = next(str(row["groups"]) for row in found if row)
            lines.append(
                Line(f"mean over {over}", number, [Cell(_value(row)) for row in found], mean=True)
            )
    name = title_of(runs, metric)
    return Grid(f"{name} - {source_of(runs)}", "dataset", name, names_of(runs), lines)


def one_dataset(runs: Sequence[RunScores], metrics: Sequence[str], dataset: str) -> Grid:
    """Return a line for each metric, on one dataset."""
    rows = {m: [_find(run.scores, dataset=dataset, metric=m) for run in runs] for m in metrics}
    return _metric_grid(f"{one_line(dataset)} - {source_of(runs)}", runs, rows)


def other_metrics(runs: Sequence[RunScores], metrics: Sequence[str]) -> Grid:
    """Return a line for each metric: the mean over datasets, or the one dataset's value."""
    datasets = datasets_of(runs)
    if len(datasets) == 1:
        return replace(one_dataset(runs, metrics, datasets[0]), title="other metrics")
    rows = {m: [_find(run.averages, over="datasets", metric=m) for run in runs] for m in metrics}
    title = "metrics, mean over datasets (every metric for each dataset: --all)"
    return _metric_grid(title, runs, rows)


def _metric_grid(
    title: str, runs: Sequence[RunScores], rows: Mapping[str, Sequence[Mapping[str, Any] | None]]
) -> Grid:
    lines = [
        Line(title_of(runs, metric), "", [Cell(_value(row)) for row in found])
        for metric, found in rows.items()
        if any(row is not None and row["value"] is not None for row in found)
    ]
    return Grid(title, "metric", "value", names_of(runs), lines)


def remarks(runs: Sequence[RunScores]) -> list[str]:
    """Return what a reader of the scores must know, a sentence each."""
    labelers = ", ".join(sorted({run.labeler for run in runs}))
    found = [f"95% bootstrap intervals over posts; labels read by: {labelers}."]
    contradictions = sum(
        counts.get("contradictions", 0) for run in runs for counts in run.labelling.values()
    )
    if contradictions:
        answers = "1 answer contradicts itself"
        if contradictions > 1:
            answers = f"{contradictions:,} answers contradict themselves"
        found.append(f"{answers} (label sentence against explanation).")
    said_of: dict[str, list[str]] = {}
    for name, run in zip(names_of(runs), runs, strict=True):
        for note in (*run.gaps, *run.notes):
            said_of.setdefault(note, []).append(name)
    found += [
        note if len(names) == len(runs) else f"{', '.join(names)}: {note}"
        for note, names in sorted(said_of.items())
    ]
    if any(run.synthetic for run in runs):
        found.append(SYNTHETIC)
    return [one_line(remark) for remark in (*found, NOTICE)]


def _value(row: Mapping[str, Any] | None) -> str:
    if row is None or row["value"] is None:
        return "-"
    digits = row.get("decimals", 1)
    if row["low"] is None or row["high"] is None:
        return f"{row['value']:.{digits}f}"
    return f"{row['value']:.{digits}f} [{row['low']:.{digits}f}, {row['high']:.{digits}f}]"


def _lost(run: RunScores, dataset: str) -> str:
    counts = run.labelling.get(dataset)
    if counts is None:
        return ""
    failed = f" + {counts['failed']:,} failed" if counts["failed"] else ""
    return f"{counts['unparsed']:,}{failed}"


def _find(rows: Sequence[Mapping[str, Any]], **wanted: Any) -> Mapping[str, Any] | None:
    return next((r for r in rows if all(r.get(k) == v for k, v in wanted.items())), None)

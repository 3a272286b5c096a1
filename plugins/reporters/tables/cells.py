"""What stands in the tables, whatever they are drawn with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from imhi import RunScores
from imhi.io import Cell, Table, figures, sanitizing
from imhi.plugins.reporters.tables.means import means_of

if TYPE_CHECKING:
    from imhi import ReportOptions, RunScores
    from imhi.runs import AverageRow, ScoreRow

HEADLINE = "weighted_f1"
WITH_INFERRED = "weighted_f1_inferred"
# Why an example has no label, in this order; the inferred ones are some of the unparsed.
LACKING = ("unparsed", "inferred", "failed", "not asked")


@dataclass(frozen=True)
class Value:
    """One run's part of a row: the value with its interval, how many examples it is of (empty where
    the row is of groups), and how many of them have no label, by why."""

    shown: str
    n: str = ""
    lacking: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """A row: its name and a value for each run; a mean is of ``groups`` datasets or tasks."""

    name: str
    values: Sequence[Value]
    mean: bool = False
    groups: str = ""


@dataclass(frozen=True)
class Grid:
    """Values by line and run, before they are laid out. ``measured`` says what they are."""

    title: str
    key: str
    measured: str
    runs: Sequence[str]
    lines: Sequence[Line]

    def lacking(self, run: int) -> list[str]:
        """Return why examples of a run have no label, as far as any has none: the columns there are
        for it."""
        return [
            why for why in LACKING if any(line.values[run].lacking.get(why) for line in self.lines)
        ]

    def counted(self, line: Line) -> str:
        """Return what all runs' values of a line are of, where that is one number."""
        known = {value.n for value in line.values if value.n}
        return line.groups or (known.pop() if len(known) == 1 else "")

    @property
    def counted_alike(self) -> bool:
        """Whether every line's values are of one number of examples, whichever run they are of."""
        return all(len({v.n for v in line.values if v.n}) <= 1 for line in self.lines)

    def side_by_side(self, heads: Sequence[str]) -> Table:
        """Return the table with a column for each run, headed by ``heads``; runs that are of other
        numbers of examples have a column each for these."""
        alike = self.counted_alike
        first = ["n"] if alike and any(map(self.counted, self.lines)) else []
        columns = [*Table.texts(self.key), *Table.numbers(*first)]
        for run, head in enumerate(heads):
            columns += Table.numbers(*([] if alike else ["n"]), head, *self.lacking(run))
        rows: list[list[object]] = []
        for line in self.lines:
            rows.append([line.name, *([self.counted(line)] if first else [])])
            for run, value in enumerate(line.values):
                own = [] if alike else [value.n or (line.groups if value.shown != "-" else "")]
                rows[-1] += [*own, Cell(value.shown, figure=True), *self.counts(value, run)]
        means = [place for place, line in enumerate(self.lines) if line.mean]
        return Table(self.title, columns, rows, rules=dict.fromkeys(means[:1], ""), frame="ruled")

    def counts(self, value: Value, run: int) -> list[str]:
        """Return the cells of what has no label; none in a row of means."""
        return [f"{value.lacking[why]:,}" if value.lacking else "" for why in self.lacking(run)]


def metrics_of(runs: Sequence[RunScores], options: ReportOptions) -> list[str]:
    """Return the measures to show: those of metrics just asked for, then the headline, then the
    rest. What would be if what is inferred counted is shown where anything is."""
    asked = _asked(runs, options)
    hidden = {"unparsed"} if any(map(inferred_in, runs)) else {"unparsed", WITH_INFERRED} - asked
    names = dict.fromkeys(
        row["metric"]
        for run in runs
        for row in run.scores
        if row["headline"] and row["metric"] not in hidden
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
        (
            run.model,
            str(run.settings.get("prompt", {}).get("style", "")),
            str(Path(run.run).resolve()),
        )
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
        rows = [(run, _score(run, metric, dataset)) for run in runs]
        values = [
            Value(_value(row), f"{row['n']:,}", _lacking(run, dataset)) if row else Value("-")
            for run, row in rows
        ]
        lines.append(Line(sanitizing.one_line(dataset), values))
    for over in ("datasets", "tasks"):
        for mean in means_of(runs, metric, over):
            name = f"mean over {over}"
            if set(mean.datasets) != set(datasets_of(runs)):
                name = f"mean over {_set_named(mean.datasets, datasets_of(runs))}"
                name += " by task" if over == "tasks" else ""
            values = [Value(_value(row)) for row in mean.rows]
            lines.append(Line(name, values, mean=True, groups=str(mean.groups)))
    name = title_of(runs, metric)
    return Grid(f"{name} - {source_of(runs)}", "dataset", name, names_of(runs), lines)


def _set_named(datasets: Sequence[str], of: Sequence[str]) -> str:
    """Return a set of datasets in words: those it holds, or those it lacks, whichever are fewer."""
    lacking = [name for name in of if name not in datasets]
    named = ", ".join(datasets if len(datasets) <= len(lacking) else lacking)
    return sanitizing.one_line(named if len(datasets) <= len(lacking) else f"all but {named}")


def one_dataset(runs: Sequence[RunScores], metrics: Sequence[str], dataset: str) -> Grid:
    """Return a line for each metric, on one dataset."""
    rows = {metric: [_score(run, metric, dataset) for run in runs] for metric in metrics}
    return _metric_grid(f"{sanitizing.one_line(dataset)} - {source_of(runs)}", runs, rows)


def other_metrics(runs: Sequence[RunScores], metrics: Sequence[str]) -> Grid:
    """Return a line for each metric: the mean over the datasets that all runs have, or the value of
    the one that they have."""
    datasets = datasets_of(runs)
    shared = [name for name in datasets if all(name in datasets_of([run]) for run in runs)]
    if len(shared) == 1:
        named = "" if len(datasets) == 1 else f", on {sanitizing.one_line(shared[0])}"
        return replace(one_dataset(runs, metrics, shared[0]), title=f"other metrics{named}")
    rows = {}
    for metric in metrics:
        means = means_of(runs, metric, "datasets")
        of_all = (mean.rows for mean in means if set(mean.datasets) == set(shared))
        rows[metric] = next(of_all, [None] * len(runs))
    over = "datasets" if shared == datasets else _set_named(shared, datasets)
    title = f"metrics, mean over {over} (every metric for each dataset: --all)"
    return _metric_grid(title, runs, rows)


def _metric_grid(
    title: str,
    runs: Sequence[RunScores],
    rows: Mapping[str, Sequence[ScoreRow | None] | Sequence[AverageRow | None]],
) -> Grid:
    lines = [
        Line(title_of(runs, metric), [Value(_value(row)) for row in by_run])
        for metric, by_run in rows.items()
        if any(row is not None and row["value"] is not None for row in by_run)
    ]
    return Grid(title, "metric", "value", names_of(runs), lines)


def inferred_in(run: RunScores) -> int:
    """Return how many answers of a run state no label, while one is inferred."""
    return sum(one.get("inferred", 0) for one in run.labelling.values())


def _value(row: ScoreRow | AverageRow | None) -> str:
    if row is None:
        return "-"
    value = figures.interval(row["value"], row["low"], row["high"], row.get("decimals", 1))
    return figures.crossed(value, row.get("cross_fitted", False))


def _lacking(run: RunScores, dataset: str) -> dict[str, int]:
    counts = run.labelling.get(dataset)
    if counts is None:
        return {}
    inferred = counts.get("inferred", 0)
    numbers = (counts["unparsed"], inferred, counts["failed"], counts["not_asked"])
    return dict(zip(LACKING, numbers, strict=True))


def _score(run: RunScores, metric: str, dataset: str) -> ScoreRow | None:
    rows = (row for row in run.scores if row["metric"] == metric)
    return next((row for row in rows if row["dataset"] == dataset), None)

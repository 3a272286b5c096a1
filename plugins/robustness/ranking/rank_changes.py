"""Models' values under several labelers and views, on the same resampled posts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from imhi import HarnessError, Measure, PluginManager, RunSettings
from imhi.plugins.robustness.rank_agreement import RankAgreement, rank_agreement
from imhi.runs import (
    Aligned,
    Columns,
    MetricSpec,
    OpenView,
    Resamples,
    RunFolder,
    RunSet,
    statistics,
)


@dataclass(frozen=True)
class Condition:
    """A way to measure: whose labels are read, and which gold labels and rows count."""

    labeler: str
    view: OpenView | None

    @property
    def name(self) -> str:
        """What the condition is called."""
        return f"{self.labeler}, {self.view.name if self.view else OpenView.RELEASED}"


@dataclass(frozen=True)
class Order:
    """Models under one condition on one dataset (empty: the mean): values and ranks in the order of
    the models, examples counted, and agreement with the order under the first condition."""

    dataset: str
    condition: str
    values: Sequence[float]
    ranks: Sequence[int]
    examples: int
    agreement: RankAgreement | None

    def to_json(self) -> dict[str, object]:
        """Return the order as ``--json`` has it."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Ranking:
    """The orders of models under every condition, by a metric shown with ``decimals``. ``runs`` are
    the models' folders; ``notes`` say what views leave out, and what has no answer; ``complete``
    where every row has one; ``synthetic`` where examples are made up."""

    models: Sequence[str]
    runs: Sequence[str]
    metric: str
    decimals: int
    orders: Sequence[Order]
    notes: Sequence[str]
    complete: bool
    synthetic: bool


def rank(
    folders: Sequence[RunFolder],
    manager: PluginManager,
    conditions: Sequence[Condition],
    *,
    metric: str = "weighted_f1",
    datasets: Sequence[str] = (),
    rows: str = "all",
    resamples: int = 10_000,
    seed: int = 0,
) -> Ranking:
    """Measure runs under every condition by a label metric.

    Raises:
        NotComparable: runs differ in more than their models.
        HarnessError: a labeler has not read a run's answers; no example is left under some view; the
            metric is none of labels.
    """
    RunSettings(resamples=resamples, seed=seed)  # says what is wrong with them
    (spec,) = MetricSpec.parse([metric], manager.registry)
    if spec.metric.group != "labels" or spec.metric.higher_is_better is None:
        raise HarnessError(
            f"--metric {metric}: found a metric of {spec.metric.group}, expected one of labels: others do "
            "not hang on how labels are read"
        )
    with ExitStack() as closing:
        # A labeler may have read the answers of runs that were not scored with it.
        by_labeler = {
            labeler: closing.enter_context(
                RunSet.open(
                    folders, manager, labeler=labeler, datasets=datasets, rows=rows, scored=False
                )
            )
            for labeler in dict.fromkeys(condition.labeler for condition in conditions)
        }
        sets = [by_labeler[condition.labeler].under(condition.view) for condition in conditions]
        left_out = list(sets[0].left_out)
        notes = [note for runs in by_labeler.values() for note in runs.notes]
        measured: dict[str, _Measured] = {}
        decimals = 1
        answers = []
        for dataset in sets[0].datasets:
            aligned = {labeler: runs.aligned(dataset) for labeler, runs in by_labeler.items()}
            whole = [aligned[condition.labeler] for condition in conditions]
            seen = [runs.seen(rows) for runs, rows in zip(sets, whole, strict=True)]
            notes += [note for one in seen for note in one.notes]
            if not all(one.columns[0].examples for one in seen):
                left_out.append(f"{dataset}: no example of it is left under some view")
                continue
            answers += sets[0].answers(seen[0])
            measures = [
                _measures(runs, spec, *rows) for runs, *rows in zip(sets, seen, whole, strict=True)
            ]
            decimals = measures[0][0].decimals
            measured[dataset] = _resampled(measures, seen, whole[0], resamples, seed)
        notes += sets[0].about_answers(answers) if answers else []
    if not measured:
        raise HarnessError(f"nothing is left to rank models by ({'; '.join(left_out)})")
    if len(measured) > 1:
        measured[""] = _mean(list(measured.values()))
    orders = [
        order
        for dataset, one in measured.items()
        for order in _orders(dataset, conditions, one, spec.metric.higher_is_better)
    ]
    return Ranking(
        sets[0].names,
        [str(folder.path) for folder in sets[0].folders],
        spec.name,
        decimals,
        orders,
        list(dict.fromkeys([*left_out, *notes])),
        not any(one.missing for one in answers),
        sets[0].synthetic,
    )


@dataclass(frozen=True)
class _Measured:
    """Every run under every condition, condition by condition (``drawn``); ``again`` are the runs
    under the first condition, on resamples of as many posts as each condition has; ``counts`` are
    the examples of each condition."""

    drawn: Resamples
    again: Sequence[Resamples]
    counts: Sequence[int]


def _resampled(
    measures: Sequence[Sequence[Measure]],
    seen: Sequence[Aligned],
    whole: Aligned,
    resamples: int,
    seed: int,
) -> _Measured:
    """Draw posts of one dataset for all runs under all conditions; ``measures`` by condition and run,
    ``seen`` what each condition shows of the ``whole``."""
    clusters = whole.columns[0].clusters
    together = [one for by_run in measures for one in by_run]
    # What the first order would scatter like on as few posts as a view has.
    posts = [len(set(one.columns[0].clusters)) for one in seen]
    return _Measured(
        Resamples.draw(together, clusters, resamples, seed, whole.dataset),
        [
            Resamples.draw(measures[0], clusters, resamples, seed, whole.dataset, draws=few)
            for few in posts
        ],
        [len(one.columns[0].examples) for one in seen],
    )


def _mean(parts: Sequence[_Measured]) -> _Measured:
    """Return the mean over datasets."""
    return _Measured(
        Resamples.mean([[part.drawn] for part in parts]),
        [
            Resamples.mean([[one] for one in ones])
            for ones in zip(*(p.again for p in parts), strict=True)
        ],
        [sum(counts) for counts in zip(*(part.counts for part in parts), strict=True)],
    )


def _measures(runs: RunSet, spec: MetricSpec, seen: Aligned, whole: Aligned) -> list[Measure]:
    """Return a metric of each run on what a view shows, as one of all rows."""
    found = []
    for run, (rows, all_rows) in enumerate(zip(seen.columns, whole.columns, strict=True)):
        made = runs.made(run, rows, spec)
        found.append(_spread(next(one for one in made if one.name == spec.name), rows, all_rows))
    return found


def _spread(measure: Measure, seen: Columns, whole: Columns) -> Measure:
    """Return a measure of what a view shows as one of all rows: those it leaves out add nothing."""
    place = {example.id: row for row, example in enumerate(whole.examples)}
    statistics = np.zeros((len(whole.examples), measure.statistics.shape[1]))
    statistics[[place[example.id] for example in seen.examples]] = measure.statistics
    return dataclasses.replace(measure, statistics=statistics, per_example=None)


def _orders(
    dataset: str, conditions: Sequence[Condition], measured: _Measured, higher_is_better: bool
) -> list[Order]:
    models = len(measured.drawn.values) // len(conditions)
    values = measured.drawn.values.reshape(len(conditions), models)
    resampled = measured.drawn.resampled.reshape(len(conditions), models, -1)
    return [
        Order(
            dataset,
            condition.name,
            [round(float(value), 6) for value in values[index]],
            statistics.ranks(values[index], higher_is_better).tolist(),
            measured.counts[index],
            None
            if index == 0
            else rank_agreement(
                values[0],
                values[index],
                resampled[0],
                resampled[index],
                measured.again[index].resampled,
            ),
        )
        for index, condition in enumerate(conditions)
    ]


def conditions_of(labelers: Sequence[str], views: Sequence[OpenView | None]) -> list[Condition]:
    """Return every labeler under the first view, and the first labeler under every other view.

    Raises:
        HarnessError: that is one condition only.
    """
    found = [Condition(labeler, views[0]) for labeler in labelers]
    found += [Condition(labelers[0], view) for view in views[1:]]
    found = list({condition.name: condition for condition in found}.values())
    if len(found) < 2:
        raise HarnessError(
            "imhi ranks: found one way to measure, expected two or more: --labeler or --view, given "
            "several times"
        )
    return found

"""Models' values under several labelers and views, on the same resampled posts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from imhi import Array, Context, HarnessError, Measure, PluginManager, RunSettings
from imhi.plugins.robustness.rank_agreement import RankAgreement, rank_agreement
from imhi.runs import (
    RELEASED,
    Columns,
    OpenView,
    RunFolder,
    align,
    check_distinct,
    check_settings,
    common_datasets,
    distinct_names,
    measured,
    opened,
    paired,
    parse_metrics,
    ranks,
    reopen,
    resampled,
    seen_through,
)


@dataclass(frozen=True)
class Condition:
    """A way to measure: whose labels are read, and which gold labels and rows count."""

    labeler: str
    view: OpenView | None

    @property
    def name(self) -> str:
        return f"{self.labeler}, {self.view.name if self.view else RELEASED}"


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

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Ranking:
    """The orders of models under every condition; ``notes`` say what views leave out."""

    models: Sequence[str]
    metric: str
    orders: Sequence[Order]
    notes: Sequence[str]


def rank(
    folders: Sequence[RunFolder],
    manager: PluginManager,
    conditions: Sequence[Condition],
    *,
    metric: str = "weighted_f1",
    datasets: Sequence[str] = (),
    resamples: int = 10_000,
    seed: int = 0,
) -> Ranking:
    """Measure runs under every condition by a label metric.

    Raises:
        NotComparable: runs differ in more than their models.
        HarnessError: a labeler has not read a run's answers; no example is left under some view; the
            metric is none of labels.
    """
    check_distinct(folders)
    RunSettings(resamples=resamples, seed=seed)  # says what is wrong with them
    (spec,) = parse_metrics([metric], manager.registry)
    if spec.metric.group != "labels" or spec.metric.higher_is_better is None:
        raise HarnessError(
            f"--metric {metric}: found a metric of {spec.metric.group}, expected one of labels: others do "
            "not hang on how labels are read"
        )
    notes: list[str] = []
    labelers = list(dict.fromkeys(condition.labeler for condition in conditions))
    for labeler in labelers:
        notes += check_settings(folders, labeler, ())
    common, left_out = common_datasets(folders, datasets)
    for condition in conditions:
        if condition.view is not None:
            for folder in folders:
                condition.view.check(folder.manifest(), common)
    contexts = [reopen(folder, manager) for folder in folders]
    split = folders[0].manifest().split
    drawn: dict[str, _Drawn] = {}
    with opened([spec]) as [(_, scorer)]:

        def measure(columns: Columns, context: Context) -> Measure:
            rows = (columns.examples, columns.responses, columns.predictions)
            made = measured(spec, scorer, *rows, context)
            return next(one for one in made if one.name == spec.name)

        for dataset in common:
            columns = {
                labeler: align(folders, labeler, dataset, ()).columns for labeler in labelers
            }
            sights = [_look(condition, columns, dataset, split) for condition in conditions]
            notes += [note for sight in sights for note in sight.notes]
            counts = [len(sight.seen[0].examples) for sight in sights]
            if 0 in counts:
                left_out.append(f"{dataset}: a view leaves no example of it")
                continue
            measures = [
                _spread(measure(seen, context), seen, whole)
                for sight in sights
                for seen, whole, context in zip(sight.seen, sight.whole, contexts, strict=True)
            ]
            clusters = sights[0].whole[0].clusters
            together = paired(measures, clusters)
            # What the first order would scatter like on as few posts as a view has.
            base = paired(measures[: len(folders)], clusters)
            posts = [len(set(sight.seen[0].clusters)) for sight in sights]
            drawn[dataset] = _Drawn(
                together.values(),
                resampled(together, resamples, seed, dataset),
                np.array([resampled(base, resamples, seed, dataset, few) for few in posts]),
                counts,
            )
    if not drawn:
        raise HarnessError(f"nothing is left to rank models by ({'; '.join(left_out)})")
    if len(drawn) > 1:
        drawn[""] = _mean(list(drawn.values()))
    names = distinct_names([(f.manifest().model, f.manifest().prompt.style, f.id) for f in folders])
    orders = [
        order
        for dataset, one in drawn.items()
        for order in _orders(dataset, conditions, one, spec.metric.higher_is_better)
    ]
    return Ranking(names, spec.name, orders, list(dict.fromkeys([*left_out, *notes])))


@dataclass(frozen=True)
class _Drawn:
    """Values of every run under every condition, condition by condition, on all posts and on the
    same resampled ones; ``again`` are those under the first condition on as many posts as each
    condition has, shape (conditions, runs, resamples); ``counts`` are the examples of each."""

    values: Array
    resampled: Array
    again: Array
    counts: Sequence[int]


def _mean(parts: Sequence[_Drawn]) -> _Drawn:
    """Return the mean over datasets, which are drawn independently."""
    return _Drawn(
        np.mean([part.values for part in parts], axis=0),
        np.mean([part.resampled for part in parts], axis=0),
        np.mean([part.again for part in parts], axis=0),
        [sum(counts) for counts in zip(*(part.counts for part in parts), strict=True)],
    )


@dataclass(frozen=True)
class _Sight:
    """Every run's columns under a condition (``seen``), and as they are without its view."""

    seen: Sequence[Columns]
    whole: Sequence[Columns]
    notes: Sequence[str] = ()


def _look(
    condition: Condition, columns: Mapping[str, Sequence[Columns]], dataset: str, split: str
) -> _Sight:
    whole = columns[condition.labeler]
    if condition.view is None:
        return _Sight(whole, whole)
    seen = [seen_through(condition.view, own, dataset, split) for own in whole]
    return _Sight([one.columns for one in seen], whole, seen[0].notes(condition.view, dataset))


def _spread(measure: Measure, seen: Columns, whole: Columns) -> Measure:
    """Return a measure of what a view shows as one of all rows: those it leaves out add nothing."""
    place = {example.id: row for row, example in enumerate(whole.examples)}
    statistics = np.zeros((len(whole.examples), measure.statistics.shape[1]))
    statistics[[place[example.id] for example in seen.examples]] = measure.statistics
    return dataclasses.replace(measure, statistics=statistics, per_example=None)


def _orders(
    dataset: str,
    conditions: Sequence[Condition],
    drawn: _Drawn,
    higher_is_better: bool,
) -> list[Order]:
    models = len(drawn.values) // len(conditions)
    own = drawn.values.reshape(len(conditions), models)
    scattered = drawn.resampled.reshape(len(conditions), models, -1)
    return [
        Order(
            dataset,
            condition.name,
            [round(float(value), 6) for value in own[index]],
            ranks(own[index], higher_is_better).tolist(),
            drawn.counts[index],
            None
            if index == 0
            else rank_agreement(
                own[0], own[index], scattered[0], scattered[index], drawn.again[index]
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

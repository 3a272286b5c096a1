"""The measures that runs are compared by, taken from their scores.

Label metrics are made again from the labels, which costs nothing. Others are means of the values
that scoring left for each example, so no model is loaded again; those that are no such means (BLEU)
are made again where that needs no model.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from imhi._core.comparing.alignment import Aligned
from imhi._core.comparing.result import ComparedMetric
from imhi._core.context import Context
from imhi._core.errors import UnknownName
from imhi._core.metrics import measured, opened, parse_metrics
from imhi._core.registry import Registry
from imhi._core.results import RunScores, ScoreRow
from imhi._core.run_store import RunFolder
from imhi._core.run_store.columns import Columns
from imhi._core.run_store.jsonl import read_rows
from imhi._core.statistics import Measure, mean_measure

HEADLINE = "weighted_f1"
ALL = "all"
_CHEAP = ("labels", "explanations")


def choose_metrics(
    scores: Sequence[RunScores], asked: Sequence[str], datasets: Sequence[str], registry: Registry
) -> tuple[dict[str, ComparedMetric], list[str]]:
    """Return the measures to compare by and a sentence for each that was asked for and cannot be.

    ``asked`` names measures, metrics or groups of them; ``all`` is every headline measure that all
    runs have; nothing is weighted F1.

    Raises:
        UnknownName: no run has such a measure.
    """
    rows: dict[str, list[ScoreRow]] = {}
    for run in scores:
        for row in run.scores:
            if row["dataset"] in datasets:
                rows.setdefault(row["metric"], []).append(row)
    everywhere = len(scores) * len(datasets)
    chosen: dict[str, ComparedMetric] = {}
    left_out = []
    for name in asked or (HEADLINE,):
        fitting = [metric for metric in rows if _meant(name, rows[metric][0], registry)]
        if not fitting:
            known = {metric for metric, own in rows.items() if own[0]["headline"]}
            raise UnknownName(
                "metric", name, known, "it may not have been computed: imhi score RUN"
            )
        for metric in fitting:
            row = rows[metric][0]
            if len(rows[metric]) < everywhere:
                left_out.append(f"{metric}: not every run has it on every dataset; imhi score RUN")
            elif row["higher_is_better"] is None:
                left_out.append(f"{metric}: neither more nor less of it is better")
            else:
                chosen[metric] = ComparedMetric(
                    metric,
                    row["made_by"],
                    row["decimals"],
                    row["higher_is_better"],
                    bool(row["headline"]),
                )
    return chosen, list(dict.fromkeys(left_out))


def _meant(asked: str, row: Mapping[str, Any], registry: Registry) -> bool:
    """Say whether a name asks for a measure; a group and ``all`` ask for its headline ones."""
    if asked in (row["metric"], row["made_by"]):
        return asked == row["metric"] or bool(row["headline"])
    return bool(row["headline"]) and asked in (ALL, _group(row["made_by"], registry))


def _group(made_by: str, registry: Registry) -> str:
    """Return a metric's group; none where its plugin is not loaded any more."""
    try:
        return parse_metrics([made_by], registry)[0].metric.group
    except UnknownName:
        return ""


def is_label_metric(metric: ComparedMetric, registry: Registry) -> bool:
    return _group(metric.made_by, registry) == "labels"


def measure_all(
    metrics: Mapping[str, ComparedMetric],
    aligned: Aligned,
    folder: RunFolder,
    scores: RunScores,
    columns: Columns,
    context: Context,
    view: str = "",
) -> dict[str, Measure]:
    """Return one run's measures of one dataset, by name; those that cannot be had are missing."""
    found: dict[str, Measure] = {}
    again: dict[str, list[str]] = {}
    for metric in metrics.values():
        kept = None
        if not is_label_metric(metric, context.registry):
            kept = _stored(metric, aligned, folder, scores, columns, view)
        if kept is not None:
            found[metric.name] = kept
        elif _group(metric.made_by, context.registry) in _CHEAP:
            again.setdefault(metric.made_by, []).append(metric.name)
    with opened(parse_metrics(list(again), context.registry) if again else []) as ready:
        for spec, scorer in ready:
            rows = (columns.examples, columns.responses, columns.predictions)
            for measure in measured(spec, scorer, *rows, context):
                if measure.name in again[spec.name]:
                    found[measure.name] = measure
    return found


def _stored(
    metric: ComparedMetric,
    aligned: Aligned,
    folder: RunFolder,
    scores: RunScores,
    columns: Columns,
    view: str,
) -> Measure | None:
    """Return the mean of the values that scoring left, if it is what the score says. Those made
    under the view are taken where there are any: a few metrics hang on the gold label."""
    path = folder.values_file(scores.labeler, metric.name, aligned.dataset)
    seen = folder.values_file(scores.labeler, metric.name, aligned.dataset, view)
    values = {row["id"]: row["value"] for _, row in read_rows(path)}
    if not values:
        return None
    whole = mean_measure(metric.name, list(values.values())).value()
    score = next(
        row["value"]
        for row in scores.scores
        if row["dataset"] == aligned.dataset and row["metric"] == metric.name
    )
    if score is None or not math.isclose(whole, score, rel_tol=1e-4, abs_tol=1e-4):
        return None
    if view and seen.exists():
        values = {row["id"]: row["value"] for _, row in read_rows(seen)}
    return mean_measure(metric.name, [values.get(example.id) for example in columns.examples])


def with_values_in_all(
    measures: Sequence[Measure], clusters: Sequence[str]
) -> tuple[list[Measure], list[str], int]:
    """Return runs' measures, and the posts of their rows, without the examples for which a run has
    no value (a metric of quotes has none where nothing is quoted), and how many those are.

    Where that leaves nothing, nothing is left out: the values then are what they are alone.
    """
    columns = [measure.per_example for measure in measures]
    have = np.ones(len(clusters), dtype=bool)
    for column in columns:
        if column is not None:
            have &= np.isfinite(column)
    if have.all() or not have.any():
        return list(measures), list(clusters), 0
    kept = [
        dataclasses.replace(
            measure,
            statistics=measure.statistics[have],
            per_example=None if column is None else column[have],
        )
        for measure, column in zip(measures, columns, strict=True)
    ]
    rows = [cluster for cluster, one in zip(clusters, have, strict=True) if one]
    return kept, rows, int((~have).sum())


def right_labels(columns: Columns) -> np.ndarray:
    """Return which examples have the right label, shape (n,), of bool."""
    return np.array(
        [
            example.label == prediction.label
            for example, prediction in zip(columns.examples, columns.predictions, strict=True)
        ],
        dtype=bool,
    )

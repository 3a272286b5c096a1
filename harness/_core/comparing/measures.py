"""The measures that runs are compared by: chosen by name, read from what scoring left."""

from __future__ import annotations

import math
from collections.abc import Sequence

from imhi._core.comparing.result import ComparedMetric
from imhi._core.errors import UnknownName
from imhi._core.metrics import MetricSpec
from imhi._core.registry import Registry
from imhi._core.results import RunScores, ScoreRow
from imhi._core.run_store import RunFolder
from imhi._core.run_store.columns import Columns
from imhi._core.run_store.jsonl import read_rows
from imhi._core.statistics import Measure

HEADLINE = "weighted_f1"
ALL = "all"
REMADE = ("labels", "samples", "explanations")  # groups of metrics that need no model


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


def _meant(asked: str, row: ScoreRow, registry: Registry) -> bool:
    """Say whether a name asks for a measure; a group and ``all`` ask for its headline ones."""
    if asked in (row["metric"], row["made_by"]):
        return asked == row["metric"] or bool(row["headline"])
    return bool(row["headline"]) and asked in (ALL, metric_group(row["made_by"], registry))


def metric_group(made_by: str, registry: Registry) -> str:
    """Return a metric's group; none where its plugin is not loaded any more."""
    try:
        return MetricSpec.parse([made_by], registry)[0].metric.group
    except UnknownName:
        return ""


def stored_measure(
    name: str, folder: RunFolder, scores: RunScores, dataset: str, columns: Columns, view: str
) -> Measure | None:
    """Return the mean of the values that scoring left, if it is what the score says. Those made
    under the view are taken where there are any: a few metrics hang on the gold label."""
    path = folder.values_file(scores.labeler, name, dataset)
    values = {row["id"]: row["value"] for _, row in read_rows(path)}
    if not values:
        return None
    mean = Measure.mean(name, list(values.values())).value()
    row = next(row for row in scores.scores if row["dataset"] == dataset and row["metric"] == name)
    score, known = row["value"], row.get("scale")  # earlier versions did not say it
    scale = None if known is None else (known[0], known[1])
    if score is None or not math.isclose(mean, score, rel_tol=1e-4, abs_tol=1e-4):
        return None
    under_view = folder.values_file(scores.labeler, name, dataset, view)
    if view and under_view.exists():
        values = {row["id"]: row["value"] for _, row in read_rows(under_view)}
    return Measure.mean(name, [values.get(example.id) for example in columns.examples], scale=scale)

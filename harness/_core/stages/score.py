"""Stage 4: metrics, intervals, averages. Never asks the model."""

from __future__ import annotations

import copy
import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from imhi._core.context import Context, counted
from imhi._core.errors import HarnessError
from imhi._core.events import StageFinished, StageStarted
from imhi._core.fingerprints import digest
from imhi._core.labelers import parse_labeler
from imhi._core.metrics import MetricSpec, measured
from imhi._core.protocols import Score
from imhi._core.records import Example, Prediction, Response, as_row
from imhi._core.results import RunScores
from imhi._core.run_store import RunFolder
from imhi._core.run_store.cache import KeptValues
from imhi._core.run_store.columns import Columns, read_columns
from imhi._core.run_store.jsonl import write_json, write_rows
from imhi._core.run_store.manifest import Manifest
from imhi._core.stages.label import labelling_counts
from imhi._core.statistics import Array, Interval, Measure, interval, replicates
from imhi._core.views import OpenView, seen_through


def score(
    folder: RunFolder,
    context: Context,
    labeler: str,
    metrics: Sequence[tuple[MetricSpec, Score]],
    resamples: int = 10_000,
    seed: int = 0,
    view: OpenView | None = None,
) -> RunScores:
    """Score the predictions of a labeler with opened metrics and write ``scores/LABELER.json``, or
    ``scores/LABELER@VIEW.json`` under a view.

    Scores of metrics made earlier are kept beside the new ones. What metrics computed for it lies
    in ``measured/``: a scoring that was stopped goes on where it was.
    """
    manifest = folder.manifest()
    result_view = view.name if view else ""
    read = parse_labeler(labeler, context.registry)
    started = time.perf_counter()
    context.run = folder.id
    context.model_identity = manifest.model_identity
    context.values = KeptValues(folder.path / "measured")
    context.notify(StageStarted(folder.id, "score", len(manifest.datasets)))
    rows: list[dict[str, Any]] = []
    draws: dict[tuple[str, str], dict[str, tuple[float, Array]]] = {}
    labelling = {}
    inputs = {}
    remarks: dict[str, Any] = {"notes": [], "gaps": [], "tallies": {}}
    made = {spec.name: {**spec.to_json(), **copy.deepcopy(remarks)} for spec, _ in metrics}
    try:
        for dataset in manifest.datasets:
            columns = _columns(folder, labeler, dataset, view, context)
            if not columns.examples:
                continue
            examples, responses, predictions = (
                columns.examples, columns.responses, columns.predictions,
            )  # fmt: skip
            made_from: list[Any] = [
                [as_row(prediction) for prediction in predictions],
                [response.text for response in responses],
            ]
            if view is not None:
                made_from.append([example.label for example in examples])
            inputs[dataset] = digest(made_from)
            counts = labelling[dataset] = labelling_counts(iter(predictions))
            measures: list[tuple[MetricSpec, Measure]] = []
            for spec, scorer in metrics:
                found = _measures(spec, scorer, examples, responses, predictions, context, made)
                measures += [(spec, measure) for measure in found]
            clusters = columns.clusters
            drawn = replicates([m for _, m in measures], clusters, resamples, seed, dataset)
            for (spec, measure), values in zip(measures, drawn, strict=True):
                value = measure.value()
                draws.setdefault((spec.name, measure.name), {})[dataset] = (value, values)
                rows.append(
                    {
                        "model": manifest.model,
                        "dataset": dataset,
                        "task": context.registry.task_of(dataset).name,
                        "split": manifest.split,
                        **_described(spec, measure),
                        **_bounds(_interval(value, values, clusters)),
                        "n": counts["n"],
                        "posts": len(set(clusters)),
                        "unparsed": counts["unparsed"],
                        "failed": counts["failed"],
                        "headline": measure.headline,
                        "details": dict(measure.details),
                    }
                )
            _write_per_example(folder, labeler, dataset, examples, [m for _, m in measures], view)
    finally:
        context.values.close()
    for record in made.values():
        for kind, sentence in counted(record.pop("tallies")):
            record[kind].append(sentence)
    if not labelling:
        raise HarnessError(
            f"{folder.path}: view {result_view} leaves out every row ({'; '.join(context.notes)}); "
            "choose another view, or audit with --raw where the human labels are known"
        )
    averages = _averages(manifest, draws, rows, context, list(labelling))
    earlier = _earlier(folder, labeler, inputs, made, view)
    made = {**earlier["metrics"], **made}
    result = RunScores(
        run=str(folder.path),
        model=manifest.model,
        labeler=labeler,
        split=manifest.split,
        source=manifest.source,
        synthetic=manifest.synthetic,
        scores=rows + earlier["scores"],
        averages=averages + earlier["averages"],
        labelling=labelling,
        notes=sorted({*manifest.notes, *context.notes, *_said(made, "notes")}),
        gaps=sorted(_said(made, "gaps")),
        settings={
            "resamples": resamples,
            "seed": seed,
            "inputs": inputs,
            "prompt": dataclasses.asdict(manifest.prompt),
            "labeler": read.identity(),
            "metrics": made,
            "view": view and view.identity(list(labelling), manifest.split),
        },
        totals=dataclasses.asdict(manifest.totals) if manifest.totals else {},
        view=result_view,
    )
    write_json(folder.scores_file(labeler, result.view), result.to_json())
    folder.write_manifest(dataclasses.replace(manifest, status="scored"))
    context.notify(StageFinished(folder.id, "score", time.perf_counter() - started))
    return result


def _columns(
    folder: RunFolder, labeler: str, dataset: str, view: OpenView | None, context: Context
) -> Columns:
    """Return a dataset's aligned columns, as a view has them; what it leaves out is noted."""
    columns = read_columns(folder, labeler, dataset)
    if view is None:
        return columns
    view.check(folder.manifest(), [dataset])
    seen = seen_through(view, columns, dataset, folder.manifest().split)
    for note in seen.notes(view, dataset):
        context.note(note)
    return seen.columns


def _said(made: Mapping[str, Mapping[str, Any]], kind: str) -> set[str]:
    return {text for record in made.values() for text in record[kind]}


def _described(spec: MetricSpec, measure: Measure) -> dict[str, Any]:
    direction = measure.higher_is_better
    return {
        "metric": measure.name,
        "made_by": spec.name,
        "decimals": measure.decimals,
        "higher_is_better": spec.metric.higher_is_better if direction is None else direction,
    }


def _measures(
    spec: MetricSpec,
    scorer: Score,
    examples: Sequence[Example],
    responses: Sequence[Response],
    predictions: Sequence[Prediction],
    context: Context,
    made: Mapping[str, dict[str, Any]],
) -> list[Measure]:
    """Ask a metric; what it notes is recorded with it, so that it stays as long as its scores."""
    before = context.notes, context.gaps, context.tallies
    context.notes, context.gaps, context.tallies = [], [], made[spec.name]["tallies"]
    try:
        return measured(spec, scorer, examples, responses, predictions, context)
    finally:
        record = made[spec.name]
        record["notes"] += [note for note in context.notes if note not in record["notes"]]
        record["gaps"] += [gap for gap in context.gaps if gap not in record["gaps"]]
        context.notes, context.gaps, context.tallies = before


def _interval(value: float, values: Array, clusters: Sequence[str]) -> Interval:
    """Return the interval; there is none where one post is all there is to draw from."""
    if len(set(clusters)) < 2:
        return Interval(value, math.nan, math.nan)
    return interval(value, values)


def _bounds(found: Interval) -> dict[str, float | None]:
    return {
        name: None if not math.isfinite(value) else round(value, 6)
        for name, value in (("value", found.value), ("low", found.low), ("high", found.high))
    }


def _averages(
    manifest: Manifest,
    draws: dict[tuple[str, str], dict[str, tuple[float, Array]]],
    rows: Sequence[Mapping[str, Any]],
    context: Context,
    datasets: Sequence[str],
) -> list[dict[str, Any]]:
    """Return the mean over datasets, and over tasks (a task's value is the mean of its datasets).

    Only for measures that every dataset has. Datasets are resampled independently.
    """
    tasks: dict[str, list[str]] = {}
    for dataset in datasets:
        tasks.setdefault(context.registry.task_of(dataset).name, []).append(dataset)
    described = {
        (row["made_by"], row["metric"]): {
            name: row[name] for name in ("metric", "made_by", "decimals", "higher_is_better")
        }
        for row in rows
    }
    averages = []
    for key, values in draws.items():
        if set(values) != set(datasets):
            continue
        for over, groups in (
            ("datasets", [[d] for d in datasets]),
            ("tasks", list(tasks.values())),
        ):
            point = float(np.mean([np.mean([values[d][0] for d in group]) for group in groups]))
            sampled = np.mean(
                [np.mean([values[d][1] for d in group], axis=0) for group in groups], axis=0
            )
            averages.append(
                {
                    "model": manifest.model,
                    "over": over,
                    "split": manifest.split,
                    **described[key],
                    **_bounds(interval(point, sampled)),
                    "groups": len(groups),
                }
            )
    return averages


def _earlier(
    folder: RunFolder,
    labeler: str,
    inputs: Mapping[str, str],
    made: Mapping[str, Any],
    view: OpenView | None,
) -> dict[str, Any]:
    """Return the scores of other metrics that were made before from the same answers and labels."""
    nothing: dict[str, Any] = {"scores": [], "averages": [], "metrics": {}}
    name = view.name if view else ""
    if not folder.scores_file(labeler, name).exists():
        return nothing
    earlier = folder.scores(labeler, name)
    records = earlier["settings"].get("metrics", {})
    if earlier["settings"].get("inputs") != inputs or not all(
        isinstance(record, dict) for record in records.values()
    ):
        return nothing  # other answers or labels, or written by an earlier version
    return {
        "scores": [row for row in earlier["scores"] if row["made_by"] not in made],
        "averages": [row for row in earlier["averages"] if row["made_by"] not in made],
        "metrics": {name: record for name, record in records.items() if name not in made},
    }


def _write_per_example(
    folder: RunFolder,
    labeler: str,
    dataset: str,
    examples: Sequence[Example],
    measures: Sequence[Measure],
    view: OpenView | None,
) -> None:
    for measure in measures:
        column = measure.per_example
        if column is None:
            continue
        write_rows(
            folder.values_file(labeler, measure.name, dataset, view.name if view else ""),
            (
                {"id": example.id, "value": float(value) if math.isfinite(value) else None}
                for example, value in zip(examples, column, strict=True)
            ),
        )

"""Stage 4: metrics, intervals, averages. Never asks the model."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.context import Context
from harness.declarations import Metric, resolve
from harness.errors import HarnessError
from harness.events import StageFinished, StageStarted
from harness.fingerprints import digest
from harness.records import Example, Prediction, Response, as_row
from harness.results import RunScores
from harness.run_store import RunFolder
from harness.run_store.jsonl import write_json, write_rows
from harness.stages.label import labelling_counts
from harness.statistics import Array, Interval, Measure, interval, replicates


def score(
    folder: RunFolder,
    context: Context,
    labeler: str,
    metrics: Sequence[Metric],
    resamples: int = 10_000,
    seed: int = 0,
) -> RunScores:
    """Score the predictions of a labeler and write ``scores/LABELER.json``.

    Scores of metrics made earlier are kept beside the new ones.
    """
    manifest = folder.manifest()
    started = time.perf_counter()
    context.notify(StageStarted(folder.id, "score", len(manifest["datasets"])))
    rows: list[dict[str, Any]] = []
    draws: dict[str, dict[str, tuple[float, Array]]] = {}
    labelling = {}
    inputs = {}
    for dataset, expected in manifest["datasets"].items():
        examples = list(folder.examples(dataset))
        predictions = list(folder.predictions(labeler, dataset))
        if len(predictions) != expected or len(examples) != expected:
            raise HarnessError(
                f"{folder.file(f'predictions/{labeler}', dataset)}: {len(predictions)} predictions, "
                f"expected {expected}; make them with: imhi label {folder.path} --labeler {labeler}"
            )
        answered = {response.id: response for response in folder.responses(dataset)}
        responses = [
            answered.get(example.id) or Response(example.id, dataset, "", error="no answer")
            for example in examples
        ]
        inputs[dataset] = digest(
            [[as_row(prediction) for prediction in predictions], [r.text for r in responses]]
        )
        counts = labelling[dataset] = labelling_counts(iter(predictions))
        measures = _measures(metrics, examples, responses, predictions, context)
        clusters = [example.post_id or example.id for example in examples]
        drawn = replicates(measures, clusters, resamples, seed, dataset)
        for measure, values in zip(measures, drawn, strict=True):
            value = measure.value()
            draws.setdefault(measure.name, {})[dataset] = (value, values)
            rows.append(
                {
                    "model": manifest["model"],
                    "dataset": dataset,
                    "task": context.registry.task_of(dataset).name,
                    "split": manifest["split"],
                    "metric": measure.name,
                    **_bounds(interval(value, values)),
                    "n": counts["n"],
                    "posts": len(set(clusters)),
                    "unparsed": counts["unparsed"],
                    "failed": counts["failed"],
                    "headline": measure.headline,
                    "details": dict(measure.details),
                }
            )
        _write_per_example(folder, labeler, dataset, examples, measures)
    result = RunScores(
        run=str(folder.path),
        model=manifest["model"],
        labeler=labeler,
        split=manifest["split"],
        source=manifest["source"],
        synthetic=bool(manifest["source_details"].get("synthetic")),
        scores=_keep_earlier(folder, labeler, inputs, "scores", rows),
        averages=_keep_earlier(
            folder, labeler, inputs, "averages", _averages(manifest, draws, context)
        ),
        labelling=labelling,
        notes=sorted({*manifest.get("notes", []), *context.notes}),
        settings={
            "resamples": resamples,
            "seed": seed,
            "inputs": inputs,
            "prompt": manifest["prompt"],
            "labeler": {"name": labeler, "version": context.registry.labelers.get(labeler).version},
            "metrics": {metric.name: metric.version for metric in metrics},
        },
        totals=manifest["totals"],
    )
    write_json(folder.path / "scores" / f"{labeler}.json", result.to_json())
    folder.write_manifest({**manifest, "status": "scored"})
    context.notify(StageFinished(folder.id, "score", time.perf_counter() - started))
    return result


def _measures(
    metrics: Sequence[Metric],
    examples: Sequence[Example],
    responses: Sequence[Response],
    predictions: Sequence[Prediction],
    context: Context,
) -> list[Measure]:
    found: list[Measure] = []
    for metric in metrics:
        made = list(resolve(metric.score)(examples, responses, predictions, context))
        for measure in made:
            if measure.statistics.shape[0] != len(examples):
                raise HarnessError(
                    f"metric {metric.name}: {measure.statistics.shape[0]} rows of statistics for "
                    f"{len(examples)} examples, expected one each"
                )
        found += made
    return found


def _bounds(found: Interval) -> dict[str, float | None]:
    return {
        name: None if not math.isfinite(value) else round(value, 6)
        for name, value in (("value", found.value), ("low", found.low), ("high", found.high))
    }


def _averages(
    manifest: dict[str, Any],
    draws: dict[str, dict[str, tuple[float, Array]]],
    context: Context,
) -> list[dict[str, Any]]:
    """Return the mean over datasets, and over tasks (a task's value is the mean of its datasets).

    Only for measures that every dataset has. Datasets are resampled independently.
    """
    datasets = list(manifest["datasets"])
    tasks: dict[str, list[str]] = {}
    for dataset in datasets:
        tasks.setdefault(context.registry.task_of(dataset).name, []).append(dataset)
    rows = []
    for name, values in draws.items():
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
            rows.append(
                {
                    "model": manifest["model"],
                    "over": over,
                    "split": manifest["split"],
                    "metric": name,
                    **_bounds(interval(point, sampled)),
                    "groups": len(groups),
                }
            )
    return rows


def _keep_earlier(
    folder: RunFolder,
    labeler: str,
    inputs: Mapping[str, str],
    kind: str,
    rows: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Return the rows plus those of other metrics that were made before from the same answers and
    labels."""
    if labeler not in folder.labelers():
        return rows
    earlier = folder.scores(labeler)
    if earlier["settings"].get("inputs") != inputs:
        return rows
    new = {row["metric"] for row in rows}
    return rows + [row for row in earlier[kind] if row["metric"] not in new]


def _write_per_example(
    folder: RunFolder,
    labeler: str,
    dataset: str,
    examples: Sequence[Example],
    measures: Sequence[Measure],
) -> None:
    for measure in measures:
        column = measure.per_example
        if column is None:
            continue
        path = folder.path / "scores" / labeler / measure.name / f"{dataset}.jsonl"
        write_rows(
            path,
            (
                {"id": example.id, "value": float(value) if math.isfinite(value) else None}
                for example, value in zip(examples, column, strict=True)
            ),
        )

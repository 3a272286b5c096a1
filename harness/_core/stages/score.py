"""Stage 4: metrics, intervals, averages. Never asks the model."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.events import StageFinished, StageStarted
from imhi._core.fingerprints import digest
from imhi._core.metrics import MetricSpec, Score, refuse_taken_measures
from imhi._core.plan import ScoringPlan
from imhi._core.records import Example, as_row
from imhi._core.report import Report, all_notes
from imhi._core.results import AverageRow, Labelling, MetricRecord, RunScores, ScoreRow
from imhi._core.run_store import RunFolder
from imhi._core.run_store.cache import CacheFolder
from imhi._core.run_store.columns import Columns
from imhi._core.run_store.jsonl import write_json, write_rows
from imhi._core.run_store.manifest import Manifest
from imhi._core.stages.averages import Draws, average_rows, rounded
from imhi._core.stages.label import labelling_counts
from imhi._core.statistics import Array, Interval, Measure, interval, replicates
from imhi._core.views import OpenView

OpenMetrics = Sequence[tuple[MetricSpec, Score]]


@dataclass
class Scored:
    """What scoring a run has come to so far, dataset by dataset."""

    rows: list[ScoreRow] = field(default_factory=list)
    draws: dict[tuple[str, str], Draws] = field(default_factory=dict)
    labelling: dict[str, Labelling] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Earlier:
    """Scores that were made before, of whatever metrics; ``inputs`` are the checksums of what they
    were made from, by dataset."""

    rows: Sequence[ScoreRow] = ()
    averages: Sequence[AverageRow] = ()
    metrics: Mapping[str, MetricRecord] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)

    def taken(
        self, dataset: str, inputs: Mapping[str, str], made: Collection[str]
    ) -> dict[str, str]:
        """Return the measures of a dataset that will be kept, each with its metric."""
        if self.inputs.get(dataset) != inputs[dataset]:
            return {}
        return {
            row["metric"]: row["made_by"]
            for row in self.rows
            if row["dataset"] == dataset and row["made_by"] not in made
        }

    def kept(self, inputs: Mapping[str, str], made: Collection[str]) -> Earlier:
        """Return what other metrics made of the same answers and labels."""
        if self.inputs != inputs:
            return Earlier()
        return Earlier(
            [row for row in self.rows if row["made_by"] not in made],
            [row for row in self.averages if row["made_by"] not in made],
            {name: record for name, record in self.metrics.items() if name not in made},
        )


def score(
    folder: RunFolder, context: Context, plan: ScoringPlan, metrics: OpenMetrics
) -> list[RunScores]:
    """Score the predictions of the plan's labeler with opened metrics, under each of its views.

    Scores of metrics made earlier are kept beside the new ones. What metrics computed for it lies
    in ``measured/``: a scoring that was stopped goes on where it was.
    """
    manifest = folder.manifest()
    context = dataclasses.replace(
        context,
        run=folder.id,
        model_identity=manifest.model_identity,
        cache=CacheFolder(folder.path / "measured"),
    )
    try:
        return [_score_view(folder, context, plan, metrics, view) for view in plan.views]
    finally:
        context.cache.close()


def _score_view(
    folder: RunFolder,
    context: Context,
    plan: ScoringPlan,
    metrics: OpenMetrics,
    view: OpenView | None,
) -> RunScores:
    """Write ``scores/LABELER.json``, or ``scores/LABELER@VIEW.json``."""
    manifest = folder.manifest()
    labeler = plan.labeler.name
    seed = manifest.seed if plan.seed is None else plan.seed
    started = time.perf_counter()
    context.notify(StageStarted(folder.id, "score", len(manifest.datasets)))
    # What a view leaves out is said of its scores only.
    report = Report(list(context.report.notes))
    contexts = {spec.name: dataclasses.replace(context, report=Report()) for spec, _ in metrics}
    before = _scores_before(folder, labeler, view)
    scored = Scored()
    for dataset in manifest.datasets:
        columns = _columns(folder, labeler, dataset, view, report)
        if not columns.examples:
            continue
        scored.inputs[dataset] = _checksum(columns, view)
        scored.labelling[dataset] = labelling_counts(columns.predictions)
        measures = [
            (spec, measure)
            for spec, scorer in metrics
            for measure in spec.measure(scorer, *columns.aligned, contexts[spec.name])
        ]
        refuse_taken_measures(measures, before.taken(dataset, scored.inputs, contexts))
        drawn = replicates(
            [measure for _, measure in measures], columns.clusters, plan.resamples, seed, dataset
        )
        task = context.registry.task_of(dataset).name
        for (spec, measure), values in zip(measures, drawn, strict=True):
            row = _row(manifest, dataset, task, spec, measure, values, columns, scored)
            scored.rows.append(row)
            made = scored.draws.setdefault((spec.name, measure.name), Draws(row))
            made.by_dataset[dataset] = (measure.value(), values)
        _write_per_example(folder, labeler, dataset, columns.examples, measures, view)
    if not scored.labelling:
        raise HarnessError(
            f"{folder.path}: view {view.name if view else ''} leaves out every row "
            f"({'; '.join(report.notes)}); choose another view, or audit with --raw where the human "
            "labels are known"
        )
    records = {spec.name: _record(spec, contexts[spec.name].report) for spec, _ in metrics}
    earlier = before.kept(scored.inputs, records)
    averages = average_rows(scored.draws, list(scored.labelling), context.registry)
    records = {**earlier.metrics, **records}
    result = RunScores(
        run=str(folder.path),
        model=manifest.model,
        labeler=labeler,
        split=manifest.split,
        source=manifest.source,
        synthetic=manifest.synthetic,
        scores=[*scored.rows, *earlier.rows],
        averages=[*averages, *earlier.averages],
        labelling=scored.labelling,
        notes=all_notes(manifest.notes, report.notes, *(r["notes"] for r in records.values())),
        gaps=all_notes(*(record["gaps"] for record in records.values())),
        settings={
            "resamples": plan.resamples,
            "seed": seed,
            "inputs": scored.inputs,
            "prompt": dataclasses.asdict(manifest.prompt),
            "labeler": plan.labeler.identity(),
            "metrics": records,
            "view": view.identity(list(scored.labelling), manifest.split) if view else None,
        },
        totals=dataclasses.asdict(manifest.totals) if manifest.totals else {},
        view=view.name if view else "",
    )
    write_json(folder.scores_file(labeler, result.view), result.to_json())
    folder.write_manifest(dataclasses.replace(folder.manifest(), status="scored"))
    context.notify(StageFinished(folder.id, "score", time.perf_counter() - started))
    return result


def _columns(
    folder: RunFolder, labeler: str, dataset: str, view: OpenView | None, report: Report
) -> Columns:
    """Return a dataset's aligned columns, as a view has them; what it leaves out is noted."""
    columns = Columns.read(folder, labeler, dataset)
    if view is None:
        return columns
    view.check(folder.manifest(), [dataset])
    seen = view.see(columns, dataset, folder.manifest().split)
    for note in seen.notes(view, dataset):
        report.note(note)
    return seen.columns


def _checksum(columns: Columns, view: OpenView | None) -> str:
    """Return what scores of these columns are known by."""
    made_from: list[Any] = [
        [as_row(prediction) for prediction in columns.predictions],
        [response.text for response in columns.responses],
    ]
    if view is not None:
        made_from.append([example.label for example in columns.examples])
    return digest(made_from)


def _row(
    manifest: Manifest,
    dataset: str,
    task: str,
    spec: MetricSpec,
    measure: Measure,
    values: Array,
    columns: Columns,
    scored: Scored,
) -> ScoreRow:
    """Describe a measure with its interval; ``values`` are its resamples, shape (resamples,)."""
    counts = scored.labelling[dataset]
    posts = len(set(columns.clusters))
    # There is no interval where one post is all there is to draw from.
    value = measure.value()
    bounds = rounded(interval(value, values) if posts > 1 else Interval(value, math.nan, math.nan))
    direction = measure.higher_is_better
    return ScoreRow(
        model=manifest.model,
        dataset=dataset,
        task=task,
        split=manifest.split,
        metric=measure.name,
        made_by=spec.name,
        decimals=measure.decimals,
        higher_is_better=spec.metric.higher_is_better if direction is None else direction,
        value=bounds["value"],
        low=bounds["low"],
        high=bounds["high"],
        n=counts["n"],
        posts=posts,
        unparsed=counts["unparsed"],
        failed=counts["failed"],
        headline=measure.headline,
        details=dict(measure.details),
    )


def _record(spec: MetricSpec, report: Report) -> MetricRecord:
    """Return what scores say of the metric that made them."""
    return MetricRecord(
        version=spec.metric.version,
        arguments=spec.arguments_as_json(),
        notes=report.sentences("notes"),
        gaps=report.sentences("gaps"),
    )


def _scores_before(folder: RunFolder, labeler: str, view: OpenView | None) -> Earlier:
    """Return the scores there are; none if they were written by a version that kept no records."""
    name = view.name if view else ""
    if not folder.scores_file(labeler, name).exists():
        return Earlier()
    before = RunScores.from_json(folder.scores(labeler, name), str(folder.path))
    records = before.settings.get("metrics", {})
    if not all(isinstance(record, dict) for record in records.values()):
        return Earlier()
    return Earlier(before.scores, before.averages, records, before.settings.get("inputs", {}))


def _write_per_example(
    folder: RunFolder,
    labeler: str,
    dataset: str,
    examples: Sequence[Example],
    measures: Iterable[tuple[MetricSpec, Measure]],
    view: OpenView | None,
) -> None:
    """Write the value of each example, of every measure that has one."""
    for _, measure in measures:
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

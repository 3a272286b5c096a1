"""Stage 4: metrics, intervals, averages. Never asks the model."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.events import Event, StageFinished, StageStarted
from imhi._core.fingerprints import digest_of_lists
from imhi._core.metrics import MetricSpec, Score, refuse_taken_measures
from imhi._core.plan import ScoringPlan
from imhi._core.records import Example, JsonObject, as_row
from imhi._core.registry import Registry
from imhi._core.report import Report, all_notes
from imhi._core.results import Labelling, MetricRecord, RunScores, ScoreRow
from imhi._core.run_store import RunFolder
from imhi._core.run_store.cache import CacheFolder
from imhi._core.run_store.columns import Columns
from imhi._core.run_store.jsonl import write_json, write_rows
from imhi._core.stages.answer_notes import answer_notes
from imhi._core.stages.averages import Found, average_rows, rounded
from imhi._core.stages.earlier_scores import EarlierScores, scores_before
from imhi._core.stages.label import labelling_counts
from imhi._core.statistics import METHOD, Interval, Measure, interval_of
from imhi._core.views import OpenView

OpenMetrics = Sequence[tuple[MetricSpec, Score]]


def score(
    folder: RunFolder, context: Context, plan: ScoringPlan, metrics: OpenMetrics
) -> list[RunScores]:
    """Score the predictions of the plan's labeler with opened metrics, under each of its views:
    write ``scores/LABELER.json``, and ``scores/LABELER@VIEW.json`` under a view.

    Scores of metrics made earlier are kept beside the new ones. What metrics computed for it lies
    in ``measured/``: a scoring that was stopped goes on where it was.

    Raises:
        HarnessError: a metric fails, two give measures of one name, a view leaves out every row.
    """
    manifest = folder.manifest()
    context = dataclasses.replace(
        context,
        run=folder.id,
        model_identity=manifest.model_identity,
        cache=CacheFolder(folder.path / "measured"),
    )
    views = [_ScoredView.begin(folder, context, plan, metrics, view) for view in plan.views]
    try:
        # Datasets outside, views inside: rows are read, and labelers fitted, once for all views.
        for dataset in manifest.datasets:
            columns = Columns.read(folder, plan.labeler.name, dataset, context.registry)
            for view in views:
                view.add(dataset, columns)
        return [view.finish() for view in views]
    finally:
        context.cache.close()


@dataclass
class _ScoredView:
    """The scoring of a run under one view, dataset by dataset. What the view leaves out and what a
    metric has to say is told with its scores only."""

    folder: RunFolder
    plan: ScoringPlan
    metrics: OpenMetrics
    view: OpenView | None
    report: Report
    contexts: Mapping[str, Context]  # by metric, each with a report of its own
    labeler: JsonObject
    before: EarlierScores
    registry: Registry
    notify: Callable[[Event], None]
    started: float
    rows: list[ScoreRow] = field(default_factory=list)
    found: dict[tuple[str, str], Found] = field(default_factory=dict)
    labelling: dict[str, Labelling] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(
        cls,
        folder: RunFolder,
        context: Context,
        plan: ScoringPlan,
        metrics: OpenMetrics,
        view: OpenView | None,
    ) -> _ScoredView:
        context.notify(StageStarted(folder.id, "score", len(folder.datasets())))
        said = folder.labeler_notes(plan.labeler.name)
        return cls(
            folder=folder,
            plan=plan,
            metrics=metrics,
            view=view,
            report=Report([*context.report.notes, *said["notes"]], said["gaps"]),
            contexts={
                spec.name: dataclasses.replace(context, report=Report()) for spec, _ in metrics
            },
            labeler=plan.labeler.identity(context),
            before=scores_before(folder, plan.labeler.name, view),
            registry=context.registry,
            notify=context.notify,
            started=time.perf_counter(),
        )

    def add(self, dataset: str, columns: Columns) -> None:
        """Score one dataset, whose columns are those of the released gold."""
        columns = self._seen(dataset, columns)
        if not columns.examples:
            return
        self.inputs[dataset] = _checksum(columns, self.view)
        self.labelling[dataset] = labelling_counts(columns.predictions, columns.responses)
        measures = [
            (spec, measure)
            for spec, scorer in self._meaningful()
            for measure in spec.measure(scorer, *columns.aligned, self.contexts[spec.name])
        ]
        taken = self.before.taken(dataset, self.inputs, self.contexts, self.registry)
        refuse_taken_measures(measures, taken)
        for spec, measure in measures:
            bounds = interval_of(measure, columns.clusters)
            row = self._row(dataset, spec, measure, bounds, columns)
            self.rows.append(row)
            made = self.found.setdefault((spec.name, measure.name), Found(row))
            made.by_dataset[dataset] = bounds
        _write_per_example(
            self.folder, self.plan.labeler.name, dataset, columns.examples, measures, self.view
        )

    def _meaningful(self) -> Iterator[tuple[MetricSpec, Score]]:
        """Yield the metrics that have something to measure; the others say that they have not."""
        answer = self.folder.manifest().answer
        for spec, scorer in self.metrics:
            if answer != "text" and spec.needs_text:
                self.contexts[spec.name].note(
                    f"{spec.name}: not measured: with --answer {answer} there are no explanations"
                )
                continue
            yield spec, scorer

    def finish(self) -> RunScores:
        """Write the scores file and return what stands in it."""
        manifest, view = self.folder.manifest(), self.view
        if not self.labelling:
            raise HarnessError(
                f"{self.folder.path}: view {view.name if view else ''} leaves out every row "
                f"({'; '.join(self.report.notes)}); choose another view, or audit with --raw where the "
                "human labels are known"
            )
        records = {
            spec.name: _record(spec, self.contexts[spec.name].report) for spec, _ in self.metrics
        }
        earlier = self.before.kept(self.inputs, records, {row["metric"] for row in self.rows})
        averages = average_rows(
            self.found, list(self.labelling), self.registry, manifest.cross_fitted
        )
        records = {**earlier.metrics, **records}
        check = manifest.repeat_check
        result = RunScores(
            run=str(self.folder.path),
            model=manifest.model,
            labeler=self.plan.labeler.name,
            split=manifest.split,
            source=manifest.source,
            synthetic=manifest.synthetic,
            scores=[*self.rows, *earlier.rows],
            averages=[*averages, *earlier.averages],
            labelling=self.labelling,
            notes=all_notes(
                manifest.notes,
                self.report.notes,
                list(answer_notes(self.labelling, manifest, self.registry)),
                [check.sentence] if check else [],
                *(r["notes"] for r in records.values()),
            ),
            gaps=all_notes(self.report.gaps, *(record["gaps"] for record in records.values())),
            settings={
                "inputs": self.inputs,
                "prompt": dataclasses.asdict(manifest.prompt),
                "labeler": self.labeler,
                "metrics": records,
                "view": view.identity(list(self.labelling), manifest.split) if view else None,
            },
            totals=manifest.totals.to_json() if manifest.totals else {},
            view=view.name if view else "",
            repeat_check=dataclasses.asdict(check) if check else {},
        )
        write_json(self.folder.scores_file(result.labeler, result.view), result.to_json())
        self.folder.write_manifest(dataclasses.replace(manifest, status="scored"))
        self.notify(StageFinished(self.folder.id, "score", time.perf_counter() - self.started))
        return result

    def _seen(self, dataset: str, columns: Columns) -> Columns:
        """Return the columns as the view has them; what it leaves out is noted."""
        if self.view is None:
            return columns
        manifest = self.folder.manifest()
        self.view.check(manifest, [dataset])
        seen = self.view.see(columns, dataset, manifest.split)
        for note in seen.notes(self.view, dataset):
            self.report.note(note)
        return seen.columns

    def _row(
        self, dataset: str, spec: MetricSpec, measure: Measure, found: Interval, columns: Columns
    ) -> ScoreRow:
        """Describe a measure with its interval."""
        manifest, counts = self.folder.manifest(), self.labelling[dataset]
        bounds, direction = rounded(found), measure.higher_is_better
        return ScoreRow(
            model=manifest.model,
            dataset=dataset,
            task=self.registry.task_of(dataset).name,
            split=manifest.split,
            metric=measure.name,
            made_by=spec.name,
            decimals=measure.decimals,
            higher_is_better=spec.metric.higher_is_better if direction is None else direction,
            value=bounds["value"],
            low=bounds["low"],
            high=bounds["high"],
            n=counts["n"],
            posts=len(set(columns.clusters)),
            unparsed=counts["unparsed"],
            failed=counts["failed"],
            not_asked=counts["not_asked"],
            headline=measure.headline,
            scale=measure.scale,
            cross_fitted=dataset in manifest.cross_fitted,
            details=dict(measure.details),
        )


def _checksum(columns: Columns, view: OpenView | None) -> str:
    """Return what scores of these columns are known by."""
    made_from: list[Iterable[Any]] = [
        (as_row(prediction) for prediction in columns.predictions),
        (response.text for response in columns.responses),
    ]
    if view is not None:
        made_from.append(example.label for example in columns.examples)
    return digest_of_lists(made_from)


def _record(spec: MetricSpec, report: Report) -> MetricRecord:
    """Return what scores say of the metric that made them."""
    return MetricRecord(
        version=spec.metric.version,
        arguments=spec.arguments_as_json(),
        notes=report.sentences("notes"),
        gaps=report.sentences("gaps"),
        interval=METHOD,
    )


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
                {"id": example.id, "value": float(value) + 0.0 if math.isfinite(value) else None}
                for example, value in zip(examples, column, strict=True)
            ),
        )

"""How near are the explanations to those of experts for the same posts?

In the IMHI paper: BART-score of ChatGPT's explanations against the 35 expert rows of each dataset.
Here any metric of the harness measures the rows whose post and question an expert explained too
(``explain: {experts: ...}``), all but those that ask judges. Few rows, so the report is what
counts; ``minimum`` makes findings of those below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Annotated

from pydantic import Field, JsonValue

from imhi import Example, Prediction, Response
from imhi.build.checks.check_context import CheckContext
from imhi.build.checks.declarations import Action, CheckSettings
from imhi.build.explanations.prompting import read_experts
from imhi.build.records import BuiltRow, Finding
from imhi.runs import MetricSpec, statistics


class Settings(CheckSettings):
    """``metric`` as on the command line (``rouge``, ``bartscore:FOLDER`` ...); ``minimum`` of its
    first measure, on the metric's own scale; null flags nothing."""

    action: Action = "report"
    metric: Annotated[tuple[str, ...], Field(min_length=1)] = ("rouge",)
    minimum: float | None = None
    resamples: Annotated[int, Field(ge=100)] = 2000


def find(checks: CheckContext, settings: Settings) -> Iterator[Finding]:
    """Yield the rows below the minimum; ``checks.details`` gets each measure by dataset, with its
    95% interval."""
    if checks.config.explain.experts is None:
        checks.skipped = "no expert rows are named (explain: {experts: SOURCE})"
        return
    experts = read_experts(checks.config.explain.experts, checks.registry, checks.datasets)
    specs = MetricSpec.parse(settings.metric, checks.registry)
    context = checks.context()
    with MetricSpec.opened(specs) as metrics:
        for name in checks.datasets:
            pairs = list(_pairs(checks, experts.rows.get(name, ())))
            figures: dict[str, JsonValue] = {"rows": len(pairs)}
            checks.details[name] = figures
            checks.looked_at[name] = len(pairs)
            if not pairs:
                continue
            rows = [row for row, _ in pairs]
            examples = [example for _, example in pairs]
            responses = [Response(row.id, name, "", text=row.explanation) for row in rows]
            labels = [Prediction(row.id, name, row.label) for row in rows]
            measures = [
                measure
                for spec, scorer in metrics
                for measure in spec.measure(scorer, examples, responses, labels, context)
            ]
            clusters = [row.post_id for row in rows]
            for measure in measures:
                bounds = statistics.interval_of(measure, clusters)
                figures[measure.name] = {
                    k: round(v, 4) if math.isfinite(v) else None for k, v in asdict(bounds).items()
                }
            each = measures[0].per_example
            if settings.minimum is not None and each is not None:
                yield from _below(rows, each, measures[0].name, settings.minimum)


def _pairs(checks: CheckContext, experts: Sequence[Example]) -> Iterator[tuple[BuiltRow, Example]]:
    """Pair built rows with the expert row about the same post, question and label."""
    wanted = {(row.post_id, row.aspect, row.label): row for row in experts}
    if not wanted:
        return
    for row in checks.rows(experts[0].dataset):
        expert = wanted.pop((row.post_id, row.aspect, row.label), None)
        if expert is not None:
            yield row, replace(expert, id=row.id)


def _below(
    rows: Sequence[BuiltRow], values: Iterable[float], measure: str, minimum: float
) -> Iterator[Finding]:
    for row, value in zip(rows, values, strict=True):
        if value < minimum:
            yield Finding(
                "quality",
                row.dataset,
                row.id,
                f"{measure} against the expert's explanation is below {minimum:g}",
                round(float(value), 4),
            )

"""A meta-evaluation from files of annotations to the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imhi import (
    Budget,
    Context,
    Generation,
    OpenSource,
    PluginManager,
    RunSettings,
    file_checksum,
    open_source,
    post_key,
)
from imhi.plugins.meta_evaluation.annotations import (
    ANSWER,
    MARKS,
    SCALE,
    Annotated,
    annotation_files,
    read_annotations,
)
from imhi.plugins.meta_evaluation.references import (
    Answers,
    NoSource,
    References,
    answers_of,
    read_references,
    source_above,
)
from imhi.plugins.meta_evaluation.result import MetaEvaluation
from imhi.runs import CacheFolder, MetricSpec

METRICS = ("explanations",)


@dataclass(frozen=True)
class MetaSettings:
    """What ``imhi meta`` is asked to do. Without ``source`` the checkout above the files is taken,
    if they lie in one."""

    paths: tuple[Path, ...]
    source: str = ""
    dataset: str = "DR"
    split: str = "test"
    metric: tuple[str, ...] = METRICS
    judge: tuple[str, ...] = ()
    max_cost: float | None = None
    answer_column: str = ANSWER
    marks: tuple[str, ...] = MARKS
    scale: tuple[float, float] = SCALE
    resamples: int = 2000
    seed: int = 0
    out: Path = Path("meta")


def evaluate(settings: MetaSettings, manager: PluginManager) -> MetaEvaluation:
    """Read annotations, join references, ask the metrics, and set them against the marks.

    What metrics compute is kept in ``measured/`` under ``settings.out``.

    Raises:
        HarnessError: anything of what is asked that is not there or cannot be read.
    """
    import numpy as np

    from imhi.plugins.meta_evaluation.analysis import panels
    from imhi.plugins.meta_evaluation.metric_values import measure
    from imhi.runs import ScoringPlan

    registry = manager.registry
    specs = ScoringPlan.check_metrics(
        RunSettings(metric=settings.metric, judge=settings.judge, max_cost=settings.max_cost),
        registry,
    )
    dataset = registry.datasets.get(settings.dataset)
    rows = read_annotations(settings.paths, settings.answer_column, settings.marks, settings.scale)
    name = settings.source or source_above(settings.paths, registry)
    source: OpenSource = open_source(name, registry)[1] if name else NoSource()
    references = read_references(source, dataset, settings.split) if name else References({})
    context = Context(
        registry=registry,
        source=source,
        split=settings.split,
        seed=settings.seed,
        generation=Generation(max_new_tokens=512),
        budget=Budget(settings.max_cost),
        notify=manager.notify,
        run=f"meta-{dataset.name}",
        judges=settings.judge,
        cache=CacheFolder(settings.out / "measured"),
    )
    per_system = {
        system: [row for row in rows if row.system == system]
        for system in dict.fromkeys(row.system for row in rows)
    }
    systems = {
        system: answers_of(found, dataset, settings.split, references)
        for system, found in per_system.items()
    }
    for sentence in _joining(systems, references, name):
        context.note(sentence)
    try:
        with MetricSpec.opened(specs) as metrics:
            columns = measure(systems, metrics, context)
    finally:
        context.cache.close()
    marks = {mark: np.array(_padded(rows, mark)) for mark in settings.marks}
    found = panels(
        columns,
        marks,
        [row.system for row in rows],
        [post_key(row.post) for row in rows],
        settings.resamples,
        settings.seed,
        lambda done, total: context.advance("bootstrap", dataset.name, done, total),
    )
    described = {
        **_described(settings, name, source),
        "references": {
            "joined": sum(one.joined for one in systems.values()),
            "answers": len(rows),
            "other_label": sum(one.other_label for one in systems.values()),
        },
    }
    return MetaEvaluation(
        described, settings.marks, columns, found, context.notes, context.report.gaps
    )


def _padded(rows: Sequence[Annotated], mark: str) -> list[list[float]]:
    """Return marks as a table, NaN where there is none: systems may have had more annotators."""
    width = max(len(row.marks[mark]) for row in rows)
    nan = float("nan")
    return [
        [nan if value is None else value for value in row.marks[mark]]
        + [nan] * (width - len(row.marks[mark]))
        for row in rows
    ]


def _joining(systems: dict[str, Answers], references: References, source: str) -> list[str]:
    """Say how many answers have a reference."""
    answers = sum(len(one.examples) for one in systems.values())
    joined = sum(one.joined for one in systems.values())
    if not source:
        return [
            "No source of references was found (give one with --source): only metrics that need "
            "no reference are measured."
        ]
    found = [
        f"{joined} of {answers} answers have a reference (joined by post); the others count only "
        "for metrics that need none."
        if joined < answers
        else f"All {answers} answers have a reference (joined by post)."
    ]
    if references.ambiguous:
        found.append(
            f"{references.ambiguous} posts have several different references: the first was taken."
        )
    other = {name: one.other_label for name, one in systems.items() if one.other_label}
    if other:
        parts = ", ".join(f"{count} of {name}" for name, count in other.items())
        found.append(
            f"The references of {sum(other.values())} answers ({parts}) argue for another label "
            "than the annotations have as correct: metrics that compare with references reward "
            "the wrong answer there."
        )
    return found


def _described(settings: MetaSettings, source: str, opened_source: OpenSource) -> dict[str, object]:
    files = annotation_files(settings.paths)
    return {
        "files": {str(path): file_checksum(path) for path in files},
        "source": source,
        "source_checksum": opened_source.checksum(settings.dataset, settings.split)
        if source
        else "",
        "dataset": settings.dataset,
        "split": settings.split,
        "answer_column": settings.answer_column,
        "scale": list(settings.scale),
        "judges": list(settings.judge),
        "resamples": settings.resamples,
        "seed": settings.seed,
    }

"""The headline table: every run with its values and ranks, and published figures beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imhi.io import figures
from imhi.plugins.report.html.material import Material, Place, Run
from imhi.plugins.report.html.wording import number, ranks, span, titled
from imhi.runs import ComparedMetric, PublishedResult


@dataclass(frozen=True)
class Cell:
    """A value, its interval in words, and the number it is sorted by."""

    value: str
    span: str
    order: float
    best: bool = False


@dataclass(frozen=True)
class Line:
    """A row of the table. ``source`` is the number of the publication, 0 for a run."""

    name: str
    rank: str
    rank_order: int
    cells: Sequence[Cell | None]
    lost: str
    lost_order: float
    source: int = 0


@dataclass(frozen=True)
class Headline:
    """A measure's table. ``sources`` are the publications, in the order of their numbers."""

    title: str
    higher_is_better: bool
    places: Sequence[Place]
    lines: Sequence[Line]
    sources: Sequence[str]


def headlines(material: Material) -> list[Headline]:
    """Return a table for each measure compared."""
    return [_headline(material, metric) for metric in material.comparison.metrics.values()]


def means(material: Material) -> list[str]:
    """Return what the means are over, a sentence, if there are any."""
    return figures.means_over(material.datasets)


def _headline(material: Material, metric: ComparedMetric) -> Headline:
    places = material.places()
    sources: dict[str, int] = {}
    rows: dict[tuple[str, int], dict[str, PublishedResult]] = {}
    for row in material.published:
        if row.metric == metric.name:
            source = f"{row.source}, {row.table}: {row.obtained}"
            key = (row.model, sources.setdefault(source, len(sources) + 1))
            rows.setdefault(key, {})[row.dataset] = row
    return Headline(
        titled(metric),
        metric.higher_is_better,
        places,
        [_measured(material, metric, places, run) for run in material.ordered()]
        + [
            _published(metric, places, material.datasets, model, number, values)
            for (model, number), values in rows.items()
        ],
        list(sources),
    )


def _measured(
    material: Material, metric: ComparedMetric, places: Sequence[Place], run: Run
) -> Line:
    cells: list[Cell | None] = []
    rank, rank_order = "", 0
    for index, place in enumerate(places):
        value = material.comparison.value(run.name, metric.name, place.dataset, place.over)
        if value is None:
            cells.append(None)
            continue
        cells.append(
            Cell(
                figures.crossed(number(value.value, metric.decimals), value.cross_fitted),
                span(value.low, value.high, metric.decimals),
                value.value,
                value.rank == 1 and len(material.runs) > 1,
            )
        )
        if index == 0:
            rank, rank_order = f"{value.rank}", value.rank
            if (value.rank_low, value.rank_high) != (value.rank, value.rank):
                rank += f" ({ranks(value.rank_low, value.rank_high)})"
    examples = sum(len(columns.examples) for columns in run.columns.values())
    lost = sum(
        prediction.label is None
        for columns in run.columns.values()
        for prediction in columns.predictions
    )
    share = 100 * lost / examples if examples else 0.0
    return Line(run.name, rank, rank_order, cells, f"{number(share, 1)}%", share)


def _published(
    metric: ComparedMetric,
    places: Sequence[Place],
    datasets: Sequence[str],
    model: str,
    source: int,
    values: dict[str, PublishedResult],
) -> Line:
    cells: list[Cell | None] = []
    for place in places:
        if place.dataset:
            row = values.get(place.dataset)
            value = None if row is None else row.value
        else:
            # A mean over other datasets would invite a comparison that it does not bear.
            complete = all(name in values for name in datasets)
            value = sum(row.value for row in values.values()) / len(values) if complete else None
        cells.append(None if value is None else Cell(number(value, metric.decimals), "", value))
    return Line(model, "", 10_000, cells, "", -1.0, source)

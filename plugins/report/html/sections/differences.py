"""Differences between runs: tested pairs, and the matrix of their means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imhi.plugins.report.html.material import Material, Run
from imhi.plugins.report.html.wording import NONE, needed, number, p_value, span, titled
from imhi.runs import ComparedMetric, Pair


@dataclass(frozen=True)
class Difference:
    """A run's value minus another's. ``strength`` in percent of the largest, for shading."""

    shown: str
    said: str
    significant: bool
    better: bool
    strength: float


@dataclass(frozen=True)
class PairLine:
    """A tested pair in words and numbers; the ``*_order`` are what the table is sorted by."""

    a: str
    b: str
    place: str
    difference: float
    difference_shown: str
    span: str
    p: float
    p_shown: str
    significant: bool
    no_answer: str
    mcnemar: float
    mcnemar_shown: str
    effect: str
    effect_order: float
    counts: str
    needed: str
    needed_order: float


@dataclass(frozen=True)
class Differences:
    """A measure's matrix (the row's run minus the column's) at ``place``, and every pair; ``missing``
    says whether any run left rows without an answer."""

    title: str
    place: str
    names: Sequence[str]
    matrix: Sequence[tuple[str, Sequence[Difference | None]]]
    pairs: Sequence[PairLine]
    missing: bool


def differences(material: Material) -> list[Differences]:
    """Return each measure's tested pairs; nothing where there is one run only."""
    runs = material.ordered()
    if len(runs) < 2:
        return []
    return [_differences(material, metric, runs) for metric in material.comparison.metrics.values()]


def _differences(material: Material, metric: ComparedMetric, runs: Sequence[Run]) -> Differences:
    places = material.places()
    first = places[0]
    found = {
        (place.title, a.name, b.name): pair
        for place in places
        for index, a in enumerate(runs)
        for b in runs[index + 1 :]
        if (
            pair := material.comparison.pair(a.name, b.name, metric.name, place.dataset, place.over)
        )
    }
    largest = max((abs(pair.difference) for pair in found.values()), default=0.0) or 1.0
    matrix = []
    for a in runs:
        line: list[Difference | None] = []
        for b in runs:
            pair = material.comparison.pair(a.name, b.name, metric.name, first.dataset, first.over)
            line.append(None if pair is None else _cell(pair, metric, largest))
        matrix.append((a.name, line))
    return Differences(
        titled(metric),
        first.title,
        [run.name for run in runs],
        matrix,
        [_line(material, pair, metric, place) for (place, _, _), pair in found.items()],
        any(one.missing for one in material.comparison.answers),
    )


def _cell(pair: Pair, metric: ComparedMetric, largest: float) -> Difference:
    better = (pair.difference > 0) == metric.higher_is_better
    return Difference(
        number(pair.difference, metric.decimals, signed=True),
        "significant" if pair.significant else "not significant",
        pair.significant,
        better,
        100 * min(1.0, abs(pair.difference) / largest) if pair.significant else 0.0,
    )


def _line(material: Material, pair: Pair, metric: ComparedMetric, place: str) -> PairLine:
    missing = (material.comparison.missing(name, pair.dataset) for name in (pair.a, pair.b))
    counted = pair.better is not None
    return PairLine(
        a=pair.a,
        b=pair.b,
        place=place,
        difference=pair.difference,
        difference_shown=number(pair.difference, metric.decimals, signed=True),
        span=span(pair.low, pair.high, metric.decimals, signed=True),
        p=pair.p_holm,
        p_shown=p_value(pair.p_holm),
        significant=pair.significant,
        no_answer=" / ".join(f"{count:,}" for count in missing),
        mcnemar=2.0 if pair.labels is None else pair.labels.p,
        mcnemar_shown=NONE if pair.labels is None else p_value(pair.labels.p),
        effect=NONE if pair.effect is None else number(pair.effect, 2, signed=True),
        effect_order=-99.0 if pair.effect is None else pair.effect,
        counts=f"{pair.better:,} / {pair.worse:,}" if counted else NONE,
        needed=NONE if pair.significant else needed(pair.posts_needed),
        needed_order=-1.0 if pair.significant else float(pair.posts_needed or 1e12),
    )

"""Dots and whiskers: a picture for each dataset, a line for each model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from imhi.plugins.report.html.drawing import (
    ACCENT,
    INK,
    LINE,
    OTHER,
    SIZE,
    SOFT,
    WIDTH,
    drawings,
    shortened,
    svg,
)
from imhi.plugins.report.html.material import Material, Place
from imhi.plugins.report.html.wording import number, span, titled
from imhi.runs import ComparedMetric

_ROW = 0.25  # inches
_LETTER = 0.075  # inches, of a name
_NAME = 20  # letters
_FOOT = 0.38  # inches, for the numbers of the axis


@dataclass(frozen=True)
class Dot:
    """A value of a model; one that was published has no interval."""

    name: str
    value: float
    low: float | None
    high: float | None
    published: bool


@dataclass(frozen=True)
class Intervals:
    """The pictures of one measure, by the place they show."""

    title: str
    pictures: Sequence[tuple[str, Markup]]


def interval_pictures(material: Material) -> list[Intervals]:
    """Return a picture of each measure on each dataset and of its mean."""
    with drawings() as figure:
        return [
            Intervals(
                titled(metric),
                [
                    (place.title, _picture(figure, _dots(material, metric, place), metric, place))
                    for place in material.places()
                ],
            )
            for metric in material.comparison.metrics.values()
        ]


def _dots(material: Material, metric: ComparedMetric, place: Place) -> list[Dot]:
    dots = []
    for run in material.ordered():
        value = material.comparison.value(run.name, metric.name, place.dataset, place.over)
        if value is not None:
            dots.append(Dot(run.name, value.value, value.low, value.high, False))
    dots += [
        Dot(row.model, row.value, None, None, True)
        for row in material.published
        if (row.metric, row.dataset) == (metric.name, place.dataset)
    ]
    return dots


def _picture(
    figure: Callable[[float], Any], dots: Sequence[Dot], metric: ComparedMetric, place: Place
) -> Markup:
    height = _ROW * len(dots) + _FOOT + 0.08
    drawing = figure(height)
    names = shortened([dot.name for dot in dots], _NAME)
    left = (_LETTER * max(map(len, names), default=1) + 0.15) / WIDTH
    axes = drawing.add_axes(
        (left, _FOOT / height, 1 - left - 0.1, (height - _FOOT - 0.05) / height)
    )
    for row, dot in enumerate(dots):
        color = OTHER if dot.published else ACCENT
        if dot.low is not None and dot.high is not None:
            axes.plot([dot.low, dot.high], [row, row], color=color, linewidth=1.6)
        axes.plot(
            dot.value,
            row,
            marker="D" if dot.published else "o",
            markersize=5,
            color=color,
            fillstyle="none" if dot.published else "full",
        )
        axes.annotate(
            number(dot.value, metric.decimals),
            (1.02, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=SIZE - 0.5,
            color=INK,
        )
    axes.set_yticks(range(len(dots)), names)
    axes.set_ylim(len(dots) - 0.5, -0.5)
    axes.grid(axis="x", color=LINE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    axes.tick_params(axis="x", labelsize=SIZE - 1, labelcolor=SOFT)
    axes.locator_params(axis="x", nbins=5)
    return svg(drawing, _spoken(dots, metric, place))


def _spoken(dots: Sequence[Dot], metric: ComparedMetric, place: Place) -> str:
    said = []
    for dot in dots:
        line = f"{dot.name} {number(dot.value, metric.decimals)}"
        if dot.published:
            line += " (published)"
        elif dot.low is not None and not math.isnan(dot.low):
            line += f" ({span(dot.low, dot.high, metric.decimals)})"
        said.append(line)
    return f"{titled(metric)}, {place.title}: {'; '.join(said)}"

"""Calibration: whether a model that says 80% is right in 80% of the cases.

For models that give probabilities. The confidence of an answer is the probability of the label it
gives. Answers are put into ten bins of equal width; the expected calibration error (Naeini et al.,
AAAI 2015) is the mean distance of confidence and share of right labels, weighted by the bins' sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from imhi.plugins.report.html.drawing import LINE, MARKERS, SERIES, SIGNS, SIZE, SOFT, drawings, svg
from imhi.plugins.report.html.material import Material
from imhi.plugins.report.html.wording import number
from imhi.runs import Columns

BINS = 10
_HEIGHT = 3.1  # inches
_LEAST, _MOST = 3.0, 8.0  # points, of a marker: its area is the share of answers


@dataclass(frozen=True)
class Bin:
    """Answers of about the same confidence; both shares in percent."""

    answers: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Curve:
    """A run on a dataset; ``error`` is the expected calibration error, in percentage points."""

    name: str
    answers: int
    confidence: float
    right: float
    error: float
    bins: Sequence[Bin]
    series: int
    sign: str


@dataclass(frozen=True)
class Reliability:
    dataset: str
    curves: Sequence[Curve]
    picture: Markup


def reliability(material: Material) -> list[Reliability]:
    """Return a diagram for each dataset on which a run gives probabilities."""
    found = []
    # A run keeps its colour on all datasets.
    speaking = [run for run in material.ordered() if any(map(_speaks, run.columns.values()))]
    with drawings() as figure:
        for dataset in material.datasets:
            curves = [
                _curve(run.name, run.columns[dataset], index)
                for index, run in enumerate(speaking)
                if _speaks(run.columns[dataset])
            ]
            if curves:
                found.append(Reliability(dataset, curves, _picture(figure, dataset, curves)))
    return found


def _speaks(columns: Columns) -> bool:
    return any(response.probabilities for response in columns.responses)


def _curve(name: str, columns: Columns, index: int) -> Curve:
    sums = [[0, 0.0, 0] for _ in range(BINS)]  # answers, confidence, right ones
    for example, response, prediction in zip(
        columns.examples, columns.responses, columns.predictions, strict=True
    ):
        confidence = (response.probabilities or {}).get(prediction.label or "")
        if confidence is not None:
            one = sums[min(BINS - 1, max(0, int(confidence * BINS)))]
            one[0] += 1
            one[1] += confidence
            one[2] += prediction.label == example.label
    total = sum(int(one[0]) for one in sums)
    bins = [Bin(int(n), 100 * c / n, 100 * r / n) for n, c, r in sums if n]
    return Curve(
        name,
        total,
        sum(100 * one[1] for one in sums) / total if total else 0.0,
        sum(100 * one[2] for one in sums) / total if total else 0.0,
        sum(one.answers * abs(one.confidence - one.right) for one in bins) / (total or 1),
        bins,
        index % len(SERIES) + 1,
        SIGNS[index % len(SIGNS)],
    )


def _picture(figure: Callable[[float], Any], dataset: str, curves: Sequence[Curve]) -> Markup:
    drawing = figure(_HEIGHT)
    axes = drawing.add_axes((0.13, 0.16, 0.83, 0.8))
    axes.plot([0, 100], [0, 100], color=SOFT, linewidth=1, linestyle=(0, (3, 3)))
    for curve in curves:
        color = SERIES[curve.series - 1]
        places = [one.confidence for one in curve.bins]
        axes.plot(places, [one.right for one in curve.bins], color=color, linewidth=1.3)
        for one in curve.bins:
            size = _LEAST + (_MOST - _LEAST) * (one.answers / curve.answers) ** 0.5
            marker = MARKERS[SIGNS.index(curve.sign)]
            axes.plot(one.confidence, one.right, marker=marker, markersize=size, color=color)
    axes.set_xlim(-2, 102)
    axes.set_ylim(-2, 102)
    axes.set_xlabel("confidence, %", fontsize=SIZE)
    axes.set_ylabel("right labels, %", fontsize=SIZE)
    axes.grid(color=LINE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0, labelsize=SIZE - 1, labelcolor=SOFT)
    said = "; ".join(
        f"{curve.name} is {number(curve.confidence, 0)}% sure on average and right in "
        f"{number(curve.right, 0)}%, calibration error {number(curve.error, 1)}"
        for curve in curves
    )
    return svg(drawing, f"Reliability diagram of {dataset}: {said}")

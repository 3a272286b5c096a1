"""The picture of a training: losses and validation scores over updates, a panel per model.

Colours are those of Okabe and Ito (jfly.uni-koeln.de/color), which colour-blind people tell apart;
what they say is also said by the form of lines and marks.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi import HarnessError, how_to_install
from imhi.finetune.trained.manifest import ModelRecord, TrainingManifest

Look = dict[str, Any]  # what matplotlib draws a line with

COLUMNS = 4  # panels side by side, at most
_STAR: Look = {"marker": "*", "markersize": 12, "linestyle": "none", "zorder": 4}
_LOOKS: dict[str, Look] = {
    "training": {"color": "#0072b2", "linewidth": 1.4},
    "validation": {
        **{"color": "#d55e00", "linewidth": 1.4, "linestyle": "--"},
        **{"marker": "s", "markersize": 3.5},
    },
    "score": {"color": "#009e73", "linewidth": 1.8, "marker": "o", "markersize": 4, "zorder": 3},
    "part": {"color": "#8c8c8c", "linewidth": 0.9, "marker": ".", "markersize": 3},
    "kept": {**_STAR, "markeredgecolor": "black", "markerfacecolor": "#f0e442"},
    "highest": {**_STAR, "markeredgecolor": "black", "markerfacecolor": "white"},
}
_GREY, _GRID = "#555555", "#e3e3e3"
_FEW, _MANY = 25, 60  # logged losses: up to here each has a mark, from here on a running mean too
_FALL = 4.0  # a loss that falls to less than one in this is shown on a logarithmic axis
_EDGES = 0.45  # inches: what is written above and below the panels of a row
_LETTER = 0.085  # inches, of a title
_NAME = 0.05  # of the height of a panel: a name beside it
_NICE = (1, 2, 2.5, 5, 10)
METRIC_NAMES = {"weighted_f1": "weighted F1", "macro_f1": "macro F1"}

Points = tuple[list[float], list[float]]


@dataclass(frozen=True)
class Curve:
    """What one model's panel shows. ``parts`` are the scores of its datasets, where it has several;
    ``best`` is the update whose weights were kept, None where those of the last were."""

    name: str
    training: Points
    validation: Points
    score: Points
    parts: Mapping[str, Points]
    best: int | None

    @property
    def marked(self) -> int | None:
        """Which of the scores has the star: that of the weights kept, else the highest (the latest
        of several)."""
        updates, values = self.score
        if self.best in updates:
            return updates.index(self.best)
        return max(range(len(values)), key=lambda place: (values[place], place), default=None)


def can_draw() -> bool:
    """Say whether the library that draws is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def draw_curves(manifest: TrainingManifest, path: Path) -> None:
    """Write the picture (PNG).

    Raises:
        HarnessError: matplotlib is not installed.
    """
    if not can_draw():
        raise HarnessError(
            f"the curves need matplotlib, which is not installed: {how_to_install('plots')}"
        )
    picture(manifest).savefig(path, format="png")


def picture(manifest: TrainingManifest) -> Any:
    """Return the picture as a matplotlib figure. Above each model's losses, below its scores; where
    no model was scored on validation rows there is nothing below."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    recipe = manifest.recipe
    metric = recipe.validation.metric
    curves = [curve_of(name, model, metric) for name, model in manifest.members.items()]
    scored = any(curve.marked is not None for curve in curves)
    weight = recipe.training.label_weight if recipe.kind == "causal" else 1
    loss = "loss" + (f", label tokens \N{MULTIPLICATION SIGN} {weight:g}" if weight != 1 else "")
    columns = min(COLUMNS, len(curves))
    rows = -(-len(curves) // columns)
    width, height = (7.4, 3.2) if len(curves) == 1 else (3.3, 2.1)
    # A row of models is a row of losses, one of scores, and room before the next.
    heights = [1.0, 0.8, 0.12] if scored else [1.0, 0.12]
    drawing = Figure(
        figsize=(max(columns * width, 7.4), rows * (height * sum(heights) + _EDGES) + 0.6),
        dpi=150,
        layout="constrained",
    )
    FigureCanvasAgg(drawing)
    places = drawing.add_gridspec(
        rows * len(heights) - 1, columns, height_ratios=(heights * rows)[:-1]
    )
    shared: Any = None
    for number, curve in enumerate(curves):
        row, column = number // columns * len(heights), number % columns
        top = drawing.add_subplot(places[row, column])
        if (len(curves), curve.name) != (1, "model"):
            top.set_title(
                _short(curve.name, width), fontsize=9, fontweight="bold", parse_math=False
            )
        _losses(top, curve, loss if column == 0 else "")
        lowest = top
        if scored:
            lowest = drawing.add_subplot(places[row + 1, column], sharex=top, sharey=shared)
            shared = shared or lowest
            _scores(
                lowest, curve, METRIC_NAMES.get(str(metric), str(metric)) if column == 0 else ""
            )
            top.tick_params(labelbottom=False)
        lowest.set_xlabel("update", fontsize=8)
    title = f"{recipe.name}: losses" + (" and validation scores" if scored else "")
    drawing.suptitle(title, fontsize=11, fontweight="bold", parse_math=False)
    _legend(drawing, curves)
    return drawing


def curve_of(name: str, model: ModelRecord, metric: str | None) -> Curve:
    """Return what the manifest says of one model, as lines."""

    def points(key: str) -> Points:
        rows = [row for row in model.history if key in row]
        return [row["step"] for row in rows], [row[key] for row in rows]

    parts = {dataset: points(f"eval_{metric}_{dataset}") for dataset in model.datasets}
    return Curve(
        name,
        points("loss"),
        points("eval_loss"),
        points(f"eval_{metric}"),
        {dataset: part for dataset, part in parts.items() if part[0]},
        model.best.update if model.best else None,
    )


# --- panels --------------------------------------------------------------------------------------


def _losses(axes: Any, curve: Curve, label: str) -> None:
    updates, losses = curve.training
    look = dict(_LOOKS["training"])
    if len(losses) >= _MANY:
        axes.plot(updates, running_mean(losses, len(losses) // 30), **look)
        look |= {"linewidth": 0.8, "alpha": 0.35}
    elif len(losses) <= _FEW:
        look |= {"marker": ".", "markersize": 4}
    axes.plot(updates, losses, **look)
    axes.plot(*curve.validation, **_LOOKS["validation"])
    everything = [*losses, *curve.validation[1]]
    falls = bool(everything) and max(everything) > _FALL * min(everything) > 0
    _furnish(axes, label, logarithmic=falls)
    if not everything:
        axes.set(xticks=[], yticks=[])
        _say(axes, "no loss was logged")
    elif not curve.validation[0]:
        _say(axes, "no validation rows", 0.97, 0.93, "right")
    if curve.best is not None:
        axes.axvline(curve.best, color="black", linewidth=0.8, linestyle=":", zorder=0)


def _scores(axes: Any, curve: Curve, label: str) -> None:
    from matplotlib.patheffects import withStroke

    _furnish(axes, label)
    if curve.marked is None:
        _say(axes, "not measured")
        return
    for points in curve.parts.values():
        axes.plot(*points, **_LOOKS["part"])
    updates, values = curve.score
    axes.plot(updates, values, **_LOOKS["score"])
    star = (updates[curve.marked], values[curve.marked])
    axes.plot([star[0]], [star[1]], **_LOOKS["highest" if curve.best is None else "kept"])
    figure = axes.annotate(f"{star[1]:.1f}", star, xytext=(0, 8), textcoords="offset points")
    figure.set(ha="center", fontsize=7.5, fontweight="bold", zorder=5)
    figure.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
    if curve.best is not None:
        axes.axvline(curve.best, color="black", linewidth=0.8, linestyle=":", zorder=0)
    axes.margins(y=0.2)
    _name_parts(axes, curve)


def _name_parts(axes: Any, curve: Curve) -> None:
    """Write each dataset's name beside the end of its line."""
    axes.autoscale_view()
    low, high = axes.get_ylim()
    ends = [(points[0][-1], points[1][-1]) for points in curve.parts.values()]
    heights = spread([end for _, end in ends], _NAME * (high - low), low, high)
    for name, end, height in zip(curve.parts, ends, heights, strict=True):
        axes.annotate(
            name,
            end,
            xytext=(1.02, height),
            textcoords=axes.get_yaxis_transform(),
            arrowprops={"arrowstyle": "-", "color": "#bdbdbd", "linewidth": 0.6, "shrinkA": 1},
            **{"fontsize": 7.5, "va": "center", "color": _GREY, "parse_math": False},
        )


def spread(heights: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return heights for names, between ``low`` and ``high`` and ``gap`` apart as far as there is
    room, in the same order and near the heights given."""
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    spaced = list(heights)
    below = low - gap
    for index in order:
        below = spaced[index] = max(spaced[index], below + gap)
    above = high + gap
    for index in reversed(order):
        above = spaced[index] = min(spaced[index], above - gap)
    return spaced


def running_mean(values: Sequence[float], reach: int) -> list[float]:
    """Return for each value the mean of those at most ``reach`` places away."""
    near = (values[max(0, index - reach) : index + reach + 1] for index in range(len(values)))
    return [sum(some) / len(some) for some in near]


def _furnish(axes: Any, label: str, logarithmic: bool = False) -> None:
    """Few ticks, whole updates, a pale grid, no frame."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    axes.set_ylabel(label, fontsize=8)
    if logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=_NICE))
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=_NICE, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.tick_params(labelsize=7.5, length=2.5)
    axes.grid(color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _say(axes: Any, text: str, x: float = 0.5, y: float = 0.5, align: str = "center") -> None:
    look: Look = {"fontsize": 8, "style": "italic", "color": _GREY}
    axes.text(x, y, text, transform=axes.transAxes, ha=align, va="center", **look)


def _short(name: str, inches: float) -> str:
    room = int(inches / _LETTER)
    return name if len(name) <= room else f"{name[: room - 1]}…"


def _legend(drawing: Any, curves: Sequence[Curve]) -> None:
    from matplotlib.lines import Line2D

    pale = " (pale: as logged)" if any(len(c.training[0]) >= _MANY for c in curves) else ""
    several = any(curve.parts for curve in curves)
    stars = {curve.best is not None for curve in curves if curve.marked is not None}
    labels = {
        "training": f"training loss{pale}",
        "validation": any(c.validation[0] for c in curves) and "validation loss",
        "score": bool(stars) and "validation score" + ", mean of datasets" * several,
        "part": several and "validation score of a dataset",
        "kept": True in stars and "best: these weights are kept",
        "highest": False in stars and "highest; the last weights are kept",
    }
    lines = [Line2D([], [], label=label, **_LOOKS[name]) for name, label in labels.items() if label]
    drawing.legend(handles=lines, loc="outside lower center", ncols=3, fontsize=7.5, frameon=False)

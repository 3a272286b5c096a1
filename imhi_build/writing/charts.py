"""Charts for the statistics page, as wide as a phone: on larger screens several stand side by side."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from imhi.build.writing.counters import Lengths
from imhi.io import page_pictures

_WIDTH = 4.6  # inches
_SIZE = 10.0  # points, of letters
_ROW = 0.28  # inches, of a bar and the space beside it
_NAME = 30  # letters of a name beside a bar

# Stand-ins that no drawing would use by itself, and what they become.
_INK, _FAINT = map(page_pictures.stand_in, (3, 4))
_SERIES = tuple(map(page_pictures.stand_in, range(16, 22)))
_VARIABLES = {_INK: "var(--ink)", _FAINT: "var(--faint)"} | {
    color: f"var(--series-{number})" for number, color in enumerate(_SERIES, 1)
}
_STYLE: dict[Any, Any] = {
    "font.size": _SIZE,
    "text.color": _INK,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def stacked_bars(
    alt: str, names: Sequence[str], series: Mapping[str, Sequence[int]], shares: bool = False
) -> str:
    """Return horizontal bars, a bar per name, its parts in the order of the series. With ``shares``
    each bar is as long as the others, and its parts are percent of it."""
    totals = [sum(values[n] for values in series.values()) for n in range(len(names))]
    with _styled() as figure_of:
        legend = len(series) > 1
        figure = figure_of(len(names) * _ROW + 0.5 + 0.3 * legend)
        axes = figure.add_subplot()
        places = range(len(names))
        left = [0.0] * len(names)
        for (label, values), color in zip(series.items(), _colors(len(series)), strict=True):
            sizes = [
                100 * value / total if shares and total else float(value)
                for value, total in zip(values, totals, strict=True)
            ]
            axes.barh(places, sizes, left=left, height=0.7, color=color, label=label)
            left = [end + size for end, size in zip(left, sizes, strict=True)]
        axes.set_yticks(list(places), [_short(name) for name in names])
        axes.invert_yaxis()
        axes.margins(x=0.02 if shares else 0.14, y=0.02)
        for place, end, total in zip(places, left, totals, strict=True):
            if not shares:
                axes.annotate(
                    f"{total:,}", (end, place), xytext=(3, 0), textcoords="offset points",
                    va="center", fontsize=_SIZE - 1, color=_INK,
                )  # fmt: skip
        axes.set_xlabel("percent of rows" if shares else "rows", fontsize=_SIZE)
        _plain_axis(axes.xaxis)
        axes.tick_params(axis="y", length=0)
        if legend:
            figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=_SIZE)
        return page_pictures.svg(figure, alt, _VARIABLES)


def histograms(alt: str, parts: Mapping[str, Lengths]) -> str:
    """Return a histogram under another, each with its median; lengths in words."""
    with _styled() as figure_of:
        figure = figure_of(1.5 * len(parts) + 0.15)
        every = figure.subplots(len(parts), 1, squeeze=False)[:, 0]
        for axes, (name, lengths), color in zip(every, parts.items(), _SERIES, strict=False):
            edges, counts = lengths.histogram()
            widths = [high - low for low, high in itertools.pairwise(edges)]
            axes.bar(edges[:-1], counts, width=widths, align="edge", color=color, linewidth=0)
            axes.axvline(lengths.quantile(0.5), color=_INK, linewidth=1, linestyle=(0, (3, 2)))
            axes.set_title(
                f"{name}: median {lengths.quantile(0.5):,}, longest {max(lengths.counts):,}",
                fontsize=_SIZE, loc="left", color=_INK,
            )  # fmt: skip
            axes.margins(x=0)
            _plain_axis(axes.xaxis)
            _plain_axis(axes.yaxis, 3)
        every[-1].set_xlabel("words (the last bar: and more)", fontsize=_SIZE)
        return page_pictures.svg(figure, alt, _VARIABLES)


def _styled() -> AbstractContextManager[Callable[[float], Any]]:
    """Give a maker of figures, by their height in inches, in our style."""
    return page_pictures.drawings(_WIDTH, _STYLE, layout="constrained")


def _colors(count: int) -> list[str]:
    return [_SERIES[number % len(_SERIES)] for number in range(count)]


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def _plain_axis(axis: Any, ticks: int = 5) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(ticks, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.set_tick_params(labelsize=_SIZE - 1, length=2.5)

"""Charts for the statistics page: inline SVG that takes its colours and its letters from the page.

matplotlib draws with stand-in colours, which are replaced by variables of the page's style sheet, so
one drawing is legible in light and in dark. Charts are as wide as a phone: on larger screens several
stand side by side.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

from imhi_build.writing.tallies import Lengths

PACKAGES = ("matplotlib",)
_WIDTH = 4.6  # inches
_SIZE = 10.0  # points, of letters
_ROW = 0.28  # inches, of a bar and the space beside it
_NAME = 30  # letters of a name beside a bar

# Stand-ins that no drawing would use by itself, and what they become.
_INK, _FAINT = "#010203", "#010204"
_SERIES = tuple(f"#0102{number:02x}" for number in range(16, 22))
_VARIABLES = {_INK: "var(--ink)", _FAINT: "var(--faint)"} | {
    color: f"var(--series-{number})" for number, color in enumerate(_SERIES, 1)
}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "imhi",
    "font.size": _SIZE,
    "text.color": _INK,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,
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
        return _svg(figure, alt)


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
        return _svg(figure, alt)


@contextmanager
def _styled() -> Iterator[Callable[[float], Any]]:
    """Give a maker of figures, by their height in inches, in our style; not through pyplot, which
    keeps what it draws."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    def figure_of(height: float) -> Any:
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        FigureCanvasSVG(figure)
        return figure

    with matplotlib.rc_context(_STYLE):
        yield figure_of


def _colors(count: int) -> list[str]:
    return [_SERIES[number % len(_SERIES)] for number in range(count)]


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def _plain_axis(axis: Any, ticks: int = 5) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(ticks, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.set_tick_params(labelsize=_SIZE - 1, length=2.5)


def _svg(figure: Any, alt: str) -> str:
    """Return a drawing as an element of a page: its own names for its parts, an alternative text,
    the page's colours and letters, nothing that is loaded from elsewhere."""
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"\s(?:width|height)=\"[\d.]+pt\"", "", text, count=2)
    text = re.sub(r"\sxmlns(?::\w+)?=\"[^\"]*\"", "", text)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    for stand_in, variable in _VARIABLES.items():
        text = text.replace(stand_in, variable)
    prefix = f"c{hashlib.sha256(f'{alt}{text}'.encode()).hexdigest()[:8]}-"
    return _own_names(text, prefix).replace(
        "<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1
    )


def _own_names(text: str, prefix: str) -> str:
    """Return a drawing whose ids are no other drawing's on the page; ids that nothing names go."""
    named = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", text))
    text = re.sub(
        r"\sid=\"([^\"]+)\"",
        lambda found: f' id="{prefix}{found[1]}"' if found[1] in named else "",
        text,
    )
    return re.sub(r"(url\(#|href=\"#)", lambda found: f"{found[1]}{prefix}", text)

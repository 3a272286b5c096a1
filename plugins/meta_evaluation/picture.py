"""The picture of a meta-evaluation: a heat map per system, then one of all pooled."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from imhi import HarnessError, how_to_install
from imhi.plugins.meta_evaluation.correlations import SYMBOLS
from imhi.plugins.meta_evaluation.figures import Panel
from imhi.plugins.meta_evaluation.result import MetaEvaluation
from imhi.plugins.meta_evaluation.tables import cell, lines_of

_CELL_WIDTH, _CELL_HEIGHT = 1.15, 0.46  # inches
_LETTER = 0.058  # inches, of the caption
_BOTTOM, _TOP = 1.05, 0.9  # inches, for the caption and for titles
CAPTION = (
    "{symbol} with the mean mark; in brackets the 95% interval over posts. Grey: undefined. "
    "(no ceiling): annotators do not agree, no metric can be judged there. Pooled figures mix "
    "differences between systems with those between answers and mislead."
)
_NARROWEST, _TITLE_LETTER = 2.8, 0.09  # inches: of a panel, and of its title
_UNDEFINED = "#d9d9d9"
_DARK = 0.55  # colours beyond this correlation need light text


def check_drawing() -> None:
    """Raise HarnessError where the library that draws is not installed: before the work is done."""
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError:
        raise HarnessError(
            "the picture needs matplotlib, which is not installed: "
            f"{how_to_install('plots')}, or leave it out with --no-picture"
        ) from None


def draw(result: MetaEvaluation, coefficient: str, path: Path) -> None:
    """Write the picture (PNG). Colour is the correlation, in the cell stands its interval."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Drawing

    panels = result.panels
    first = lines_of(panels[-1], result.shown(), result.marks, coefficient)
    names = max(len(line.name) for line in first)
    left = 0.085 * names + 0.3
    width = max(_CELL_WIDTH * len(result.marks), _NARROWEST)
    height = _CELL_HEIGHT * len(first)
    drawing = Drawing(
        figsize=(left + len(panels) * (width + 0.25) + 0.9, height + _BOTTOM + _TOP), dpi=150
    )
    FigureCanvasAgg(drawing)
    inches = drawing.get_size_inches()
    image: Any = None
    for number, panel in enumerate(panels):
        rows = len(lines_of(panel, result.shown(), result.marks, coefficient))
        bottom = _BOTTOM + _CELL_HEIGHT * (len(first) - rows)
        axes = drawing.add_axes(
            (
                (left + number * (width + 0.25)) / inches[0],
                bottom / inches[1],
                width / inches[0],
                _CELL_HEIGHT * rows / inches[1],
            )
        )
        image = _panel(axes, panel, result, coefficient, number == 0)
        if panel.pooled:
            # Its rows differ by one from the others': it needs names of its own beside it.
            axes.yaxis.tick_right()
    bar = drawing.add_axes((left / inches[0], 0.68 / inches[1], width / inches[0], 0.1 / inches[1]))
    drawing.colorbar(image, cax=bar, orientation="horizontal")
    bar.tick_params(labelsize=7)
    room = int((inches[0] - left - 0.1) / _LETTER)
    drawing.text(
        left / inches[0],
        0.4 / inches[1],
        textwrap.fill(CAPTION.format(symbol=SYMBOLS[coefficient]), room),
        fontsize=7.5,
        va="top",
    )
    drawing.savefig(path, format="png")


def _panel(axes: Any, panel: Panel, result: MetaEvaluation, coefficient: str, named: bool) -> Any:
    import numpy as np
    from matplotlib import colormaps

    lines = lines_of(panel, result.shown(), result.marks, coefficient)
    values = np.array(
        [[np.nan if f.value is None else f.value for f in line.figures] for line in lines]
    )
    colours = colormaps["RdBu_r"].with_extremes(bad=_UNDEFINED)
    image = axes.imshow(np.ma.masked_invalid(values), cmap=colours, vmin=-1, vmax=1, aspect="auto")
    for row, line in enumerate(lines):
        for column, figure in enumerate(line.figures):
            dark = figure.value is not None and abs(figure.value) > _DARK
            axes.text(
                column,
                row,
                cell(figure, "\n"),
                ha="center",
                va="center",
                fontsize=7,
                color="white" if dark else "black",
            )
    heads = [
        f"{mark}\n(no ceiling)" if panel.agreement[mark].no_ceiling else mark
        for mark in result.marks
    ]
    axes.set_xticks(range(len(heads)), heads, fontsize=8)
    axes.xaxis.tick_top()
    shown = named or panel.pooled
    axes.set_yticks(range(len(lines)), [line.name for line in lines] if shown else [], fontsize=8)
    axes.tick_params(length=0)
    border = sum(line.metric for line in lines) - 0.5
    axes.axhline(border, color="black", linewidth=1.2)
    kind = "all systems pooled" if panel.pooled else panel.name
    number = f" (n = {panel.answers})"
    longest = int(max(_CELL_WIDTH * len(heads), _NARROWEST) / _TITLE_LETTER) - len(number)
    kind = kind if len(kind) <= longest else f"...{kind[3 - longest :]}"
    axes.set_title(kind + number, fontsize=9, pad=6, fontweight="bold")
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_xticks(np.arange(len(heads) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(lines) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1)
    axes.tick_params(which="minor", length=0)
    return image

"""Calibration in a terminal: a table for each model, with its risk-coverage curve in small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from imhi.io import Table, figures, out, show_notes, show_table
from imhi.plugins.robustness.calibration.errors import SMALLEST
from imhi.plugins.robustness.calibration.reliability import Calibrated, Calibrations, Figure

_WIDE = 130  # columns of a terminal from which there is room for more
_ONLY_WIDE = frozenset({"n", "ECE width", "random", "best"})
_BLOCKS = "▁▂▃▄▅▆▇█"


def show(calibrations: Calibrations) -> None:
    """Print a table for each model, and what its columns mean."""
    top = max(risk for one in calibrations.found for _, risk in small(one.curve, 10))
    wide = out().width >= _WIDE
    for model in calibrations.runs:
        rows = [one for one in calibrations.found if one.model == model]
        title = f"{model}, confidence: {rows[0].confidence_from}"
        cells = [_cells(one, top, wide) for one in rows]
        show_table(Table.of(title, cells, notes=_left_out(rows)), gap=True)
    show_notes([*calibrations.kept_out, *calibrations.notes, *_remarks(calibrations, top, wide)])


def _cells(one: Calibrated, top: float, wide: bool) -> dict[str, str]:
    """Return the cells of a row; those with intervals and some more where there is room."""
    by_mass, star = one.equal_mass, "*" if one.equal_mass.significant else " "
    cells = {
        "dataset": one.dataset,
        "n": f"{one.n:,}",
        "right": f"{one.accuracy:.1f}",
        "sure": f"{one.confidence:.1f}",
        "ECE": _interval(by_mass.error, 1) + star,
        "chance": f"{by_mass.by_chance:.1f}",
        "ECE width": _interval(one.equal_width.error, 1),
        "Brier": _interval(one.brier, 3) if wide else f"{one.brier.value:.2f}",
        "AURC": _interval(one.aurc, 1) if wide else f"{one.aurc.value:.1f}",
        "random": f"{one.aurc_random:.1f}",
        "best": f"{one.aurc_best:.1f}",
        "risk": sparkline([risk for _, risk in small(one.curve, 10)], top),
    }
    return {head: cell for head, cell in cells.items() if wide or head not in _ONLY_WIDE}


def _interval(figure: Figure, decimals: int) -> str:
    return figures.interval(figure.value, figure.low, figure.high, decimals)


def small(curve: Sequence[tuple[float, float]], points: int) -> Sequence[tuple[float, float]]:
    """Return so many evenly spaced points of a curve, its last among them."""
    step = len(curve) // points
    return curve[step - 1 :: step]


def sparkline(values: Sequence[float], top: float) -> str:
    """Return values from 0 to ``top`` as a line of blocks."""
    highest = len(_BLOCKS) - 1
    return "".join(_BLOCKS[round(highest * value / top) if top else 0] for value in values)


def _left_out(rows: Sequence[Calibrated]) -> list[str]:
    counts: Counter[str] = Counter()
    for one in rows:
        counts.update(one.left_out)
    total = sum(one.examples for one in rows)
    return [
        f"left out: {count:,} of {total:,} examples ({reason})" for reason, count in counts.items()
    ]


def _remarks(calibrations: Calibrations, top: float, wide: bool) -> list[str]:
    bins = calibrations.settings["bins"]
    remarks = [
        f"{calibrations.source}, split {calibrations.split}; labels read by {calibrations.labeler}.",
        "right: labels that are right; sure: mean confidence in the labels chosen; above right it is "
        f"too sure. ECE: expected calibration error, up to {bins} bins of equal mass, of at least "
        f"{SMALLEST} examples{' (ECE width: of equal width)' if wide else ''}, all in percent, 95% "
        "intervals over posts; * more than chance (p below 0.05), which is the ECE that a perfectly "
        "calibrated model as sure has. Brier: 0 to 2. AURC: area under the risk-coverage curve, in "
        "percent: the error rate if confidence says nothing, less if it helps.",
        "risk: error rate among the 10%, 20% ... 100% that the model is most sure of, from 0 to "
        f"{100 * top:.0f}% (all tables alike); --json has the points.",
    ]
    return [*remarks, *figures.closing(calibrations.synthetic)]

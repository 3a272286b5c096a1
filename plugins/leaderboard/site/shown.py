"""Scores, places and entries as templates show them: plain values, formatted once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from imhi.io import leaves
from imhi.plugins.leaderboard.site.entries import Entry, Score
from imhi.plugins.leaderboard.site.ranking import Place
from imhi.plugins.leaderboard.site.standings import Standing, Standings

NOTICE = (
    "For non-clinical research only. Scores measure agreement with the labels that were released "
    "with the datasets; they do not show that a model may assess a person."
)
WHOLE = (0.0, 100.0)  # the scale of label metrics
_STEP = 10.0


def axis(scores: Iterable[Score | None]) -> tuple[float, float]:
    """Return what a plot of these scores begins and ends with: the tens around them."""
    found = [score for score in scores if score is not None]
    if not found:
        return WHOLE
    low = math.floor(min(score.low for score in found) / _STEP) * _STEP
    high = math.ceil(max(score.high for score in found) / _STEP) * _STEP
    return max(low, WHOLE[0]), min(max(high, low + _STEP), WHOLE[1])


def axis_text(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.0f} to {ends[1]:.0f}"


def score(
    found: Score | None, decimals: int = 1, ends: tuple[float, float] = WHOLE
) -> dict[str, Any] | None:
    """Return a value with its bounds as texts, what it is sorted by, and where its dot and
    whiskers lie, in percent of the way from one end of the axis to the other."""
    if found is None:
        return None
    value, low, high = (f"{part:.{decimals}f}".replace("-", "−") for part in found)
    dot, start, end = (_along(part, ends) for part in found)
    return {
        "text": value,
        "bounds": f"{low}–{high}" if found.low >= 0 else f"{low} to {high}",
        "order": round(found.value, 6),
        "dot": dot,
        "from": start,
        "to": end,
    }


def _along(value: float, ends: tuple[float, float]) -> float:
    share = 100 * (value - ends[0]) / (ends[1] - ends[0] or 1)
    return round(min(max(share, 0.0), 100.0), 1)


def place(found: Place | None) -> dict[str, Any] | None:
    """Return a rank and, where it is not certain, the range of ranks."""
    if found is None:
        return None
    sure = found.best == found.worst
    return {
        "rank": found.rank,
        "range": str(found.best) if sure else f"{found.best}–{found.worst}",
    }


def day(moment: str) -> str:
    return moment[:10]


def percent(part: float) -> str:
    """Return a share in percent; what is not nothing is not shown as nothing."""
    return "<0.1" if 0 < part < 0.05 else f"{part:.1f}"


def named(entry: Entry) -> dict[str, Any]:
    """Return what tables call an entry."""
    return {
        "id": entry.id,
        "name": entry.name,
        "by": entry.record.by,
        "verified": day(entry.verified),
        "page": f"models/{entry.id}.html",
        "marks": marks(entry),
    }


def marks(entry: Entry) -> list[str]:
    """Return what a reader of a table should know of an entry, in a word or two each."""
    marks = ["fictional posts"] if entry.record.synthetic else []
    if entry.record.partial:
        marks.append("unfinished run")
    if failed := sum(not check.passed for check in entry.record.checks):
        marks.append(f"{failed} {'warning' if failed == 1 else 'warnings'}")
    return marks


def row(standing: Standing, standings: Standings) -> dict[str, Any]:
    """Return what every table of current entries shows of one."""
    total = len(standings.board.datasets)
    return {
        **named(standing.entry),
        "coverage": len(standing.scores),
        "of": total,
        "unparsed": percent(standing.unparsed),
        "unparsed_order": round(standing.unparsed, 4),
    }


def settings(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the leaves of a mapping of an entry, each with its path."""
    return [
        (path.replace("_", " ").replace(".", " · "), _text(value)) for path, value in leaves(values)
    ]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "none"
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and value > 9999 else str(value)

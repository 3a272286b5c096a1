"""Scores, places and entries as templates show them: plain values, formatted once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imhi.io import figures, yaml_models
from imhi.plugins.leaderboard.site.entries import Entry, Score
from imhi.plugins.leaderboard.site.ranking import Place
from imhi.plugins.leaderboard.site.standings import Standing, Standings

# What a template is filled with: a JSON value, since a digest of it says whether a page changed.
Contents = dict[str, object]

WHOLE = (0.0, 100.0)  # the scale of label metrics
_STEP = 10.0
NOTICE = (
    "For non-clinical research only. Scores measure agreement with the labels that were released "
    "with the datasets; they do not show that a model may assess a person."
)


@dataclass(frozen=True)
class Page:
    """A page of the site; ``here`` is the entry of the navigation that it belongs to."""

    name: str
    template: str
    here: str
    contents: Contents


def axis(scores: Iterable[Score | None]) -> tuple[float, float]:
    """Return what a plot of these scores begins and ends with: the tens around them."""
    known = [score for score in scores if score is not None]
    if not known:
        return WHOLE
    low = math.floor(min(score.low for score in known) / _STEP) * _STEP
    high = math.ceil(max(score.high for score in known) / _STEP) * _STEP
    return max(low, WHOLE[0]), min(max(high, low + _STEP), WHOLE[1])


def axis_text(ends: tuple[float, float]) -> str:
    """Return what stands above the plots of an axis."""
    return f"{ends[0]:.0f} to {ends[1]:.0f}"


def score(
    scored: Score | None, decimals: int = 1, ends: tuple[float, float] = WHOLE
) -> Contents | None:
    """Return a value with its bounds as texts, what it is sorted by, and where its dot and
    whiskers lie, in percent of the way from one end of the axis to the other."""
    if scored is None:
        return None
    value, low, high = (figures.number(part, decimals).replace("-", "−") for part in scored)
    dot, start, end = (_along(part, ends) for part in scored)
    return {
        "text": value,
        "bounds": f"{low}–{high}" if scored.low >= 0 else f"{low} to {high}",
        "order": round(scored.value, 6),
        "dot": dot,
        "from": start,
        "to": end,
    }


def _along(value: float, ends: tuple[float, float]) -> float:
    share = 100 * (value - ends[0]) / (ends[1] - ends[0] or 1)
    return round(min(max(share, 0.0), 100.0), 1)


def place(ranked: Place | None) -> Contents | None:
    """Return a rank and, where it is not certain, the range of ranks."""
    if ranked is None:
        return None
    sure = ranked.best == ranked.worst
    return {
        "rank": ranked.rank,
        "range": str(ranked.best) if sure else f"{ranked.best}–{ranked.worst}",
    }


def share(count: int, total: int) -> Contents:
    """Return a share in percent, and what it is sorted by; what is not nothing is not shown as
    nothing, nor what is not all as all."""
    part = 100 * count / total
    text = figures.number(part)
    if 0 < count < total:
        text = "<0.1" if part < 0.05 else ">99.9" if part >= 99.95 else text
    return {"text": text, "order": round(part, 4)}


def lacking(n: int, unparsed: int, unanswered: int) -> Contents:
    """Return which shares of ``n`` examples have no label: because the answer has none, or because
    there is no answer."""
    return {"unparsed": share(unparsed, n), "unanswered": share(unanswered, n)}


def signed(difference: float) -> str:
    """Return a difference with its sign."""
    return figures.number(difference, signed=True).replace("-", "−")


def named(entry: Entry) -> Contents:
    """Return what tables call an entry."""
    return {
        "id": entry.id,
        "name": entry.name,
        "by": entry.record.by,
        "verified": entry.verified[:10],
        "page": f"models/{entry.id}.html",
        "marks": marks(entry),
    }


def marks(entry: Entry) -> list[str]:
    """Return what a reader of a table should know of an entry, in a word or two each."""
    marks = ["fictional posts"] if entry.record.synthetic else []
    unanswered = unanswered_mark(entry)
    marks += unanswered
    if entry.record.partial and not unanswered:
        marks.append("unfinished run")
    if failed := sum(not check.passed for check in entry.record.checks):
        marks.append(f"{failed} {'warning' if failed == 1 else 'warnings'}")
    return marks


def unanswered_mark(entry: Entry) -> list[str]:
    """Return how many of an entry's examples have no answer, if any has none."""
    count = sum(row.failed for row in entry.datasets.values())
    total = sum(row.n for row in entry.datasets.values())
    return [f"{count:,} of {total:,} not answered"] if count else []


def row(standing: Standing, standings: Standings) -> Contents:
    """Return what every table of current entries shows of one."""
    total = len(standings.board.datasets)
    return {
        **named(standing.entry),
        "coverage": len(standing.scores),
        "of": total,
        **lacking(standing.n, standing.unparsed, standing.unanswered),
    }


def settings(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the leaves of a mapping of an entry, each with its path."""
    return [
        (path.replace("_", " ").replace(".", " · "), _text(value))
        for path, value in yaml_models.leaves(values)
    ]


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "none"
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and value > 9999 else str(value)

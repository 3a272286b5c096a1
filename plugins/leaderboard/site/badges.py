"""Badges: a small SVG for each entry and one for the board. They hold no text of a submitter."""

from __future__ import annotations

from collections.abc import Iterator

from imhi.io import figures
from imhi.plugins.leaderboard.site import page_values
from imhi.plugins.leaderboard.site.entries import Entry
from imhi.plugins.leaderboard.site.page_values import Contents
from imhi.plugins.leaderboard.site.standings import Standings

_LABEL = "IMHI mean weighted F1"
_GREY, _BLUE, _AMBER = "#555555", "#1d5fa8", "#8a5a00"
# About how wide a letter of Verdana at 11 px is; the text is stretched or squeezed to fit.
_LETTER, _MARGIN = 6.3, 12


def badges(standings: Standings) -> Iterator[tuple[str, Contents]]:
    """Yield the name and the contents of each badge."""
    for name, entry in standings.entries.items():
        yield name, _entry_badge(standings, entry)
    # No entry is called so: ids end in eight hex digits.
    yield "board", _board_badge(standings)


def _entry_badge(standings: Standings, entry: Entry) -> Contents:
    """Return what an entry's badge shows: mean and rank, or why there is none."""
    if entry.record.synthetic:
        return _badge(_LABEL, "fictional posts", _AMBER)
    if entry.id in standings.superseded:
        return _badge(_LABEL, "superseded", _GREY)
    place = standings.overall.get(entry.id)
    if place is not None:
        value = standings.means["datasets"][entry.id].value
        ranked = standings.standings[entry.id]
        lacking = page_values.share(ranked.unanswered, ranked.n)["text"]
        told = f" · {lacking}% unanswered" if ranked.unanswered else ""
        return _badge(_LABEL, f"{figures.number(value)} · rank {place.rank}{told}", _BLUE)
    standing = standings.standings.get(entry.id)
    if standing is None:
        return _badge(_LABEL, "not ranked", _GREY)
    total = len(standings.board.datasets)
    return _badge("IMHI leaderboard", f"{len(standing.scores)} of {total} datasets", _GREY)


def _board_badge(standings: Standings) -> Contents:
    count = len(standings.standings)
    entries = f"{count} {'entry' if count == 1 else 'entries'}"
    kind = ", fictional posts" if standings.board.synthetic else ""
    colour = _AMBER if standings.board.synthetic else _BLUE
    return _badge("IMHI leaderboard", entries + kind, colour)


def _badge(label: str, value: str, colour: str) -> Contents:
    left, right = (round(len(text) * _LETTER + _MARGIN) for text in (label, value))
    return {
        "label": label,
        "value": value,
        "colour": colour,
        "left": left,
        "right": right,
        "margin": _MARGIN,
    }

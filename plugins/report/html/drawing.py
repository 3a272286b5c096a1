"""The look of the report's pictures, which are as wide as a phone; larger screens show several side
by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from markupsafe import Markup

from imhi.io import page_pictures
from imhi.plugins.report.html.harmless import shown

WIDTH = 4.7  # inches: 338 points, as wide as a phone has room for
SIZE = 9.5  # points, of letters
_MOST_LETTERS = 30  # of a name beside a picture

# Stand-ins that no drawing would use by itself, and what they become.
INK, SOFT, LINE, ACCENT, OTHER = map(page_pictures.stand_in, range(1, 6))
SERIES = tuple(map(page_pictures.stand_in, range(16, 22)))
MARKERS = ("o", "s", "D", "^", "v", "P")
SIGNS = ("●", "■", "◆", "▲", "▼", "✚")  # the same, as letters of a legend
_VARIABLES = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    LINE: "var(--line)",
    ACCENT: "var(--accent)",
    OTHER: "var(--other)",
} | {color: f"var(--series-{number})" for number, color in enumerate(SERIES, 1)}
_STYLE: dict[Any, Any] = {
    "font.size": SIZE,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "xtick.color": SOFT,
    "ytick.color": INK,
}


def drawings() -> AbstractContextManager[Callable[[float], Any]]:
    """Give a maker of figures, by their height in inches."""
    return page_pictures.drawings(WIDTH, _STYLE)


def shortened(names: Sequence[str], letters: int) -> list[str]:
    """Return names that are harmless and fit beside a picture, each its beginning and its end; longer
    where others begin and end alike, and with a number where there is no room for that."""
    whole = [str(shown(name)) for name in names]
    for room in range(letters, _MOST_LETTERS + 1):
        found = [_cut(name, room) for name in whole]
        if len(set(found)) == len(set(whole)):
            return found
    return [f"{_cut(name, letters)} {place}" for place, name in enumerate(whole, start=1)]


def _cut(name: str, letters: int) -> str:
    if len(name) <= letters:
        return name
    end = letters // 3
    return f"{name[: letters - end - 1]}…{name[len(name) - end :]}"


def svg(figure: Any, alt: str) -> Markup:
    """Return a drawing as an element of a page, with ``alt`` in words."""
    return Markup(page_pictures.svg(figure, str(shown(alt)), _VARIABLES))

"""Pictures as inline SVG that takes its colours and letters from the page.

matplotlib draws with stand-in colours, which are replaced by variables of the style sheet: one
picture serves light and dark. Pictures are as wide as a phone; larger screens show several side by
side.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from markupsafe import Markup

from plugins.report.html.harmless import shown

WIDTH = 4.7  # inches: 338 points, as wide as a phone has room for
SIZE = 9.5  # points, of letters

# Stand-ins that no drawing would use by itself, and what they become.
INK, SOFT, LINE, ACCENT, OTHER = (f"#0102{number:02x}" for number in range(1, 6))
SERIES = tuple(f"#0102{number:02x}" for number in range(16, 22))
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
    "svg.fonttype": "none",
    "svg.hashsalt": "imhi",
    "font.size": SIZE,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "xtick.color": SOFT,
    "ytick.color": INK,
}


@contextmanager
def drawings() -> Iterator[Callable[[float], Any]]:
    """Give a maker of figures, by their height in inches; not through pyplot, which keeps them."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    def figure(height: float) -> Any:
        made = Figure(figsize=(WIDTH, height))
        FigureCanvasSVG(made)
        return made

    with matplotlib.rc_context(_STYLE):
        yield figure


def shortened(name: str, letters: int) -> str:
    """Return a name that is harmless and fits beside a picture: its beginning and its end."""
    name = str(shown(name))
    if len(name) <= letters:
        return name
    end = letters // 3
    return f"{name[: letters - end - 1]}…{name[len(name) - end :]}"


def svg(figure: Any, alt: str) -> Markup:
    """Return a drawing as an element of a page, with ``alt`` in words, names of its own for its
    parts, and nothing that is loaded from elsewhere."""
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"\s(?:width|height)=\"[\d.]+pt\"", "", text, count=2)
    text = re.sub(r"\sxmlns(?::\w+)?=\"[^\"]*\"", "", text)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    for stand_in, variable in _VARIABLES.items():
        text = text.replace(stand_in, variable)
    prefix = f"c{hashlib.sha256(f'{alt}{text}'.encode()).hexdigest()[:8]}-"
    named = f'<svg role="img" aria-label="{escape(str(shown(alt)))}"'
    return Markup(_own_names(text, prefix).replace("<svg", named, 1))


def _own_names(text: str, prefix: str) -> str:
    """Return a drawing whose ids are no other drawing's; ids that nothing names go."""
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", text))
    text = re.sub(
        r"\sid=\"([^\"]+)\"",
        lambda found: f' id="{prefix}{found[1]}"' if found[1] in used else "",
        text,
    )
    return re.sub(r"(url\(#|href=\"#)", lambda found: f"{found[1]}{prefix}", text)

"""Pictures for HTML pages: inline SVG that takes its colours and letters from the page.

matplotlib draws with stand-in colours, which are replaced by variables of the page's style sheet, so
one picture serves light and dark.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "imhi",  # the same picture, the same bytes
    "text.parse_math": False,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
}


def stand_in(number: int) -> str:
    """Return a colour that no drawing would use by itself (``number`` below 256)."""
    return f"#0102{number:02x}"


@contextmanager
def drawings(
    width: float, style: Mapping[str, Any], **more: Any
) -> Iterator[Callable[[float], Any]]:
    """Give a maker of figures, by their height in inches; not through pyplot, which keeps them.

    Args:
        width: inches.
        style: matplotlib's rcParams besides those that every page needs.
        more: arguments of each figure.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    def figure(height: float) -> Any:
        made = Figure(figsize=(width, height), **more)
        FigureCanvasSVG(made)
        return made

    parameters: dict[Any, Any] = {**_STYLE, **style}
    with matplotlib.rc_context(parameters):
        yield figure


def svg(figure: Any, alt: str, variables: Mapping[str, str]) -> str:
    """Return a drawing as an element of a page: ``alt`` in words, names of its own for its parts,
    nothing that is loaded from elsewhere. ``variables`` says what stand-in colours become."""
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"\s(?:width|height)=\"[\d.]+pt\"", "", text, count=2)
    text = re.sub(r"\sxmlns(?::\w+)?=\"[^\"]*\"", "", text)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    for color, variable in variables.items():
        text = text.replace(color, variable)
    prefix = f"c{hashlib.sha256(f'{alt}{text}'.encode()).hexdigest()[:8]}-"
    named = f'<svg role="img" aria-label="{escape(alt)}"'
    return _own_names(text, prefix).replace("<svg", named, 1)


def _own_names(text: str, prefix: str) -> str:
    """Return a drawing whose ids are no other drawing's on the page; ids that nothing names go."""
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", text))
    text = re.sub(
        r"\sid=\"([^\"]+)\"",
        lambda found: f' id="{prefix}{found[1]}"' if found[1] in used else "",
        text,
    )
    return re.sub(r"(url\(#|href=\"#)", lambda found: f"{found[1]}{prefix}", text)

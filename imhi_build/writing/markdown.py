"""Free text made fit for a card: on one line, without mark-up, without paths of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_MARKS = re.compile(r"[\\`*\[\]|~]|(?<!\w)_|_(?!\w)|^[#+-]")
_ADDRESS = re.compile(r"https?://[^\s<>|()\[\]\"'`]+")
_PATH = re.compile(
    r"(?<![\w./~])(?:(?:~|\.{1,2})/|/(?=[^\s/|,]+/))[^\s|,]*|(?<!\w)[A-Za-z]:\\[^\s|,]*"
)
_HIDDEN = "(local path)"


def text(value: object) -> str:
    """Return prose, for a paragraph or a cell; addresses of the web stay links."""
    line = _one_line(str(value))
    parts, end = [], 0
    for address in _ADDRESS.finditer(line):
        parts += [_escaped(line[end : address.start()]), f"<{address[0].replace('&', '&amp;')}>"]
        end = address.end()
    return "".join([*parts, _escaped(line[end:])])


def without_paths(value: str) -> str:
    """Return a text without what is a path of this machine; addresses of the web are none."""
    return _PATH.sub(_HIDDEN, value)


def model_shown(name: str) -> str:
    """Return what of a model's name anybody may know: not its path on this machine, not its server."""
    return without_paths(name.partition(",")[0])


def code(value: object) -> str:
    """Return a code span for a cell: even there a bar would begin the next one."""
    plain = without_paths(_one_line(str(value))).replace("|", "\\|")
    fence = "`" * (1 + max(map(len, re.findall("`+", plain)), default=0))
    space = " " if "`" in (plain[:1], plain[-1:]) else ""
    return f"{fence}{space}{plain}{space}{fence}" if plain else ""


def number(value: Any) -> str:
    """Return a number as people write it; anything else as prose."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return text(value)


def row(cells: Iterable[object]) -> str:
    """Return a line of a table; the cells are fit to stand in one already."""
    return f"| {' | '.join(map(str, cells))} |"


def _escaped(part: str) -> str:
    plain = without_paths(part).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(lambda mark: f"\\{mark[0]}", plain)


def _one_line(value: str) -> str:
    return "".join(c for c in " ".join(value.split()) if c.isprintable())

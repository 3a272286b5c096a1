"""Texts of strangers (models, plugins, submissions) made harmless for where they are shown."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

# Escape and other control characters, those that turn the direction of writing, and halves of
# characters, which cannot be printed.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # Unicode categories
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")  # letters that nobody sees
_MARKDOWN = re.compile(r"([\\`*_\[\]|~#$])")
_LINKS = (("@", "&#64;"), ("://", "&#58;//"), ("www.", "www&#46;"))
_FORMULA = ("=", "+", "-", "@")
LOCAL_SERVER = re.compile(
    r"https?://(?:localhost|127\.[\d.]+|10\.[\d.]+|192\.168\.[\d.]+|172\.(?:1[6-9]|2\d|3[01])\.[\d.]+"
    r"|\[[0-9a-f:]+\]|[\w-]+(?=[:/]|$)|[\w.-]+\.(?:local|internal|lan))(?::\d+)?[^\s,;\"']*",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Return text without control characters: what models write must not steer a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def escaped(json_text: str) -> str:
    """Return JSON text with the characters escaped that :func:`plain` takes out; it says the same."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text)


def one_line(text: str) -> str:
    """Return text on one line, without control characters and without what nobody sees."""
    line = " ".join(text.split())
    if line.isprintable() and _FILLERS.isdisjoint(line):  # nearly all are
        return line
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _UNSEEN or c in _FILLERS else c
        for c in line
    )


def without_local_servers(text: str) -> str:
    """Return text without the addresses of servers in a local network, which say where it was run."""
    return LOCAL_SERVER.sub("(local server)", text)


def markdown(text: str) -> str:
    """Return text of which Markdown and HTML take nothing for a command, a link or a mention."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _MARKDOWN.sub(r"\\\1", text)
    for link, harmless in _LINKS:
        text = text.replace(link, harmless)
    return text


def spreadsheet_cell(value: Any) -> Any:
    """Return a cell that a spreadsheet takes for text or a number, never for a formula."""
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if text.startswith(_FORMULA) else text

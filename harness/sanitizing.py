"""Texts of strangers (models, plugins, submissions) made harmless for where they are shown."""

from __future__ import annotations

import re
from typing import Any

# Escape and other control characters, those that turn the direction of writing, and those that
# nobody sees.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_MARKDOWN = re.compile(r"([\\`*_\[\]|~#$])")
_FORMULA = ("=", "+", "-", "@")


def plain(text: str) -> str:
    """Return text without control characters: what models write must not steer a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """Return text on one line, without control characters and without what nobody sees."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))


def markdown(text: str) -> str:
    """Return text of which Markdown and HTML take nothing for a command."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", text)


def spreadsheet_cell(value: Any) -> Any:
    """Return a cell that a spreadsheet takes for text or a number, never for a formula."""
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if text.startswith(_FORMULA) else text

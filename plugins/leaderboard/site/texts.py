"""Texts of submitters made harmless before anything else sees them, and names for files."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from imhi.io import sanitizing

# Halves of characters cannot be written as UTF-8, and these two code points are no XML.
_UNWRITABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def harmless(value: Any) -> Any:
    """Return a JSON value whose texts, keys among them, stand on one line and hold no control
    characters, nothing unseen, nothing that turns the direction of writing."""
    if isinstance(value, str):
        return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", sanitizing.one_line(value))
    if isinstance(value, dict):
        return {harmless(key): harmless(part) for key, part in value.items()}
    if isinstance(value, list):
        return [harmless(part) for part in value]
    return value


def web_link(text: str) -> str:
    """Return an address that may be a link (http or https, with a host), else nothing."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return ""
    return text if parts.scheme in {"http", "https"} and host and " " not in text else ""


def file_name(name: str) -> str:
    """Return what the page of a task or dataset is called, without its ending."""
    return _NOT_IN_NAMES.sub("-", name.lower()).strip("-")

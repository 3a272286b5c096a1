"""Where output goes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import re
from typing import Any

from rich.console import Console

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def out() -> Console:
    """Return the console for results."""
    return Console(soft_wrap=False, highlight=False)


def err() -> Console:
    """Return the console for progress, notes and errors."""
    return Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """Print a JSON value to standard output as it is, for other programs to read."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


def say(text: str, style: str = "") -> None:
    """Print a line of prose to standard error, wrapped to the terminal; no markup is read."""
    err().print(plain(text), style=style or None, markup=False)


def plain(text: str) -> str:
    """Return text without control characters: what models write must not steer a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)

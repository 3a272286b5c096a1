"""Where output goes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def out() -> Console:
    """Return the console for results."""
    from rich.console import Console

    return Console(soft_wrap=False, highlight=False, emoji=False)


def err() -> Console:
    """Return the console for progress, notes and errors."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False)


def print_json(value: Any) -> None:
    """Print a JSON value to standard output as it is, for other programs to read."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


def say(text: str, style: str = "") -> None:
    """Print a line of prose to standard error; no markup is read.

    A terminal gets it wrapped between words; a pipe or a file gets one line, so that other
    programs find a whole message in it.
    """
    console = err()
    line = plain(" ".join(text.splitlines()))
    console.print(line, style=style or None, markup=False, soft_wrap=not console.is_terminal)


def plain(text: str) -> str:
    """Return text without control characters: what models write must not steer a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)

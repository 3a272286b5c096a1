"""Where output goes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from imhi._core.sanitizing import escaped, plain
from imhi._core.tables.figures import unsigned_zeros

if TYPE_CHECKING:
    from rich.console import Console


def out() -> Console:
    """Return the console for results."""
    from rich.console import Console

    # No markup anywhere: a model may be called [red] or [/].
    return Console(soft_wrap=False, highlight=False, emoji=False, markup=False)


def err() -> Console:
    """Return the console for progress, notes and errors."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False, markup=False)


def print_lines(lines: Iterable[str]) -> None:
    """Print texts to standard output, one a line and each whole: there may be a hundred thousand, which
    a console takes half a minute to lay out."""
    for line in lines:
        print(plain(line))


def print_json(value: Any) -> None:
    """Print a JSON value to standard output for other programs to read; what would steer a terminal, or
    cannot be printed, is escaped."""
    print(escaped(json.dumps(unsigned_zeros(value), ensure_ascii=False, indent=1)))


def say(text: str, style: str = "") -> None:
    """Print a line of prose to standard error; no markup is read.

    A terminal gets it wrapped between words; a pipe or a file gets one line, so that other
    programs find a whole message in it.
    """
    console = err()
    line = plain(" ".join(text.splitlines()))
    console.print(line, style=style or None, markup=False, soft_wrap=not console.is_terminal)

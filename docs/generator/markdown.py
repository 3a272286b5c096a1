"""Markdown out of docstrings, rows and values."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any


def markdown(docstring: str) -> str:
    """Return a docstring as Markdown: roles and double backticks become code, indented blocks
    after ``::`` become fenced Python."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", inspect.cleandoc(docstring))
    text = re.sub(r"``([^`]+)``", r"`\1`", text)
    lines: list[str] = []
    code = False
    for line in text.splitlines():
        if code and line and not line.startswith("    "):
            lines = [*_stripped(lines), "```", ""]
            code = False
        if line.endswith("::"):
            lines += [line[:-1], "", "```python"]
            code = True
        elif not (code and lines[-1] == "```python" and not line):
            lines.append(line.removeprefix("    ") if code else line)
    return "\n".join([*_stripped(lines), "```"] if code else lines)


def _stripped(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; line breaks and pipes in cells are made harmless."""

    def line(cells: Sequence[str]) -> str:
        plain = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
        return "| " + " | ".join(plain) + " |"

    return "\n".join([line(header), line(["---"] * len(header)), *(line(row) for row in rows)])


def default(value: Any) -> str:
    if value is None or value == "":
        return "not set"
    if isinstance(value, (tuple, dict)):
        return ", ".join(f"`{one}`" for one in value) or "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"

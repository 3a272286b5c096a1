"""Files of annotations for tests: invented posts, answers and marks."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

COLUMNS = ["text", "label", "gpt-3.5-turbo", "fluency", "completeness", "reliability", "overall"]


def row(number: int, **changes: Any) -> dict[str, str]:
    """Return an annotated answer; its marks vary with the number."""
    first, second = number % 4, (number // 2) % 4
    cells = {
        "text": f"Invented post number {number} about a long week.",
        "label": str(number % 2),
        "gpt-3.5-turbo": f"{'Yes' if number % 2 else 'No'}. The poster {'says a lot ' * (number % 7)}"
        "and means it.",
        "fluency": f"[{first}, {second}, 3]",
        "completeness": f"[{first}, {first}, {second}]",
        "reliability": f"[{second}, {first}, {first}]",
        "overall": f"[{first}, {first}, {first}]",
    }
    return {**cells, **{name.replace("_", "-"): str(value) for name, value in changes.items()}}


def write(path: Path, rows: Iterable[Mapping[str, str]], encoding: str = "utf-8") -> Path:
    """Write a CSV file and return its path."""
    listed = list(rows)
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
    return path

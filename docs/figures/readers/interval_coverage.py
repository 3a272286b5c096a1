"""Coverage of intervals as ``benchmarks/interval_coverage.py`` drew it, and its table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROWS = {
    "accuracy, one question a post": "1 question, accuracy",
    "weighted F1, one question a post": "1 question, weighted",
    "weighted F1, n posts, six questions, errors independent": "6 questions, n posts, alike 0.0, weighted",
    "weighted F1, n posts, six questions, errors of a post correlated (.25)": (
        "6 questions, n posts, alike 0.5, weighted"
    ),
    "weighted F1, n rows about n / 6 posts, independent": "6 questions, n rows, alike 0.0, weighted",
    "weighted F1, n rows about n / 6 posts, correlated (.25)": (
        "6 questions, n rows, alike 0.5, weighted"
    ),
    "weighted F1, n rows about n / 6 posts, correlated (.49)": (
        "6 questions, n rows, alike 0.7, weighted"
    ),
}
COUNTS = (30, 35, 100, 400)


def figures(folder: Path) -> dict[str, Any]:
    """Return the number of experiments and the table: mean and least coverage, in percent."""
    found = json.loads((folder / "coverage.json").read_text(encoding="utf-8"))
    coverage = found["coverage"]
    rows = [
        [name, *("{:.1f}, {:.1f}".format(*coverage[f"n {count}, {line}"]) for count in COUNTS)]
        for name, line in ROWS.items()
    ]
    header = ["coverage, % (mean, least)", *(f"n = {count}" for count in COUNTS)]
    return {"experiments": found["experiments"], "table": {"header": header, "rows": rows}}

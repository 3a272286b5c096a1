"""Figures that others have published, by model, dataset and measure."""

from __future__ import annotations

import json
from pathlib import Path


def figures(folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Return what ``imhi published --json`` wrote to ``published.json``."""
    rows = json.loads((folder / "published.json").read_text(encoding="utf-8"))["published"]
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        found.setdefault(row["model"], {}).setdefault(row["dataset"], {})[row["metric"]] = row[
            "value"
        ]
    return found

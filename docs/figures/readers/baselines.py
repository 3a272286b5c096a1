"""Weighted F1 of the two baselines on every dataset with a test split, by model."""

from __future__ import annotations

import json
from pathlib import Path


def figures(folder: Path) -> dict[str, dict[str, float]]:
    """Return the weighted F1 that ``imhi run --json`` wrote to ``baselines.json``."""
    rows = json.loads((folder / "baselines.json").read_text(encoding="utf-8"))["scores"]
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["metric"] == "weighted_f1":
            model = row["model"].removeprefix("baseline:")
            found.setdefault(model, {})[row["dataset"]] = row["value"]
    return found

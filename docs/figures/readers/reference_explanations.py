"""What the released test explanations reach under metrics that need no reference, by dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MEASURES = ("grounding", "quoted", "consistency", "copied")


def figures(folder: Path) -> dict[str, Any]:
    """Return values by measure and dataset, with the least and the greatest of each measure."""
    scores = json.loads((folder / "references.json").read_text(encoding="utf-8"))["scores"]
    values: dict[str, dict[str, float]] = {name: {} for name in (*MEASURES, "by_chance")}
    for one in scores:
        if one["metric"] in MEASURES and one["value"] is not None:
            values[one["metric"]][one["dataset"]] = one["value"]
        if one["metric"] == "grounding":
            values["by_chance"][one["dataset"]] = one["details"]["by_chance"]
    return {
        name: {"by_dataset": found, "least": min(found.values()), "greatest": max(found.values())}
        for name, found in values.items()
    }

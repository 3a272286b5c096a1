"""Which planted faults the checks of a build found, as the table of docs/build.md shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_SHOWN = {
    "swapped labels": "swapped labels",
    "refusals": "refusals",
    "other languages": "explanations in other languages",
    "leaked labels": "sentences that speak of the given label or of examples",
    "opposite conclusions": "a conclusion for another label",
    "personal data": "user names, links, addresses, numbers, introductions",
    "edited repeats": "posts repeated with small edits",
    "test posts in training": "test posts in training rows, half of them edited",
    "test posts of others": "test posts in training rows of another dataset",
}


def figures(folder: Path) -> dict[str, Any]:
    """Return what ``benchmarks/planted_faults.py --json planted.json`` kept, and its table."""
    found: dict[str, Any] = json.loads((folder / "planted.json").read_text(encoding="utf-8"))
    before = found["flagged_before"]
    found["refusals_before"] = sum(one["flagged"] for one in before["refusals"].values())
    found["leakage_before"] = before.pop("leakage")
    del found["flagged_before"]
    found["table"] = {
        "header": [
            "planted",
            "found by",
            "recall",
            "precision",
            "flagged before anything was planted",
        ],
        "rows": [
            [
                _SHOWN[one["kind"]],
                ", ".join(one["found_by"]),
                f"{one['recall']:.2f}",
                f"{one['precision']:.2f}",
                f"{one['flagged_before']:.1f}%",
            ]
            for one in found["faults"]
        ],
    }
    return found

"""Which planted faults an audit flags, as a table of docs/audit.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NAMES = {
    "flipped labels": "label exchanged (raw files given)",
    "phrases": "phrase that names the label assignment",
    "edited repeats": "repeat with one word in twenty edited",
    "equal leaks": "test post in training rows, as it is",
    "edited leaks": "the same, one word in twenty edited",
}


def figures(folder: Path) -> dict[str, Any]:
    """Return rows and kinds as printed, and the table."""
    found: dict[str, Any] = json.loads((folder / "faults.json").read_text(encoding="utf-8"))
    rows = [
        [NAMES[kind], one["planted"], f"{one['recall']:.3f}", f"{one['precision']:.3f}"]
        for kind, one in found["kinds"].items()
    ]
    header = ["fault", "rows that should be flagged", "recall", "precision"]
    return {**found, "table": {"header": header, "rows": rows}}

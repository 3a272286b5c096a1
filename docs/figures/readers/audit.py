"""What an audit left, by dataset and split: its figures, findings by kind, leaks by other dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def figures(folder: Path) -> dict[str, Any]:
    """Return the figures of ``audit/audit.json``, without ids and texts of findings."""
    audit = json.loads((folder / "audit" / "audit.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = {}
    for one in audit["splits"]:
        kept = {name: value for name, value in one.items() if value not in (None, {}, "")}
        if join := kept.get("join"):
            join["share"] = 100 * join["differ"] / join["matched"]
        found.setdefault(one["dataset"], {})[one["split"]] = {**kept, "findings": {}, "leaks": {}}
    for one in audit["findings"]:
        split = found.get(one["dataset"], {}).get(one["split"])
        if split is not None:
            split["findings"].setdefault(one["kind"], []).append(
                {name: one[name] for name in ("count", "total", "figure")}
            )
    for one in audit["leaks"]:
        split = found[one["dataset"]][one["split"]]
        equal, nearly = one["equal"], one["nearly"]
        split["leaks"][one["other"]] = {
            "posts": one["posts"],
            "equal": equal,
            "nearly": nearly,
            "both": equal + nearly,
            "share": 100 * (equal + nearly) / one["posts"],
        }
    return found

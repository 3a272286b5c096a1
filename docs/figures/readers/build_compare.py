"""How far a build of the two raw datasets is the released one: rows, queries and labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from imhi._core.plugin_manager import load_plugins


def figures(folder: Path) -> dict[str, Any]:
    """Return what ``imhi build compare --json`` printed into ``compared.json``, without rows.

    Splits that are not released are held against the counts that the paper publishes.
    """
    printed = json.loads((folder / "compared.json").read_text(encoding="utf-8"))
    compared = {(one["dataset"], one["split"]): one for one in printed}
    built = json.loads((folder / "rebuilt" / "build.json").read_text(encoding="utf-8"))
    datasets = load_plugins().registry.datasets
    rows, found = [], {}
    for dataset, made in built["stages"]["read"]["datasets"].items():
        for split, here in made["counts"].items():
            one = compared.get((dataset, split))
            if one is None:
                published = datasets.get(dataset).counts[split]
                rows.append([f"{dataset} {split}", f"{here:,} / {published:,} published", "", ""])
                continue
            kept = {name: one[name] for name in ("here", "there", "both", "same_query")}
            kept["differ"] = one["both"] - one["same_label"]
            found.setdefault(dataset, {})[split] = {**kept, "labels": one["labels"]}
            rows.append([f"{dataset} {split}", f"{here:,} / {one['there']:,}", *_shown(one)])
    return {
        "table": {
            "header": ["", "rows here / released", "queries the same", "labels that differ"],
            "rows": rows,
        },
        "compared": found,
    }


def _shown(one: dict[str, Any]) -> tuple[str, str]:
    """Return how many queries are the same, and how many labels differ with the most frequent kind."""
    same = "all" if one["same_query"] == one["there"] else f"{one['same_query']:,}"
    most = one["labels"][0]
    kind = f"{most['rows']} are {most['here']} here and {most['there']} there"
    return same, f"{one['both'] - one['same_label']:,} ({kind})"

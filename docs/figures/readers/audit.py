"""What an audit left, by dataset and split: its figures, findings by kind, leaks by other dataset; and the
tables of docs/audit.md made of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

Figures = dict[str, Any]
# Test sets in the order of their majority's score.
FLOORS = ("loneliness", "DR", "IRF", "MultiWD", "T-SID", "dreaddit", "CAMS", "SAD")
RAW = ("IRF", "MultiWD")
NOT_CLEAN = {"leaked", "duplicate", "irregular"}


def figures(folder: Path) -> Figures:
    """Return the figures of ``audit/audit.json``, without ids and texts of findings, and tables."""
    audit = json.loads((folder / "audit" / "audit.json").read_text(encoding="utf-8"))
    found: Figures = {}
    for one in audit["splits"]:
        kept = {name: value for name, value in one.items() if value not in (None, {}, "")}
        if join := kept.get("join"):
            join["share"] = 100 * join["differ"] / join["matched"]
            join["alike"] = join["matched"] - join["differ"]
        kept["shares"] = {name: 100 * n / one["rows"] for name, n in one["flagged"].items()}
        found.setdefault(one["dataset"], {})[one["split"]] = {**kept, "findings": {}, "leaks": {}}
    for one in audit["findings"]:
        split = found.get(one["dataset"], {}).get(one["split"])
        if split is not None:
            split["findings"].setdefault(one["kind"], []).append(
                {name: one[name] for name in ("count", "total", "figure")}
            )
    for one in audit["leaks"]:
        equal, nearly = one["equal"], one["nearly"]
        found[one["dataset"]][one["split"]]["leaks"][one["other"]] = {
            "posts": one["posts"],
            "equal": equal,
            "nearly": nearly,
            "both": equal + nearly,
            "share": 100 * (equal + nearly) / one["posts"],
        }
    for dataset in RAW:
        found[dataset]["test"]["clean"] = _clean(folder, dataset)
    tables = {"labels": _labels(found), "marked": _marked(found), "leaks": _leaks(found)}
    return {**found, "tables": {**tables, "floors": _floors(found)}}


def _clean(folder: Path, dataset: str) -> dict[str, int]:
    """Return how many rows have none of the flags, and how many of these people's label."""
    text = (folder / "audit" / "verdicts" / f"{dataset}.test.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    clean = [row for row in rows if not NOT_CLEAN & {*row["flags"]}]
    return dict(Counter("alike" if r["human"] == r["released"] else "other" for r in clean)) | {
        "rows": len(clean)
    }


def _labels(found: Figures) -> Figures:
    rows = []
    for dataset in RAW:
        join = found[dataset]["test"]["join"]
        changes = join["changes"]
        rows.append([
            dataset, f"{join['differ']:,} of {join['matched']:,} ({join['share']:.1f}%)",
            changes["no -> yes"], changes["yes -> no"], f"{join['agreement']:.1f}",
        ])  # fmt: skip
    header = ["test set", "labels that differ", "people no, released yes", "people yes, released no",
              "released labels against people's, weighted F1"]  # fmt: skip
    return {"header": header, "rows": rows}


def _marked(found: Figures) -> Figures:
    rows = []
    for dataset in RAW:
        for split in ("test", "val"):
            marker = found[dataset][split]["marker"]
            rows.append([
                f"{dataset} {split}",
                f"{marker['marked']:,} ({100 * marker['marked'] / marker['rows']:.1f}%)",
                marker["differ"], f"{marker['precision']:.1f}%", f"{marker['recall']:.1f}%",
            ])  # fmt: skip
    header = ["split", "marked", "of them not people's label", "precision", "recall"]
    return {"header": header, "rows": rows}


def _leaks(found: Figures) -> Figures:
    def cell(leak: Figures | None) -> str:
        if leak is None:
            return "-"
        return f"{leak['share']:.1f}% ({leak['equal']:,} equal, {leak['nearly']:,} nearly)"

    rows = []
    for dataset in ("IRF", "MultiWD", "loneliness", "CAMS", "SAD", "dreaddit", "DR", "T-SID"):
        test = found[dataset]["test"]
        leaks = test["leaks"]
        own = leaks.get(dataset) if dataset not in RAW else None
        others = {name: None if name == dataset == "MultiWD" else leaks.get(name) for name in RAW}
        any_of = f"{leaks['any']['share']:.1f}%" if "any" in leaks else "none"
        rows.append(
            [
                dataset,
                f"{test['posts']:,}",
                *(cell(others[name]) for name in RAW),
                cell(own),
                any_of,
            ]
        )
    header = [
        "test posts of",
        "posts",
        "in IRF",
        "in MultiWD",
        "in its own train and val",
        "in any",
    ]
    return {"header": header, "rows": rows}


def _floors(found: Figures) -> Figures:
    def value(one: Figures) -> str:
        return f"{one['value']:.1f} [{one['low']:.1f}, {one['high']:.1f}]"

    rows = []
    for dataset in FLOORS:
        test = found[dataset]["test"]
        parts = [value(test[part]) for part in ("majority", "post_words", "explanation_words")]
        assumed = test["power"]["assumed"]
        rows.append([dataset, *parts, f"{assumed['10']:.1f}-{assumed['40']:.1f}"])
    header = ["test set", "majority", "words of the post", "words of the explanation",
              "points of accuracy two models must differ by"]  # fmt: skip
    return {"header": header, "rows": rows}

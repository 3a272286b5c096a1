"""What ``imhi meta`` finds on the published annotations of DR answers: Spearman's rho with intervals."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SHOWN = ("length", "chrf", "bleu", "rouge1", "grounding", "consistency")
# Panel and mark of each column of the table, and what it is called.
COLUMNS = {
    ("chatgpt_data", "completeness"): "right: completeness",
    ("chatgpt_data", "overall"): "right: overall",
    ("chatgpt_false_data", "completeness"): "wrong: completeness",
    ("chatgpt_false_data", "reliability"): "wrong: reliability",
    ("pooled", "reliability"): "pooled: reliability",
}


def figures(folder: Path) -> dict[str, Any]:
    """Return counts, alphas, the coefficients of the table, and the table."""
    found = json.loads((folder / "meta" / "meta.json").read_text(encoding="utf-8"))
    panels = {one["panel"]: _panel(one) for one in found["panels"]}
    right = [one["alpha"]["value"] for one in panels["chatgpt_data"]["marks"].values()]
    pooled = [
        one["value"]
        for panel in found["panels"]
        for one in panel["correlations"]
        if panel["pooled"] and (one["mark"], one["coefficient"]) == ("reliability", "spearman")
    ]
    kinds = {name: ("metrics", name) for name in SHOWN}
    kinds.update({"annotators": ("annotators",), "alpha": ("alpha",), "system alone": ("system",)})
    rows = []
    for name, path in kinds.items():
        cells = []
        for panel, mark in COLUMNS:
            value: Any = panels[panel]["marks"][mark]
            for key in path:
                value = value.get(key, {})
            cells.append(_cell(value))
        rows.append([name, *cells])
    return {
        "panels": panels,
        "other_label": _other_label(found),
        "alpha_right": {"least": min(right), "greatest": max(right)},
        "pooled_reliability_greatest": max(value for value in pooled if value is not None),
        "table": {"header": ["", *COLUMNS.values()], "rows": rows},
    }


def _other_label(found: Mapping[str, Any]) -> dict[str, int]:
    """Return how many references argue for another label; of single files only a note says it."""
    (wrong,) = re.findall(r"(\d+) of chatgpt_false_data", " ".join(found["notes"]))
    return {"all": found["references"]["other_label"], "wrong": int(wrong)}


def _panel(panel: Mapping[str, Any]) -> dict[str, Any]:
    marks: dict[str, Any] = {}
    for one in panel["agreement"]:
        marks[one["mark"]] = {
            "alpha": _interval(one["alpha"]),
            "annotators": _interval(one["leave_one_out"]["spearman"]),
            "system": _interval(one["system_alone"].get("spearman", {})),
            "metrics": {},
        }
    for one in panel["correlations"]:
        if one["coefficient"] == "spearman" and one["metric"] in SHOWN:
            marks[one["mark"]]["metrics"][one["metric"]] = {**_interval(one), "n": one["n"]}
    better = [
        one
        for one in panel["comparisons"]
        if one["coefficient"] == "spearman" and "length" in one["metrics"] and one["better"]
    ]
    return {
        "answers": panel["answers"],
        "annotators": panel["annotators"],
        "marks": marks,
        # Metrics told apart from length by a test: mark, and which one is better.
        "apart_from_length": [[one["mark"], one["metrics"], one["better"]] for one in better],
    }


def _interval(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("value", "low", "high") if found.get(name) is not None}


def _cell(found: Mapping[str, float]) -> str:
    if "value" not in found:
        return ""
    value, low, high = (round(found[name], 2) + 0.0 for name in ("value", "low", "high"))  # no -0
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"

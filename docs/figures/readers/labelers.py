"""How often labelers are right, as the tables of docs/labelers.md show it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_READ = ("strict", "explanation", "hybrid", "reference-rule")
_DECIDED = ("strict", "stance", "named", "not stated", "another answer", "empty")
_LOOKS = {
    "earlier": "`hybrid` of version 0.1, three unseen models",
    "first": "`hybrid`, three unseen models, first look",
    "fresh": "`hybrid`, fresh answers of those models, after development rows of theirs were read too",
}


def figures(folder: Path) -> dict[str, Any]:
    """Return what ``benchmarks/labelers.py --json labelers.json`` kept, and its tables."""
    found: dict[str, Any] = json.loads((folder / "labelers.json").read_text(encoding="utf-8"))
    everything = found["all"]
    for model in ("Mentallama-13B", "Mentallama-7B"):
        rows = [row for row in everything if row["model"] == model]
        gained = [row["f1_with_inferred"] - row["f1"]["hybrid"] for row in rows]
        stated = [row["stated"] for row in rows]
        found[model] = {
            "least_stated": min(stated),
            "most_stated": max(stated),
            "most_gained": max(gained),
        }
    found["most_gained"] = max(
        found[model]["most_gained"] for model in ("Mentallama-13B", "Mentallama-7B")
    )
    (vicuna,) = (r for r in everything if (r["model"], r["dataset"]) == ("vicuna_13B", "DR"))
    found["vicuna_13B"] = {"DR_gained": vicuna["f1_with_inferred"] - vicuna["f1"]["hybrid"]}
    draw, fresh = found["samples"]["draw"], found["samples"]["fresh"]
    found["checked"] = draw["answers"] + fresh["answers"]
    strict = [sample["labelers"]["strict"] for sample in (draw, fresh)]
    found["strict"] = {kind: sum(one[kind] for one in strict) for kind in ("left", "labelled")}
    found["agreement_table"] = _agreement(draw, fresh, found["checked"])
    found["all_table"] = _all(everything)
    found["decided_table"] = {
        "header": ["model", *_DECIDED],
        "rows": [
            [model, *(f"{shares.get(by, 0):.1f}" for by in _DECIDED)]
            for model, shares in found["decided"].items()
        ],
    }
    found["explanations_table"] = _explanations(found["explanations"], found["contradictions"])
    # What the tables hold stands in them.
    del found["all"], found["decided"]
    for sample in found["samples"].values():
        for read in sample["labelers"].values():
            del read["by_dataset"], read["by_model"]
    return found


def first_looks(folder: Path) -> dict[str, Any]:
    """Return what ``benchmarks/labelers_first_looks.py --json looks.json`` kept, and its table."""
    found: dict[str, Any] = json.loads((folder / "looks.json").read_text(encoding="utf-8"))
    for one in found.values():
        one["wrong"] = one["answers"] - one["right"]
    found["table"] = {
        "header": ["", "right, of", "percent", "95% interval (Wilson)"],
        "rows": [
            [
                words,
                f"{found[name]['right']} of {found[name]['answers']}",
                f"{found[name]['share']:.1f}",
                f"[{found[name]['low']:.1f}, {found[name]['high']:.1f}]",
            ]
            for name, words in _LOOKS.items()
        ],
    }
    return found


def _agreement(draw: Mapping[str, Any], fresh: Mapping[str, Any], checked: int) -> dict[str, Any]:
    rows = []
    for name in _READ:
        both = [sample["labelers"][name] for sample in (draw, fresh)]
        missed = (str(sum(one[kind] for one in both)) for kind in ("left", "invented", "other"))
        shares = (f"{one['share']:.1f} [{one['low']:.1f}, {one['high']:.1f}]" for one in both)
        rows.append([f"`{name}`", *shares, " / ".join(missed)])
    return {
        "header": [
            "labeler",
            f"draw ({draw['answers']})",
            f"fresh ({fresh['answers']})",
            f"left unparsed / invented / another label, of {checked}",
        ],
        "rows": rows,
    }


def _all(everything: list[dict[str, Any]]) -> dict[str, Any]:
    rows = []
    for one in everything:
        f1 = {name: f"{value:.1f}" for name, value in one["f1"].items()}
        rows.append(
            [
                one["model"],
                one["dataset"],
                f"{one['answers']:,}",
                f"{one['stated']:.0f} / {one['inferred']:.0f} / {one['none']:.0f}",
                f1["hybrid"],
                f"{one['f1_with_inferred']:.1f}",
                f1["strict"],
                f1["explanation"],
                f"{f1['reference-rule']} ({one['no_rule']:.0f})",
            ]
        )
    return {
        "header": [
            "model",
            "dataset",
            "answers",
            "stated / inferred / none",
            "`hybrid`",
            "with inferred",
            "`strict`",
            "`explanation`",
            "`reference-rule`",
        ],
        "rows": rows,
    }


def _explanations(read: Mapping[str, Any], marked: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "header": [
            "dataset",
            "test: right (read of all)",
            "expert: right (read of all)",
            "contradictions, as they are",
            "label sentence exchanged",
        ],
        "rows": [
            [
                name,
                *(
                    f"{100 * one[split]['right']:.1f}% ({one[split]['read']:,} of "
                    f"{one[split]['rows']:,})"
                    for split in ("test", "expert")
                ),
                f"{marked[name]['as_they_are']:.1f}%",
                f"{marked[name]['exchanged']:.1f}%",
            ]
            for name, one in read.items()
        ],
    }

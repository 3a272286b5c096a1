"""Whether models keep their order under other labels and labelers: figures and tables of docs/audit.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NAMES = {
    "baseline:majority": "majority",
    "baseline:tfidf": "TF-IDF",
    "Mentallama-7B": "MentaLLaMA-7B",
    "vicuna_13B": "vicuna-13B",
    "Gemma_instruct_7B": "Gemma-instruct-7B",
}
VIEWS = ("released", "human", "agreed", "imhi-clean")


def figures(folder: Path) -> dict[str, Any]:
    """Return by dataset (`mean` over both), labeler and view the values and tau; by view the paired
    differences of the better three; a table of each dataset."""
    ranks = json.loads((folder / "ranks.json").read_text(encoding="utf-8"))
    models = [NAMES[model] for model in ranks["models"]]
    found: dict[str, Any] = {}
    for order in ranks["orders"]:
        labeler, view = order["condition"].split(", ")
        found.setdefault(order["dataset"] or "mean", {}).setdefault(labeler, {})[view] = {
            "values": dict(zip(models, order["values"], strict=True)),
            "ranks": dict(zip(models, order["ranks"], strict=True)),
            **(order["agreement"] or {}),
        }
    for of in found.values():
        released, human = (of["hybrid"].get(view, {}).get("values") for view in VIEWS[:2])
        lost = [released[model] - human[model] for model in models]
        of["lost"] = {"least": min(lost), "most": max(lost)}
        ruled = of["reference-rule"]["released"]["values"]
        of["ruled"] = {model: ruled[model] - released[model] for model in models}
        of["lost_by_rule"] = -of["ruled"]["MentaLLaMA-7B"]
    tables = {dataset: _table(found[dataset]["hybrid"], dataset) for dataset in ("IRF", "MultiWD")}
    pairs = {view: _pairs(folder / f"{view}.json") for view in ("released", "clean")}
    return {**tables, "orders": found, "pairs": pairs}


def _table(of: dict[str, Any], dataset: str) -> dict[str, Any]:
    ranks = of["released"]["ranks"]
    rows = []
    for model in sorted(ranks, key=lambda name: ranks[name]):
        cells = [f"{of[v]['values'][model]:.1f} ({of[v]['ranks'][model]})" for v in VIEWS]
        rows.append([model, *cells])
    tau = [f"{of[v]['tau']:.1f} [{of[v]['low']:.1f}, {of[v]['high']:.1f}]" for v in VIEWS[1:]]
    rows.append(["tau with released", "", *tau])
    return {"header": [dataset, *VIEWS], "rows": rows}


def _pairs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in json.loads(path.read_text(encoding="utf-8"))["pairs"]:
        if pair["over"] != "tasks":  # each of the two datasets is a task of its own
            name = f"{NAMES[pair['a']]} minus {NAMES[pair['b']]}"
            kept = {key: pair[key] for key in ("difference", "low", "high", "p")}
            kept["behind"] = -pair["difference"]
            found.setdefault(pair["dataset"] or "mean", {})[name] = kept
    return found

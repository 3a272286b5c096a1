"""What ``benchmarks/grounding.py`` found, and its table for the guide to metrics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# How the published folders of answers are called, and how they are shown.
NAMES = {
    "Gemma_instruct_7B": "Gemma-7B-it",
    "Mentallama-13B": "MentaLLaMA-13B",
    "Mentallama-7B": "MentaLLaMA-7B",
    "Vicuna_33B": "Vicuna-33B",
    "llama2-chat-13B": "LLaMA2-13B-chat",
    "llama2-chat-7B": "LLaMA2-7B-chat",
    "vicuna_13B": "Vicuna-13B",
}


def figures(folder: Path) -> dict[str, Any]:
    """Return the counts of rows and the table: values under own posts, others and random spans."""
    found = json.loads((folder / "grounding.json").read_text(encoding="utf-8"))
    rows = []
    for name, one in found.pop("systems").items():
        grounding = [one[where]["grounding"][0] for where in ("own", "another")]
        recall = [one[where]["evidence_recall"][0] for where in ("own", "another")]
        recall.append(one["random"]["evidence_recall"])
        rows.append(
            [
                NAMES.get(name, name),
                " / ".join(f"{value:.1f}" for value in grounding),
                " / ".join(f"{value:.1f}" for value in recall),
                f"{one['auc'][0]:.3f}",
            ]
        )
    header = [
        "explanations of",
        "grounding: own post / another",
        "evidence recall: own post / another / random span of that length",
        "AUC, own post against another",
    ]
    return {**found, "table": {"header": header, "rows": rows}}

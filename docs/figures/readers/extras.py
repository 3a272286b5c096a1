"""What each extra brings, as a table of the installation guide."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOR = {
    "": "everything that asks no model in this process: servers, baselines, labels, scores, comparisons",
    "hf": "`hf:`, lm-eval's own models, BERTScore, BARTScore, embeddings (torch)",
    "finetune": "training: `imhi finetune`",
    "qlora": "the same with weights in 4 bits",
    "build": "`imhi build`, `imhi audit` on raw files, Excel",
    "report": "pictures of reports (`[plots]` is the same)",
    "gguf": "`gguf:`: models in GGUF files, by llama.cpp",
    "ray": "`--executor ray`",
    "anthropic": "batches at Anthropic",
    "gemini": "batches at Google",
    "energy": "`--energy`",
    "all": "all of these",
}


def figures(folder: Path) -> dict[str, Any]:
    """Return distributions and megabytes by extra (`core` without one), and the guide's table."""
    found = {row["extra"]: row for row in json.loads((folder / "extras.json").read_text())}
    rows = []
    for extra, purpose in FOR.items():
        row = found[extra]
        largest = ", ".join(f"{name} {size}" for name, size in row["largest"].items() if size >= 10)
        name = f"`[{extra}]`" if extra else "(none)"
        rows.append([name, purpose, row["distributions"], row["megabytes"], largest])
    return {
        "by_extra": {extra or "core": row for extra, row in found.items()},
        "table": {
            "header": ["extra", "for", "distributions", "MB on disk", "largest, MB"],
            "rows": rows,
        },
    }

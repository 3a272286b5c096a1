"""What ``benchmarks/comparison_errors.py`` found: shares in percent, their ranges where models are alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def figures(folder: Path) -> dict[str, Any]:
    """Return each setting's shares; ``equal``: least and greatest over settings without a difference."""
    found = json.loads((folder / "errors.json").read_text(encoding="utf-8"))
    settings = {
        one["setting"]: {name: 100 * share for name, share in one.items() if name != "setting"}
        for one in found["settings"]
    }
    equal = [shares for name, shares in settings.items() if name != "5 points"]
    return {
        "comparisons": found["comparisons"],
        "rows": found["rows"],
        "settings": settings,
        "equal": {
            name: {"least": min(shares), "greatest": max(shares)}
            for name in equal[0]
            for shares in [[one[name] for one in equal]]
        },
    }

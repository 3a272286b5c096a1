"""What a run claims: its scores, without the details that whoever verifies makes again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imhi.plugins.leaderboard.submission.leaks import without_places

_VALUES = ("value", "low", "high", "decimals", "higher_is_better")
_SCORE = ("dataset", "metric", "made_by", *_VALUES, "headline")
_AVERAGE = ("over", "metric", "made_by", *_VALUES, "groups")


def claims_of(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``scores.json`` of a submission from the scores of a run."""
    settings = scores["settings"]
    return {
        "format": 1,
        "resamples": settings["resamples"],
        "seed": settings["seed"],
        "metrics": {
            name: {"version": made["version"], "arguments": without_places(made["arguments"])}
            for name, made in settings["metrics"].items()
        },
        "scores": [{name: row[name] for name in _SCORE} for row in scores["scores"]],
        "averages": [{name: row[name] for name in _AVERAGE} for row in scores["averages"]],
    }

"""What a run claims: its scores, without the details that whoever verifies makes again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imhi.plugins.leaderboard.records.checking import NotAsDescribed, checked
from imhi.plugins.leaderboard.records.submission import ClaimedAverage, ClaimedScore, Claims
from imhi.plugins.leaderboard.submission.leaks import without_places
from imhi.plugins.leaderboard.submission.refusal import Unacceptable


def claims_of(scores: Mapping[str, Any]) -> Claims:
    """Return ``scores.json`` of a submission from the scores of a run.

    Raises:
        Unacceptable: the run has more scores, or others, than a submission may have.
    """
    settings = scores["settings"]
    values = {
        "format": 1,
        "metrics": {
            name: {
                "version": made["version"],
                "arguments": without_places(made["arguments"]),
                "interval": made.get("interval", ""),
            }
            for name, made in settings["metrics"].items()
        },
        "scores": [
            {name: row[name] for name in ClaimedScore.model_fields} for row in scores["scores"]
        ],
        "averages": [
            {name: row[name] for name in ClaimedAverage.model_fields} for row in scores["averages"]
        ],
    }
    try:
        return checked(Claims, values)
    except NotAsDescribed as reason:
        raise Unacceptable("contents", f"scores.json: {reason}") from None

"""A run's rows as they are packed: by key, without ids and without what failed requests said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from imhi import Prediction, Response

_FIELDS = ("finish_reason", "prompt_tokens", "completion_tokens", "latency", "cost")


def response_row(key: str, response: Response) -> dict[str, Any]:
    """Return an answer as a row. Errors say nothing more: their texts name servers and paths."""
    if response.error is not None:
        return {"key": key, "error": "no answer"}
    row: dict[str, Any] = {"key": key}
    if response.text or response.label is None:
        row["text"] = response.text
    if response.label is not None:
        row["label"] = response.label
        row["probabilities"] = dict(response.probabilities or {})
    for field in _FIELDS:
        if (value := getattr(response, field)) is not None:
            row[field] = value
    if response.attempts != 1:
        row["attempts"] = response.attempts
    if response.truncated:
        row["truncated"] = True
    return row


def response_of(row: Mapping[str, Any], example_id: str, dataset: str) -> Response | None:
    """Return the answer a row holds; None where it says that there was none."""
    if "error" in row:
        return None
    return Response(
        example_id,
        dataset,
        prompt_hash="",
        text=row.get("text", ""),
        label=row.get("label"),
        probabilities=row.get("probabilities"),
        finish_reason=row.get("finish_reason"),
        truncated=row.get("truncated", False),
    )


def prediction_row(key: str, prediction: Prediction) -> dict[str, Any]:
    row = {"key": key, "label": prediction.label, "status": prediction.status}
    return {**row, "decided_by": prediction.decided_by} if prediction.decided_by else row


def in_key_order(keys: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return rows as JSON lines in the order of their keys, which tells nothing of their own."""
    ordered = sorted(zip(keys, rows, strict=True), key=lambda pair: pair[0])
    return "".join(
        json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"
        for _, row in ordered
    ).encode("utf-8")

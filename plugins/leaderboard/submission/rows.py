"""A run's rows as they are packed: by key, without ids and without what failed requests said."""

from __future__ import annotations

import json
from collections.abc import Iterable

from imhi import Prediction, Response, finish_reasons
from imhi.plugins.leaderboard.records.submission import PredictionRow, ResponseRow

_FIELDS = ("finish_reason", "prompt_tokens", "completion_tokens", "latency", "cost")


def response_row(key: str, response: Response) -> ResponseRow:
    """Return an answer as a row. Errors say nothing more: their texts name servers and paths."""
    if response.error is not None:
        return ResponseRow.model_construct({"key", "error"}, key=key, error="no answer")
    values: dict[str, object] = {name: getattr(response, name) for name in _FIELDS}
    if response.thought_open:  # thoughts stay here: that this one has no end must be told
        values["finish_reason"] = finish_reasons.LENGTH
    if response.text or response.label is None:
        values["text"] = response.text
    if response.label is not None:
        values |= {"label": response.label, "probabilities": dict(response.probabilities or {})}
    if response.attempts != 1:
        values["attempts"] = response.attempts
    if response.truncated:
        values["truncated"] = True
    given = {name for name, value in values.items() if value is not None}
    return ResponseRow.model_construct({"key", *given}, key=key, **values)


def response_of(row: ResponseRow, example_id: str, dataset: str) -> Response | None:
    """Return the answer a row holds; None where it says that there was none."""
    if row.error:
        return None
    given = row.model_fields_set
    return Response(
        example_id,
        dataset,
        prompt_hash="",
        text=row.text,
        label=row.label or None,
        probabilities=row.probabilities if "probabilities" in given else None,
        finish_reason=row.finish_reason if "finish_reason" in given else None,
        truncated=row.truncated,
    )


def prediction_row(key: str, prediction: Prediction) -> PredictionRow:
    """Return a label as a row."""
    return PredictionRow.model_construct(
        {"key", "label", "status", *(["decided_by"] if prediction.decided_by else [])},
        key=key,
        label=prediction.label,
        status=prediction.status,
        decided_by=prediction.decided_by,
    )


def in_key_order(rows: Iterable[ResponseRow | PredictionRow]) -> bytes:
    """Return rows as JSON lines in the order of their keys, which tells nothing of their own."""
    return "".join(
        json.dumps(
            row.model_dump(exclude_unset=True, warnings=False),
            ensure_ascii=False,
            separators=(",", ":"),
            allow_nan=False,
        )
        + "\n"
        for row in sorted(rows, key=lambda row: row.key)
    ).encode("utf-8")

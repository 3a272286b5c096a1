"""A real HTTP server on loopback that speaks Anthropic's Message Batches and misbehaves as told.

``POST /v1/messages/batches`` makes a batch, ``GET`` lists them (the newest first), ``GET .../ID`` shows
one and ``GET .../ID/results`` gives its results, a line each. ``results_url`` names a host that is not
there: nobody is to take the key to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.misbehaving_server import Answered, Asked
from tests.provider_batches import Ending, Fate, Line, Made, ProviderBatches

_ID = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
# What the Messages interface takes, of what anybody here could think of sending.
_PARAMS = {
    "model",
    "max_tokens",
    "messages",
    "system",
    "temperature",
    "top_p",
    "stop_sequences",
    "output_config",
}
_MOST, _MOST_BYTES = 100_000, 256_000_000


def _error(status: int, kind: str, message: str) -> Answered:
    return Answered(status, {"type": "error", "error": {"type": kind, "message": message}})


class AnthropicBatchServer(ProviderBatches):
    """``without`` are parameters that its models do not take."""

    path = "/v1"
    without: tuple[str, ...] = ()
    _version = ""

    def route(self, asked: Asked) -> tuple[str, Callable[[], Answered]]:
        # Clients up to 1.x send the key by the other of these headers.
        if not {"x-api-key", "authorization"} & set(asked.headers):
            return "other", lambda: _error(401, "authentication_error", "no key")
        self._version = asked.headers.get("anthropic-version", "")
        match asked.method, asked.path.removeprefix("/v1/messages/").split("/"):
            case "POST", ["batches"]:
                return "create", lambda: self.create(asked.body)
            case "GET", ["batches"]:
                return "list", lambda: self.list(asked.query)
            case "GET", ["batches", id]:
                return "retrieve", lambda: self.retrieve(id)
            case "GET", ["batches", id, "results"]:
                return "results", lambda: self.results(id)
        return "other", lambda: _error(404, "not_found_error", f"no such path: {asked.path}")

    def create(self, body: bytes) -> Answered:
        rows = json.loads(body)["requests"]
        if not 0 < len(rows) <= _MOST or len(body) > _MOST_BYTES:
            return _error(413, "request_too_large", "too many or too much")
        ids = [row["custom_id"] for row in rows]
        if len(set(ids)) != len(ids) or not all(_ID.match(id) for id in ids):
            return _error(400, "invalid_request_error", "custom_id: not unique, or no such pattern")
        lines = [
            Line(row["custom_id"], row["params"]["messages"][-1]["content"], row["params"])
            for row in rows
        ]
        made = self.execute(f"msgbatch_{len(self.made) + 1:02}", "", lines)
        return Answered(200, self._shown(made))

    def list(self, query: Mapping[str, str]) -> Answered:
        newest = list(reversed(self.made.values()))
        if self.unlisted:
            self.unlisted -= 1
            newest = newest[1:]
        ids = [made.id for made in newest]
        after = query.get("after_id", "")
        start = ids.index(after) + 1 if after in ids else 0
        page = newest[start : start + int(query.get("limit", 20))]
        for made in page:
            made.looks += 1
        shown = {
            "data": [self._shown(made) for made in page],
            "has_more": start + len(page) < len(newest),
            "first_id": page[0].id if page else None,
            "last_id": page[-1].id if page else None,
        }
        return Answered(200, shown)

    def retrieve(self, id: str) -> Answered:
        if id not in self.made:
            return _error(404, "not_found_error", f"no batch {id}")
        self.made[id].looks += 1
        return Answered(200, self._shown(self.made[id]))

    def results(self, id: str) -> Answered:
        if id not in self.made or not self.made[id].done:
            return _error(404, "not_found_error", f"no results of {id}")
        return Answered(200, b"".join(self.made[id].results))

    def _shown(self, made: Made) -> dict[str, Any]:
        kinds = ("processing", "succeeded", "errored", "canceled", "expired")
        counts = dict.fromkeys(kinds, 0)
        if made.done:
            for row in made.results:
                kind = re.search(rb'"type": "(succeeded|errored|canceled|expired)"', row)
                counts[kind[1].decode() if kind else "succeeded"] += 1
            counts["succeeded"] += len(made.lines) - len(made.results)
        else:
            counts["processing"] = len(made.lines)
        at_work = "canceling" if made.ending.status == "cancelled" else "in_progress"
        return {
            "id": made.id,
            "type": "message_batch",
            "processing_status": "ended" if made.done else at_work,
            "request_counts": counts,
            "created_at": "2026-11-20T00:00:00Z",
            "expires_at": "2026-11-21T00:00:00Z",
            "ended_at": "2026-11-20T01:00:00Z" if made.done else None,
            "archived_at": None,
            "cancel_initiated_at": None,
            "results_url": f"http://elsewhere.invalid/{made.id}" if made.done else None,
        }

    def fate(self, line: Line) -> Fate:
        unknown = set(line.body) - _PARAMS
        if self._version >= "2026-10-21":
            unknown |= set(line.body) & {"temperature", "top_p"}
        missing = {"model", "max_tokens", "messages"} - set(line.body)
        if unknown or missing:
            return Fate("invalid", said=f"{unknown or missing}: unknown, or missing")
        for name in self.without:
            if name in line.body:
                return Fate("invalid", said=f"`{name}` is deprecated for this model.")
        return self.answers(line)

    def written(self, line: Line, fate: Fate) -> bytes:
        match fate.kind:
            case "silent":
                return b""
            case "invalid":
                result = _errored("invalid_request_error", fate.said or "messages: no")
            case "busy":
                result = _errored("overloaded_error", fate.said or "Overloaded")
            case "broken":
                result = _errored("api_error", fate.said or "Internal server error")
            case _:
                result = {"type": "succeeded", "message": _message(line, fate)}
        row = json.dumps({"custom_id": line.id, "result": result}).encode()
        return (row[: len(row) // 2] if fate.kind == "garbled" else row) + b"\n"

    def not_run(self, line: Line, ending: Ending) -> bytes:
        kind = "expired" if ending.status == "expired" else "canceled"
        return json.dumps({"custom_id": line.id, "result": {"type": kind}}).encode() + b"\n"


def _errored(kind: str, message: str) -> dict[str, Any]:
    error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    return {"type": "errored", "error": error}


def _message(line: Line, fate: Fate) -> dict[str, Any]:
    ends = {"long": "max_tokens", "filtered": "refusal", "blocked": "refusal"}
    content = []
    if fate.thought:
        content.append({"type": "thinking", "thinking": fate.thought, "signature": "s"})
    if fate.kind not in ("blocked", "empty"):
        text = fate.text or f"No. Reasoning: echo of {line.prompt}"
        content.append({"type": "text", "text": text, "citations": None})
    usage: dict[str, Any] = {}
    if fate.usage:
        # Ten tokens in all, two of them from a cache; five to be paid for the answer.
        usage = {"input_tokens": 8, "cache_read_input_tokens": 2, "output_tokens": 5}
        if fate.thought:
            usage["output_tokens_details"] = {"thinking_tokens": 3}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": f"{line.body['model']}-served",
        "content": content,
        "stop_reason": ends.get(fate.kind, "end_turn"),
        "stop_sequence": None,
        "usage": usage,
    }

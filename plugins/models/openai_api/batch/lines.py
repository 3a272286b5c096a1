"""The lines of a batch's files: written for requests, read for answers; and why a whole batch was
refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imhi import Request, digest
from imhi.plugins.models.openai_api.client_config import Terms
from imhi.plugins.models.openai_api.failures import QUOTA, Failure, classify
from imhi.plugins.models.openai_api.wire import Dialect, IllFormed, Reply, payload, read_reply

_ENDPOINTS = {"chat": "/v1/chat/completions", "completions": "/v1/completions"}

# Codes of a line without an HTTP answer, as OpenAI lists them (BatchRequestOutputError).
_PASSING_CODES = frozenset({"batch_expired", "request_timeout"})
# Codes of a batch that was refused as a whole: its queue is full; the account or the model is wrong.
_QUEUE_CODES = frozenset({"token_limit_exceeded"})
_PASSING_WORDS = ("rate_limit", "server_error", "internal_error", "timeout", "unavailable")
_FATAL_CODES = frozenset({*QUOTA, "model_not_found", "invalid_api_key"})


def endpoint(api: str) -> str:
    """Return what the server calls the interface, whatever its own address is."""
    return _ENDPOINTS[api]


def custom_id(request: Request) -> str:
    """Return the id a request has in every batch: made of its content, so that another process
    knows it again; it says nothing of the post."""
    return digest([request.dataset, request.id, request.prompt_hash])[:32]


def write_line(id: str, request: Request, terms: Terms, dialect: Dialect) -> bytes:
    """Return a request as a line of a batch's file.

    Raises:
        UnicodeEncodeError: the prompt cannot be sent (half of a surrogate pair is in it).
    """
    body = payload(request, terms.model, terms.api, terms.generation, terms.seed, dialect)
    row = {"custom_id": id, "method": "POST", "url": endpoint(terms.api), "body": body}
    return (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


class _Status(Exception):
    """The HTTP error that a line holds, in the shape :func:`classify` knows."""

    def __init__(self, status: int, body: Any) -> None:
        inner = body.get("error") if isinstance(body, Mapping) else None
        super().__init__(f"status {status}")
        self.status_code = status
        self.body = inner if isinstance(inner, Mapping) else body


def read_line(data: bytes, terms: Terms) -> tuple[str, Reply | Failure] | None:
    """Return a line's custom id and what came of the request; None for what is no such line."""
    try:
        row = json.loads(data)
    except (ValueError, RecursionError):
        return None
    id = row.get("custom_id") if isinstance(row, Mapping) else None
    return (id, _outcome(row, terms)) if isinstance(id, str) else None


def _outcome(row: Mapping[str, Any], terms: Terms) -> Reply | Failure:
    response, error = row.get("response"), row.get("error")
    raised: Exception = IllFormed("the line holds neither a response nor an error")
    if isinstance(response, Mapping):
        status, body = response.get("status_code"), response.get("body")
        if isinstance(status, int) and status != 200:
            raised = _Status(status, body)
        else:
            try:
                return read_reply(body, terms.api)
            except IllFormed as ill:
                raised = ill
    elif isinstance(error, Mapping):
        code, said = str(error.get("code") or ""), str(error.get("message") or "no reason given")
        passing = code in _PASSING_CODES or any(word in code for word in _PASSING_WORDS)
        return Failure("passing" if passing else "example", f"{code}: {said}".removeprefix(": "))
    return classify(raised, terms.timeout, terms.key_variable)


@dataclass(frozen=True)
class Refusal:
    """Why the server refused a batch as a whole; nothing of it was charged.

    ``full``: too much is waiting at the server. ``passing``: try again. ``fatal``: every other batch
    would fare alike. ``lines``: those that are to blame, from 1, where the server names them all.
    """

    message: str
    full: bool = False
    passing: bool = False
    fatal: bool = False
    lines: frozenset[int] = frozenset()


def read_refusal(batch: Mapping[str, Any], size: int) -> Refusal:
    """Return what the errors of a failed batch of ``size`` lines come to."""
    errors = batch.get("errors")
    found = errors.get("data") if isinstance(errors, Mapping) else None
    rows = [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
    if not rows:
        return Refusal("the server refused the batch and gave no reason")
    first = rows[0]
    line, code = first.get("line"), str(first.get("code") or "")
    message = f"the server refused the batch: {first.get('message') or code or 'no reason given'}"
    message += f" (line {line})" if isinstance(line, int) else ""
    message += f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    codes = {str(row.get("code") or "") for row in rows}
    lines = frozenset(row["line"] for row in rows if isinstance(row.get("line"), int))
    named = all(isinstance(row.get("line"), int) and 1 <= row["line"] <= size for row in rows)
    return Refusal(
        message,
        full=bool(codes & _QUEUE_CODES),
        passing=any(word in code for code in codes for word in _PASSING_WORDS),
        fatal=bool(codes & _FATAL_CODES),
        lines=lines if named and len(lines) < size else frozenset(),
    )

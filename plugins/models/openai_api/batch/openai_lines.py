"""The lines of a batch's files at OpenAI: written for requests, read for answers."""

from __future__ import annotations

import json
from collections.abc import Mapping

from imhi import Request
from imhi.plugins.models.openai_api.batch.lines import encoded
from imhi.plugins.models.openai_api.client_config import Session
from imhi.plugins.models.openai_api.failures import Failure, IllFormed, NoAnswer
from imhi.plugins.models.openai_api.reply import Reply
from imhi.plugins.models.openai_api.wire import ServerJson

_ENDPOINTS = {"chat": "/v1/chat/completions", "completions": "/v1/completions"}

# Codes of a line without an HTTP answer, as OpenAI lists them (BatchRequestOutputError).
_PASSING_CODES = frozenset({"batch_expired", "request_timeout"})
# What stands in the codes, of lines and of whole batches, of what passes.
PASSING_WORDS = ("rate_limit", "server_error", "internal_error", "timeout", "unavailable")


def endpoint(api: str) -> str:
    """Return what the server calls the interface, whatever its own address is."""
    return _ENDPOINTS[api]


def write_line(id: str, request: Request, session: Session) -> bytes:
    """Return a request as a line of a batch's file.

    Raises:
        UnicodeEncodeError: the prompt cannot be sent (half of a surrogate pair is in it).
    """
    url = endpoint(session.config.options.api)
    row = {"custom_id": id, "method": "POST", "url": url, "body": session.payload(request)}
    return encoded(row)


def read_line(data: bytes, session: Session) -> tuple[str, Reply | Failure] | None:
    """Return a line's custom id and what came of the request; None for what is no such line."""
    try:
        row = json.loads(data)
    except (ValueError, RecursionError):
        return None
    id = row.get("custom_id") if isinstance(row, Mapping) else None
    return (id, _outcome(row, session)) if isinstance(id, str) else None


def _outcome(row: ServerJson, session: Session) -> Reply | Failure:
    response, error = row.get("response"), row.get("error")
    if isinstance(response, Mapping):
        status, body = response.get("status_code"), response.get("body")
        if isinstance(status, int) and status != 200:
            return session.refusal(status, {}, body)
        try:
            return session.read(body)
        except NoAnswer as none:
            return none.failure
    if isinstance(error, Mapping):
        code, reason = str(error.get("code") or ""), str(error.get("message") or "no reason given")
        passing = code in _PASSING_CODES or any(word in code for word in PASSING_WORDS)
        return Failure("passing" if passing else "request", f"{code}: {reason}".removeprefix(": "))
    return session.failure(IllFormed("the line holds neither a response nor an error"))

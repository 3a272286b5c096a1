"""Anthropic's Messages: requests written in their form, results of batches read from it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from imhi import finish_reasons
from imhi.plugins.models.openai_api.batch.lines import HTTPStatus
from imhi.plugins.models.openai_api.client_config import Session
from imhi.plugins.models.openai_api.dialect import TOKEN_LIMITS
from imhi.plugins.models.openai_api.failures import Failure, IllFormed
from imhi.plugins.models.openai_api.reply import Reply, count, readable
from imhi.plugins.models.openai_api.wire import Payload, ServerJson

# What stands in ``error.type``, and the status it comes with (Claude Docs, Errors).
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_NOT_ASKED = {
    "expired": Failure("passing", "the batch expired before it was asked"),
    "canceled": Failure("request", "the batch was cancelled before it was asked"),
}


def params(body: Payload) -> Payload:
    """Return the parameters of a message that ask for what a chat completion's body asks for.

    There is no seed. A ``top_p`` that leaves nothing out is left out itself: models that take a
    temperature may refuse both together.
    """
    messages = body["messages"]
    assert isinstance(messages, list)
    system = [message["content"] for message in messages if message["role"] == "system"]
    limits = [body[name] for name in TOKEN_LIMITS if name in body]
    asked: Payload = {
        "model": body["model"],
        "max_tokens": limits[0] if limits else 1,
        "messages": [message for message in messages if message["role"] != "system"],
    }
    if system:
        asked["system"] = "\n\n".join(system)
    if "temperature" in body:
        asked["temperature"] = body["temperature"]
    if body.get("top_p", 1) != 1:
        asked["top_p"] = body["top_p"]
    if "stop" in body:
        asked["stop_sequences"] = body["stop"]
    form = body.get("response_format")
    if isinstance(form, Mapping):
        asked["output_config"] = {
            "format": {"type": "json_schema", "schema": form["json_schema"]["schema"]}
        }
    return asked


def read_result(data: bytes, session: Session) -> tuple[str, Reply | Failure] | None:
    """Return a line's custom id and what came of the request; None for what is no such line."""
    try:
        row = json.loads(data)
    except (ValueError, RecursionError):
        return None
    id = row.get("custom_id") if isinstance(row, Mapping) else None
    if not isinstance(id, str):
        return None
    result = row.get("result")
    result = result if isinstance(result, Mapping) else {}
    kind = str(result.get("type") or "")
    if kind in _NOT_ASKED:
        return id, _NOT_ASKED[kind]
    if kind == "errored":
        return id, _error(result.get("error"), session)
    try:
        if kind != "succeeded":
            raise IllFormed(f"the result is of no known kind: {kind[:40] or 'none given'}")
        return id, session.fit_to_write(_reply(result.get("message")))
    except IllFormed as ill:
        return id, session.failure(ill)


def _error(error: object, session: Session) -> Failure:
    """Return what an error in a result means; it was not charged."""
    inner = error.get("error") if isinstance(error, Mapping) else None
    inner = inner if isinstance(inner, Mapping) else {}
    # What is unknown may be new, and may pass.
    status = _STATUS.get(str(inner.get("type") or ""), 500)
    return session.failure(HTTPStatus(status, inner))


def _reply(message: object) -> Reply:
    """Read a message.

    Raises:
        IllFormed: it is none.
    """
    if not isinstance(message, Mapping):
        raise IllFormed("the result holds no message")
    blocks = message.get("content")
    if not isinstance(blocks, list) or not all(isinstance(block, Mapping) for block in blocks):
        raise IllFormed("the message has no list 'content'")
    finish = finish_reasons.normalised(message.get("stop_reason"))
    text, thought = _joined(blocks, "text"), _joined(blocks, "thinking")
    if finish == finish_reasons.FILTERED:
        text = ""
    elif not text and not thought and finish != finish_reasons.LENGTH and blocks:
        kinds = ", ".join(sorted({str(block.get("type")) for block in blocks}))
        raise IllFormed(f"the message holds no text (blocks: {kinds})")
    usage = message.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    details = usage.get("output_tokens_details")
    details = details if isinstance(details, Mapping) else {}
    model = message.get("model")
    return Reply(
        text,
        finish,
        _prompt_tokens(usage),
        count(usage.get("output_tokens")),
        count(usage.get("output_tokens")),
        model if isinstance(model, str) and model else None,
        thought=thought,
        thought_tokens=count(details.get("thinking_tokens")) or None,
    )


def _joined(blocks: list[ServerJson], kind: str) -> str:
    """Return the texts of the blocks of a kind, whose text stands under its name."""
    texts = [block.get(kind) for block in blocks if block.get("type") == kind]
    return readable("".join(text for text in texts if isinstance(text, str)))


def _prompt_tokens(usage: ServerJson) -> int | None:
    """Return all tokens of the prompt: those of its cached parts are counted apart."""
    fresh = count(usage.get("input_tokens"))
    if fresh is None:
        return None
    cached = ("cache_creation_input_tokens", "cache_read_input_tokens")
    return fresh + sum(count(usage.get(name)) or 0 for name in cached)

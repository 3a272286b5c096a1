"""Gemini's generateContent: requests written in its form, rows of results read from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from imhi import finish_reasons
from imhi.plugins.models.openai_api.batch.lines import HTTPStatus
from imhi.plugins.models.openai_api.client_config import Session
from imhi.plugins.models.openai_api.dialect import TOKEN_LIMITS
from imhi.plugins.models.openai_api.failures import Failure, IllFormed
from imhi.plugins.models.openai_api.reply import Reply, count, readable
from imhi.plugins.models.openai_api.wire import Payload, ServerJson

# The codes of google.rpc.Status, and the HTTP status each is mapped to (google/rpc/code.proto).
_STATUS = {
    1: 499,
    2: 500,
    3: 400,
    4: 504,
    5: 404,
    6: 409,
    7: 403,
    8: 429,
    9: 400,
    10: 409,
    11: 400,
    12: 501,
    13: 500,
    14: 503,
    15: 500,
    16: 401,
}
_CONFIG = {"temperature": "temperature", "top_p": "topP", "stop": "stopSequences", "seed": "seed"}
_NAMES = {
    "topP": "top_p",
    "top_p": "top_p",
    "temperature": "temperature",
    "seed": "seed",
    "responseJsonSchema": "response_format",
    "response_json_schema": "response_format",
}


def content_request(body: Payload) -> Payload:
    """Return the request that asks for what a chat completion's body asks for."""
    messages = body["messages"]
    assert isinstance(messages, list)
    system = [message["content"] for message in messages if message["role"] == "system"]
    asked: Payload = {
        "contents": [
            {"role": "user", "parts": [{"text": message["content"]}]}
            for message in messages
            if message["role"] != "system"
        ]
    }
    if system:
        asked["systemInstruction"] = {"parts": [{"text": text} for text in system]}
    config: Payload = {_CONFIG[name]: body[name] for name in _CONFIG if name in body}
    for name in TOKEN_LIMITS:
        if name in body:
            config["maxOutputTokens"] = body[name]
    form = body.get("response_format")
    if isinstance(form, Mapping):
        config["responseMimeType"] = "application/json"
        config["responseJsonSchema"] = form["json_schema"]["schema"]
    asked["generationConfig"] = config
    return asked


def http_status(code: object) -> int:
    """Return the HTTP status of an error's code, which may be one already; 500 for what is neither."""
    if not isinstance(code, int):
        return 500
    return code if code >= 100 else _STATUS.get(code, 500)


def read_row(data: bytes, session: Session) -> tuple[str, Reply | Failure] | None:
    """Return a row's key and what came of the request; None for what is no such row."""
    try:
        row = json.loads(data)
    except (ValueError, RecursionError):
        return None
    key = row.get("key") if isinstance(row, Mapping) else None
    if not isinstance(key, str):
        return None
    error, response = row.get("error"), row.get("response")
    if isinstance(error, Mapping) and not isinstance(response, Mapping):
        return key, _error(error, session)
    try:
        return key, session.fit_to_write(_reply(response))
    except IllFormed as ill:
        return key, session.failure(ill)


def _error(error: ServerJson, session: Session) -> Failure:
    failure = session.failure(HTTPStatus(http_status(error.get("code")), error))
    last = (name.rpartition(".")[2] for name in failure.parameters)
    return replace(failure, parameters=tuple(_NAMES.get(name, name) for name in last))


def _reply(response: object) -> Reply:
    """Read a response.

    Raises:
        IllFormed: it is none, or the model failed.
    """
    if not isinstance(response, Mapping):
        raise IllFormed("the row holds neither a response nor an error")
    candidates = response.get("candidates")
    feedback = response.get("promptFeedback")
    text = thought = ""
    if isinstance(candidates, list) and candidates and isinstance(candidates[0], Mapping):
        text, thought, finish = _candidate(candidates[0])
    elif isinstance(feedback, Mapping) and feedback.get("blockReason"):
        finish = finish_reasons.FILTERED
    else:
        raise IllFormed("the response has no candidate")
    usage = response.get("usageMetadata")
    usage = usage if isinstance(usage, Mapping) else {}
    thoughts = count(usage.get("thoughtsTokenCount"))
    prompt = count(usage.get("promptTokenCount"))
    answered = count(usage.get("candidatesTokenCount"))
    # Numbers that are zero are left out of the JSON of this interface; thoughts are paid as output.
    completion = (answered or 0) + (thoughts or 0) if prompt is not None else None
    model = response.get("modelVersion")
    return Reply(
        text,
        finish,
        prompt,
        completion,
        completion,
        model if isinstance(model, str) and model else None,
        thought=thought,
        thought_tokens=thoughts or None,
    )


def _candidate(candidate: ServerJson) -> tuple[str, str, str | None]:
    """Return text, thought and finish reason."""
    finish = finish_reasons.normalised(candidate.get("finishReason"))
    content = candidate.get("content")
    parts = content.get("parts") if isinstance(content, Mapping) else None
    parts = [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []
    texts = [part for part in parts if isinstance(part.get("text"), str)]
    thought = "".join(str(part["text"]) for part in texts if part.get("thought"))
    text = "".join(str(part["text"]) for part in texts if not part.get("thought"))
    if finish == finish_reasons.FILTERED:
        return "", readable(thought), finish
    if not text and not thought and finish not in (finish_reasons.STOP, finish_reasons.LENGTH):
        raise IllFormed(f"the candidate has no text and ended with {finish or 'no finishReason'}")
    return readable(text), readable(thought), finish

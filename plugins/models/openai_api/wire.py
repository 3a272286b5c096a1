"""The wire form: what is sent for a request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from imhi import Generation, Request, sample_seed
from imhi.plugins.models.openai_api.choosing import constraint
from imhi.plugins.models.openai_api.dialect import Dialect

Payload = dict[str, object]
"""The body of one request, by parameter."""
ServerJson = Mapping[str, object]
"""What a server sent, not looked at yet."""


def payload(
    request: Request,
    model: str,
    api: str,
    generation: Generation,
    seed: int,
    dialect: Dialect,
    choice_form: str = "",
    further: Mapping[str, Any] | None = None,
    stream: bool = False,
) -> Payload:
    """Return the body to send. Greedy decoding is asked for in so many words (temperature 0); the
    answer is held to the request's choices in the form ``choice_form``, if there is one. Each sample of
    an example has a seed of its own.

    Args:
        further: fields by their dotted paths, over those that are made here; None leaves one out.
    """
    body: Payload = {"model": model}
    if api == "chat":
        body["messages"] = _messages(request, request.system or generation.system, dialect.folded)
    else:
        body["prompt"] = request.prompt
    if generation.max_new_tokens is not None:
        body[dialect.token_limit] = generation.max_new_tokens
    body["temperature"] = generation.temperature
    # Sent whenever it counts: servers fill what is missing from the checkpoint's own defaults.
    if generation.top_p < 1 or generation.temperature > 0:
        body["top_p"] = generation.top_p
    if generation.stop:
        body["stop"] = list(generation.stop)
    body["seed"] = sample_seed(seed, request.sample)
    body |= dialect.neutral
    if api == "chat" and generation.answer_schema is not None:
        body["response_format"] = response_format(generation.answer_schema)
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    body = {
        dialect.renamed.get(name, name): value
        for name, value in body.items()
        if name not in dialect.dropped
        and not (name in dialect.implied and dialect.implied[name] == value)
    }
    for path, value in (further or {}).items():
        _put(body, path.split("."), value)
    if choice_form:
        before = request.prompt if api == "completions" else ""
        body |= constraint(choice_form, request.choices, before=before)
    return body


def _messages(request: Request, system: str, folded: bool) -> list[dict[str, str]]:
    prompt = f"{system}\n\n{request.prompt}" if system and folded else request.prompt
    first = [{"role": "system", "content": system}] if system and not folded else []
    return [*first, {"role": "user", "content": prompt}]


def _put(body: dict[str, Any], path: list[str], value: object) -> None:
    *folders, name = path
    for folder in folders:
        inner = body.get(folder)
        body[folder] = body = dict(inner) if isinstance(inner, Mapping) else {}
    if value is None:
        body.pop(name, None)
    else:
        body[name] = value


def response_format(schema: ServerJson) -> Payload:
    """Return the parameter that holds an answer to a JSON schema (OpenAI, Structured Outputs)."""
    form = {"name": "answer", "schema": dict(schema), "strict": True}
    return {"type": "json_schema", "json_schema": form}


def schema_text(api: str, generation: Generation) -> str:
    """Return the schema as it is sent, since servers count it among the prompt's tokens; empty
    where none is sent."""
    if api != "chat" or generation.answer_schema is None:
        return ""
    return json.dumps(response_format(generation.answer_schema))

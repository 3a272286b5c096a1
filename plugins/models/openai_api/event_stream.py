"""Answers that come in pieces (server-sent events), put together to what would have come at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from imhi.plugins.models.openai_api.failures import Failure, NoAnswer

_LINE = ("data:", "event:", "id:", "retry:", ":")
_LATEST = ("id", "model", "system_fingerprint", "usage", "error", "object", "created")


def is_stream(text: str) -> bool:
    """Return whether a body is a stream of events."""
    return text.lstrip().startswith(_LINE)


def assemble(text: str) -> dict[str, Any]:
    """Return the completion that the events of a stream make.

    Texts of the first choice's deltas are joined, field by field, so that thoughts in a field of
    their own stay apart; of everything else the latest counts.

    Raises:
        NoAnswer: the stream has no end (a finish reason, an error or ``[DONE]``), or holds something
            that is no JSON.
    """
    body: dict[str, Any] = {}
    message: dict[str, Any] = {}
    choice: dict[str, Any] = {}
    texts: list[str] = []
    ended = False
    for event in _events(text):
        if event == "[DONE]":
            ended = True
            break
        data = _parsed(event)
        body |= {name: data[name] for name in _LATEST if data.get(name) is not None}
        ended = ended or bool(data.get("error"))
        choices = data.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(first, Mapping):
            continue
        for name, value in first.items():
            if name in ("delta", "message") and isinstance(value, Mapping):
                _extend(message, value)
            elif name == "text" and isinstance(value, str):
                texts.append(value)
            elif value is not None:
                choice[name] = value
        ended = ended or choice.get("finish_reason") is not None
    if not ended:
        raise NoAnswer(Failure("passing", "the stream of the answer broke off", billed=True))
    if "usage" not in body and isinstance(choice.get("usage"), Mapping):  # Kimi
        body["usage"] = choice["usage"]
    if texts:
        choice["text"] = "".join(texts)
    if message:
        choice["message"] = {name: _joined(value) for name, value in message.items()}
    if choice:
        body["choices"] = [choice]
    return body


@dataclass
class _Pieces:
    """A text that comes in pieces; joined once, at the end."""

    texts: list[str]


def _extend(message: dict[str, Any], delta: Mapping[str, object]) -> None:
    for name, value in delta.items():
        held = message.get(name)
        if isinstance(value, str) and name != "role":
            if isinstance(held, _Pieces):
                held.texts.append(value)
            else:
                message[name] = _Pieces([value])
        elif isinstance(value, list) and isinstance(held, list):
            held.extend(value)
        elif value is not None or name not in message:
            message[name] = list(value) if isinstance(value, list) else value


def _joined(value: object) -> object:
    return "".join(value.texts) if isinstance(value, _Pieces) else value


def _events(text: str) -> Iterator[str]:
    """Yield the data of each event; an event of type error is one whose data is an error."""
    data: list[str] = []
    kind = ""
    # Not splitlines(): a text within an event may hold line ends of other kinds.
    for line in [*re.split(r"\r\n|\n|\r", text), ""]:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            kind = value
        elif not line:
            if data:
                joined = "\n".join(data)
                failed = kind == "error" and '"error"' not in joined
                yield json.dumps({"error": joined}) if failed else joined
            data, kind = [], ""


def _parsed(event: str) -> dict[str, Any]:
    try:
        data = json.loads(event)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise NoAnswer(
            Failure(
                "ill_formed",
                "the stream holds an event that is no JSON",
                billed=True,
            )
        )
    return data

"""Answers as a stream of server-sent events, as servers with ``stream: true`` send them.

Each function returns the bytes of a body; send them with ``content_type=EVENT_STREAM``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

EVENT_STREAM = "text/event-stream"
DONE = b"data: [DONE]\n\n"


def event(data: Mapping[str, Any]) -> bytes:
    """One event."""
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def chunk(delta: Mapping[str, Any], finish_reason: str | None = None, **fields: Any) -> bytes:
    """An event that adds ``delta`` to the message; ``fields`` are further ones of the choice."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, **fields}
    return event({"id": "streamed", "object": "chat.completion.chunk", "model": "m-served",
                  "choices": [choice]})  # fmt: skip


def counted(prompt: int, completion: int) -> dict[str, int]:
    """What was used."""
    return {"prompt_tokens": prompt, "completion_tokens": completion}


def usage(prompt: int, completion: int) -> bytes:
    """The event after the last choice, which holds what was used and no choice."""
    return event({"id": "streamed", "object": "chat.completion.chunk", "model": "m-served",
                  "choices": [], "usage": counted(prompt, completion)})  # fmt: skip


def stream_of(
    text: str,
    thought: str = "",
    used: tuple[int, int] | None = (10, 5),
    between: bytes = b"",
    used_in_choice: tuple[int, int] | None = None,
) -> bytes:
    """A whole answer, three characters an event, with ``between`` (comments) after each event."""
    last = {"usage": counted(*used_in_choice)} if used_in_choice else {}
    events = [chunk({"role": "assistant"})]
    events += [chunk({"reasoning_content": part}) for part in _parts(thought)]
    events += [chunk({"content": part}) for part in _parts(text)]
    events += [chunk({}, "stop", **last)]
    if used is not None:
        events.append(usage(*used))
    return between.join([*events, DONE])


def begun(text: str) -> bytes:
    """The first half of an answer: no reason why it ended, no usage, no end."""
    return chunk({"role": "assistant"}) + b"".join(chunk({"content": p}) for p in _parts(text))


def _parts(text: str) -> list[str]:
    return [text[i : i + 3] for i in range(0, len(text), 3)]

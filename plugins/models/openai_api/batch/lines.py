"""What the lines of batches have in common, whoever they are for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from imhi import Request, digest
from imhi.plugins.models.openai_api.wire import IllFormed


def custom_id(request: Request) -> str:
    """Return the id a request has in every batch: made of its content, so that another process
    knows it again; it says nothing of the post."""
    return digest([request.dataset, request.id, request.prompt_hash])[:32]


def encoded(row: Mapping[str, object]) -> bytes:
    """Return a line.

    Raises:
        UnicodeEncodeError: it cannot be sent (half of a surrogate pair is in it).
    """
    return (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def parsed(text: str) -> object:
    """Return what a server's answer says.

    Raises:
        IllFormed: it is not JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise IllFormed(f"the answer is not JSON: {text[:80]!r}") from None


class HTTPStatus(Exception):
    """An error with an HTTP status, in the shape :func:`classify` knows, whoever's it is: its fields
    may stand below ``error``. ``response`` is that of the client, for its headers."""

    def __init__(self, status: int, body: object, response: Any = None) -> None:
        inner = body.get("error") if isinstance(body, Mapping) else None
        super().__init__(f"status {status}")
        self.status_code = status
        self.body = inner if isinstance(inner, Mapping) else body
        self.response = response


def count(value: object) -> int | None:
    """Return a number of tokens; None for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def readable(text: str) -> str:
    """Return a text that can be written to a file: JSON can spell half of a surrogate pair."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

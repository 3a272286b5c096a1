"""What the lines of batches have in common, whoever they are for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from imhi import Request, digest
from imhi.plugins.models.openai_api.failures import Failure, IllFormed, NoAnswer
from imhi.plugins.models.openai_api.server_errors import read_error


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
        NoAnswer: it is not JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if text.lstrip()[:1] in ("{", "["):
            raise IllFormed("the answer is not JSON, though it begins so") from None
        said = read_error(400, {}, text).message.removeprefix("HTTP 400: ")[:120]
        what = f"the answer is not JSON: {said}; is base_url= right?"
        raise NoAnswer(Failure("foreign", what)) from None


class HTTPStatus(Exception):
    """An error with an HTTP status, in the shape that :meth:`Session.failure` knows, whoever's it is.
    ``response`` is that of the client, for its headers."""

    def __init__(self, status: int, body: object, response: Any = None) -> None:
        super().__init__(f"status {status}")
        self.status_code = status
        self.body = body
        self.response = response

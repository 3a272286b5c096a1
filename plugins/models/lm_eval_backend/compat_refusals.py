"""What a server says when it refuses, kept for lm-eval's errors (lm-eval 0.4.13, aiohttp).

With several requests in flight lm-eval reads the body of a refusal, logs it and raises an exception
without it. What is replaced is ``ClientSession`` in ``lm_eval.models.api_models``.
"""

from __future__ import annotations

import functools
import json
import sys
from typing import Any

_LONGEST = 200  # characters


def keep_refusals() -> None:
    """Let exceptions of server backends end in the server's own sentence."""
    module: Any = sys.modules.get("lm_eval.models.api_models")
    session = getattr(module, "ClientSession", None)
    if session is None or isinstance(session, functools.partial):
        return
    from aiohttp import ClientResponse, ClientResponseError

    class Telling(ClientResponse):
        """A response whose refusal says why; the body was read by lm-eval just before."""

        def raise_for_status(self) -> None:
            try:
                super().raise_for_status()
            except ClientResponseError as error:
                if said := sentence(self._body):
                    error.message = f"{error.message}: {said}"
                raise

    module.ClientSession = functools.partial(session, response_class=Telling)


def sentence(body: bytes | None) -> str:
    """Return what a refusal says: its message where it is JSON of a known form, else its text."""
    text = (body or b"").decode("utf-8", "replace")
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if isinstance(data, dict):
        for name in ("error", "message", "detail"):
            told = data.get(name)
            if isinstance(told, dict):
                told = told.get("message")
            if isinstance(told, str) and told:
                text = told
                break
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."

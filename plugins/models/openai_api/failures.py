"""What went wrong with an attempt, and what that means for it and for the requests after it."""

from __future__ import annotations

import asyncio
import email.utils
import json
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from imhi.plugins.models.openai_api.wire import IllFormed

LONGEST_RETRY_AFTER = 120.0
"""Seconds. A server that asks for more is asked again after this long all the same."""
LONGEST_BACKOFF = 60.0

Kind = Literal["passing", "rate", "unreachable", "example", "parameter", "filtered", "fatal"]

_RETRIED = frozenset({408, 409, 429})
_FATAL = {
    401: "the server refuses the key in {variable}; check it",
    402: "the account has no credit; top it up",
    403: "access is denied; check what the key in {variable} may use",
    404: "no such model or address; check the model's name and base_url= (it usually ends in /v1)",
    405: "the address takes no requests of this kind; check base_url= and api=",
}
# Codes of a refusal of what was asked: Azure, gateways (LiteLLM), Alibaba, OpenAI's reasoning models.
FILTERED = (
    "content_filter",
    "content_policy_violation",
    "data_inspection_failed",
    "responsibleaipolicyviolation",
)
QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")


@dataclass(frozen=True)
class Failure:
    """A failed attempt.

    ``kind``: ``passing`` (try again), ``rate`` (try again, everyone slower), ``unreachable`` (no
    connection; try again), ``example`` (this request only), ``parameter`` (as ``example``, unless
    the dialect can adapt), ``filtered`` (an answer held back: not an error), ``fatal`` (every
    further request is pointless). ``wait`` is what the server asked for, in seconds. ``billed``:
    the server may have charged for it, since what became of it is unknown. ``detail`` is the
    server's whole error, never written anywhere.
    """

    kind: Kind
    message: str
    wait: float | None = None
    billed: bool = False
    detail: str = ""
    parameter: str | None = None


def classify(error: Exception, timeout: float, variable: str) -> Failure:
    """Return what an exception of an attempt means. ``timeout`` is in seconds; ``variable`` names
    where the key came from. The messages are not scrubbed yet."""
    if isinstance(error, IllFormed):
        return Failure("passing", str(error), billed=True)
    if isinstance(error, asyncio.TimeoutError):
        return Failure("passing", f"no answer within {timeout:g} s", billed=True)
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _of_status(error, status, variable)
    return _of_connection(error)


def _of_status(error: Exception, status: int, variable: str) -> Failure:
    body = getattr(error, "body", None)
    fields = body if isinstance(body, Mapping) else {}
    code = str(fields.get("code") or fields.get("type") or "")
    reason = fields.get("message") or fields.get("detail") or str(error)
    message = (
        f"HTTP {status}: {reason if isinstance(reason, str) else json.dumps(reason, default=str)}"
    )
    response = getattr(error, "response", None)
    wait = retry_after(getattr(response, "headers", {}))
    detail = f"{error} {json.dumps(body, default=str)}"
    if status == 429 and (code in QUOTA or fields.get("type") in QUOTA):
        return Failure("fatal", f"{_FATAL[402]} ({message})")
    if status == 429:
        return Failure("rate", message, wait)
    if status in _RETRIED or status >= 500:
        return Failure("passing", message, wait)
    # Gateways and Azure refuse a flagged prompt this way; OpenAI itself by finish_reason.
    said = message.lower()
    if (status in (400, 422) and (code.lower() in FILTERED or "prompt was flagged" in said)) or (
        status == 403 and ("moderation" in said or "flagged" in said)
    ):
        return Failure("filtered", message)
    if status in _FATAL:
        return Failure("fatal", f"{_FATAL[status].format(variable=variable)} ({message})")
    parameter = fields.get("param")
    return Failure(
        "parameter" if status in (400, 422) else "example",
        message,
        detail=detail,
        parameter=parameter if isinstance(parameter, str) else None,
    )


def _of_connection(error: Exception) -> Failure:
    chain = list(_causes(error))
    names = {type(one).__name__ for one in chain}
    connects = names & {"APIConnectionError", "APITimeoutError"}
    last = next((str(one) for one in reversed(chain) if str(one).strip()), type(error).__name__)
    if not connects:
        # The request itself cannot be sent (it cannot be encoded, say): no other try will do.
        return Failure("example", f"{type(error).__name__}: {error}")
    # The aiohttp transport reports a refused connection as a time-out while connecting.
    if "ConnectError" in names or any(name.startswith("ClientConnector") for name in names):
        return Failure("unreachable", f"no connection ({last})")
    if "APITimeoutError" in names and not any(isinstance(one, ConnectionError) for one in chain):
        return Failure("passing", f"the server did not answer in time ({last})", billed=True)
    return Failure("passing", f"the connection was lost ({last})", billed=True)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def retry_after(headers: Mapping[str, str] | Any, now: float | None = None) -> float | None:
    """Return the seconds to wait that ``Retry-After`` (seconds or an HTTP date) or
    ``retry-after-ms`` asks for, at most 120; None where there is none or it cannot be read."""
    milliseconds, text = headers.get("retry-after-ms"), headers.get("retry-after")
    wait: float | None = None
    try:
        if milliseconds is not None:
            wait = float(milliseconds) / 1000
        elif text is not None:
            wait = float(text)
    except ValueError:
        try:
            date = email.utils.parsedate_to_datetime(str(text))
            wait = date.timestamp() - (time.time() if now is None else now)
        except (TypeError, ValueError):
            return None
    if wait is None or wait != wait:
        return None
    return min(max(wait, 0.0), LONGEST_RETRY_AFTER)


def backoff(first: float, retry: int, draw: random.Random) -> float:
    """Return the seconds before retry number ``retry`` (from 0): ``first``, doubled each time, at
    most 60, of which a random half to whole is taken so that workers do not march in step."""
    return min(first * 2.0**retry, LONGEST_BACKOFF) * draw.uniform(0.5, 1.0)

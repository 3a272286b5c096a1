"""What a failed attempt is: one record, whoever reports it, and how long to wait after it."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

LONGEST_BACKOFF = 60.0

Kind = Literal[
    "passing",
    "rate",
    "quota",
    "parameter",
    "content",
    "too_long",
    "request",
    "key",
    "denied",
    "not_found",
    "redirect",
    "foreign",
    "ill_formed",
    "unreachable",
]
"""What a failure means:

========== ====================================================================================
passing    busy, broken for a moment, too slow, connection lost: asked again
rate       too many requests: everyone slower, asked again
quota      nothing more to be had for now (credit, quota of a day, a very long wait): the run stops
parameter  a setting the server names is not taken: asked in another form, or this request fails
content    what was asked or answered is held back: an empty answer, no error
too_long   the prompt does not fit: this request fails
request    this request is refused for another reason: it fails
key        the key is refused: the run stops
denied     access is denied: the run stops, where it happens at first contact or again and again
not_found  no such address or model: as denied
redirect   the server sends us elsewhere, where nothing goes: the run stops
foreign    something that is no answer of this interface: this request fails; the run, if repeated
ill_formed an answer that is broken: asked again, a few times
unreachable no connection: asked again; the run stops, if there never was one
========== ====================================================================================
"""

AGAIN: frozenset[Kind] = frozenset({"passing", "rate", "ill_formed", "unreachable"})
"""What another try may mend."""
AT_ONCE: frozenset[Kind] = frozenset({"quota", "key", "redirect"})
"""What no other request will escape."""


@dataclass(frozen=True)
class Failure:
    """A failed attempt.

    ``message`` is not fit to be written yet (see :class:`Mask`). ``wait`` is what the server asked
    for, in seconds. ``billed``: the server may have charged for it, since what became of it is
    unknown. ``parameters`` are those the server names as refused in fields made for that; ``codes``
    what it calls the failure, in lower case.
    """

    kind: Kind
    message: str
    wait: float | None = None
    billed: bool = False
    parameters: tuple[str, ...] = ()
    codes: frozenset[str] = frozenset()

    @property
    def fatal(self) -> bool:
        """Return whether every further request is pointless, as far as one failure can tell."""
        return self.kind in AT_ONCE or self.kind in ("denied", "not_found")


class NoAnswer(Exception):
    """An attempt without an answer; ``usage`` are the prompt and completion tokens that the server
    says it used all the same."""

    def __init__(self, failure: Failure, usage: tuple[int, int] | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.usage = usage


class IllFormed(NoAnswer):
    """A body that is broken; the text says what is wrong with it."""

    def __init__(self, text: str) -> None:
        super().__init__(Failure("ill_formed", text, billed=True))


def retry_after(headers: Mapping[str, str] | Any, now: float | None = None) -> float | None:
    """Return the seconds to wait that ``Retry-After`` (seconds or an HTTP date) or
    ``retry-after-ms`` asks for; None where there is none or it cannot be read."""
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
        except OverflowError:
            wait = float("inf")
    if wait is None or wait != wait:
        return None
    return max(wait, 0.0)


def backoff(first: float, retry: int, draw: random.Random) -> float:
    """Return the seconds before retry number ``retry`` (from 0): ``first``, four times as long each
    time, at most 60, of which a random half to whole is taken so that workers do not march in step.

    Most failures are gone at once, and a run's last requests should not wait for long; a server that
    starts again, or counts by the minute, needs a minute, which six retries from 0.1 s last."""
    return min(first * 4.0 ** min(retry, 60), LONGEST_BACKOFF) * draw.uniform(0.5, 1.0)

"""What a situation is: what a server does, and what is expected of the client then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tests.faulty_server import Asked, Reply, answer

TEXT = "No. Reasoning: nothing is said of it."
ANSWER = answer(TEXT, usage=(10, 5), model="m")
"""What every other request is answered with."""
ANSWER_COST = 0.02
"""US dollars, at the prices below."""

ELSEWHERE = "http://elsewhere.invalid"
"""In headers of a reply: where another server listens."""
KEY = "<<the key>>"
"""In bodies and headers of a reply: the key that was sent, which the server repeats."""
HEADER_KEY = "<<the key in a header>>"
"""The same of what was sent as ``api-key``."""

WORK = 10.0
"""Seconds beyond those waited that a run may take, on a machine with much else to do."""

ARGUMENTS = {
    "retries": "2",
    "backoff": "0.02",
    "timeout": "10",
    "concurrency": "1",
    "price_prompt": "1000",
    "price_completion": "2000",
}

Kind = Literal[
    "passing", "rate", "quota", "parameter", "content", "too_long", "request", "key", "denied",
    "not_found", "redirect", "foreign", "ill_formed", "too_large", "unreachable", "answer",
]  # fmt: skip

Shown = Literal["once", "always", "row", "later"]
"""Which requests meet the fault: the first, all, those of the second row, all after two answers."""


@dataclass(frozen=True)
class Expected:
    """What is to come of a situation.

    Of the rows, ``answered`` hold ``text``, ``failed`` an error with ``error`` in it, ``filtered``
    the finish reason ``content_filter`` and no error. ``stops``: the run ends with a HarnessError that
    holds this text; then ``failed`` is the most there may be. At most ``sent`` requests reach the
    server. ``seconds`` are waited, for what the server asks and for time-outs; to these come those of
    work, at most ``WORK``. ``paid`` answers are paid for as the server counts them (None: those
    answered), ``assumed`` attempts are counted as the most they can have cost. ``last_body`` must hold
    of the last request's body, and ``note`` be part of a note.
    """

    kind: Kind
    happens: str
    sent: int
    answered: int = 0
    text: str = TEXT
    failed: int = 0
    error: str = ""
    filtered: int = 0
    stops: str = ""
    seconds: float = 0.0
    paid: int | None = None
    assumed: int = 0
    last_body: Callable[[Mapping[str, Any]], bool] | None = None
    note: str = ""


@dataclass(frozen=True)
class Situation:
    """One thing that servers do.

    ``known_from`` names servers that do it, ``source`` where that is told; ``told`` is one sentence
    about it. Requests meet ``fault`` as ``shown`` says, except those that are ``taken``, and ``good``
    otherwise. ``arguments`` are added to those of all situations.
    """

    name: str
    known_from: str
    told: str
    source: str
    fault: Reply
    expected: Expected
    shown: Shown = "once"
    taken: Callable[[Asked], bool] | None = None
    good: Reply = ANSWER
    arguments: tuple[str, ...] = ()
    rows: int = 4
    system: str = ""
    path: str = "/v1"


def page(status: int, title: str) -> Reply:
    """A page for people, as a proxy in front of a server sends it."""
    text = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>"
    return Reply(status, body=text.encode(), content_type="text/html; charset=utf-8")


def error(status: int, body: Any, **headers: str) -> Reply:
    """A body with a status; headers with underscores for hyphens."""
    return Reply(
        status, body=body, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )

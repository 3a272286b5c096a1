"""Runs a situation against a real server on loopback, and tells what came of it."""

from __future__ import annotations

import base64
import contextlib
import json
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from imhi._core.budget import Budget
from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.records import Request, Response, as_row
from imhi._core.registry import Registry
from imhi._core.settings import Generation
from tests.event_streams import EVENT_STREAM
from tests.faulty_server import Asked, FaultyServer, Reply
from tests.openai_asking import Asker
from tests.plugins.models.openai_api.situations.situation import (
    ARGUMENTS,
    ELSEWHERE,
    HEADER_KEY,
    KEY,
    Situation,
)

PLANTED = "Zr8vKq2LmT9xWb4NsY6cHd1PfG7jQe5UaXo3"
"""The key: of no form that keys usually have."""
SECOND = "mB5zRt9KwX2cVn7LqJ4dHs8GyF1pAe6TuEo0"
"""What stands in the variable SECOND_KEY."""
MARKED = "Quillfeather ladders sank beside the vermilion orchard clock"
"""What every post says."""
MAX_TOKENS = 32
_WINDOW = 12


def posts(count: int) -> list[Request]:
    """Requests about posts that differ in a number of two digits."""
    return [
        Request(
            str(i), "DR", f'"{MARKED} {i:02d}." Is it sad?', f"hash{i}", f"{MARKED} {i:02d}.", ""
        )
        for i in range(count)
    ]


def most_cost(situation: Situation) -> float:
    """What an attempt can cost at most, in US dollars."""
    tokens = len(posts(1)[0].prompt) + len(situation.system) + 64
    return 0.001 * tokens + 0.002 * MAX_TOKENS


@dataclass
class Seen:
    """What came of a run. ``written`` is all that was told to anyone but the server; ``elsewhere``
    is what reached a server that was never named; ``booked`` is in US dollars."""

    responses: list[Response]
    stopped: str
    asked: list[Asked]
    elsewhere: list[Asked]
    notes: list[str]
    described: dict[str, Any]
    booked: float
    seconds: float
    written: list[str] = field(default_factory=list)


def run(
    situation: Situation, families: Registry, echo: Callable[[Asked], str] | None = None
) -> Seen:
    """Ask the rows of a situation. The key is expected in OPENAI_API_KEY.

    Args:
        echo: what the server puts into everything that is not an answer.
    """
    asker = Asker(families)
    generation = Generation(max_new_tokens=MAX_TOKENS, system=situation.system)
    context = asker.context(generation, budget=Budget())
    arguments = {**ARGUMENTS, **dict(pair.split("=", 1) for pair in situation.arguments)}
    text = ",".join(f"{name}={value}" for name, value in arguments.items())
    with FaultyServer() as elsewhere:
        script = _script(situation, elsewhere.root, echo)
        with FaultyServer(script, paths=None) as server:
            model = asker.model(server.root + situation.path, text, context)
            seen = _ask(model, context, situation.rows)
            asked = list(server.asked)
        seen.elsewhere = list(elsewhere.asked)
    seen.stopped = seen.stopped.replace(elsewhere.root, ELSEWHERE)
    seen.asked = asked
    return seen


def _ask(model: Any, context: Context, rows: int) -> Seen:
    responses: list[Response] = []
    stopped = ""
    errors: list[BaseException] = []
    began = time.monotonic()
    try:
        with _deadline(30):
            for response in model.generate(posts(rows)):
                responses.append(response)
    except HarnessError as error:
        stopped = str(error)
        errors = list(_chain(error))
    seconds = time.monotonic() - began
    described = dict(model.describe())
    written = [json.dumps(as_row(one)) for one in responses]
    written += [f"{error} {error!r}" for error in errors]
    written += [json.dumps(described, default=str), repr(model), *context.notes]
    spent = context.budget.spent
    return Seen(responses, stopped, [], [], list(context.notes), described, spent, seconds, written)


@contextlib.contextmanager
def _deadline(seconds: int) -> Iterator[None]:
    """Raise TimeoutError where it takes longer: a client that waits for hours fails its test."""

    def ring(*_: object) -> None:
        raise TimeoutError(f"still asking after {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _script(
    situation: Situation, elsewhere: str, echo: Callable[[Asked], str] | None
) -> Callable[[Asked], Reply]:
    answered: list[Asked] = []

    def meets_the_fault(asked: Asked) -> bool:
        if situation.taken is not None and situation.taken(asked):
            return False
        return {
            "once": asked.index == 0,
            "always": True,
            "row": f"{MARKED} 01" in asked.prompt,
            "later": len(answered) >= 2,
        }[situation.shown]

    def script(asked: Asked) -> Reply:
        if not meets_the_fault(asked):
            answered.append(asked)
            return situation.good
        reply = _with_key(situation.fault, asked, elsewhere)
        return (
            reply if echo is None or reply.text is not None else echoing(reply, echo(asked), asked)
        )

    return script


def sent_key(asked: Asked) -> str:
    return asked.headers.get("authorization", "").removeprefix("Bearer ")


def _with_key(reply: Reply, asked: Asked, elsewhere: str) -> Reply:
    def filled(value: Any) -> Any:
        if isinstance(value, str):
            value = value.replace(HEADER_KEY, asked.headers.get("api-key", ""))
            return value.replace(KEY, sent_key(asked)).replace(ELSEWHERE, elsewhere)
        if isinstance(value, dict):
            return {name: filled(one) for name, one in value.items()}
        return [filled(one) for one in value] if isinstance(value, list) else value

    return replace(reply, text=filled(reply.text), body=filled(reply.body),
                   headers=filled(dict(reply.headers)))  # fmt: skip


def echoing(reply: Reply, told: str, asked: Asked) -> Reply:
    """The same reply, which repeats something in all its sentences and the request beside them."""
    sentences = ("message", "error", "detail", "msg", "description", "flagged_input", "raw")

    def repeated(value: Any, name: str = "") -> Any:
        if isinstance(value, str):
            return f"{value} {told}" if name in sentences else value
        if isinstance(value, dict):
            return {key: repeated(one, key) for key, one in value.items()}
        return [repeated(one, name) for one in value] if isinstance(value, list) else value

    body = reply.body
    if isinstance(body, dict) and "choices" not in body:
        body = {**repeated(body), "request": dict(asked.body), "headers": dict(asked.headers)}
    elif isinstance(body, list):
        body = repeated(body)
    elif isinstance(body, bytes) and reply.content_type == EVENT_STREAM:
        body = body.replace(b'"message": "', b'"message": "' + told.encode() + b" ")
    elif isinstance(body, bytes) and reply.content_type.startswith("text/html"):
        body = body.replace(b"</title>", f" {told}</title>".encode())
    headers = {"X-Echo": told.encode("ascii", "replace").decode(), **reply.headers}
    return replace(reply, body=body, headers=headers)


def disguises(secret: str) -> list[str]:
    """A secret as servers repeat it: whole, in part, packed, backwards."""
    half = len(secret) // 2
    return [secret, secret[-half:], base64.b64encode(secret.encode()).decode(), secret[::-1],
            f"...{secret[half - 10 : half + 10]}..."]  # fmt: skip


def leaked(secret: str, written: str) -> list[str]:
    """Return what of a secret stands in a text: any 12 characters of it, of it packed as base64 (at
    any offset), or of it backwards."""
    forms = [secret, secret[::-1]]
    for offset in range(3):
        packed = base64.b64encode(b" " * offset + secret.encode()).decode().rstrip("=")
        forms.append(packed[4:-1])  # whole groups of three characters of the secret
    windows = {form[i : i + _WINDOW] for form in forms for i in range(len(form) - _WINDOW + 1)}
    return sorted(window for window in windows if window in written)

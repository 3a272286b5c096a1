"""One reading of what servers say when they do not answer: status, headers and a body of any shape
become one :class:`Failure`. What their words mean is in ``server_errors.yaml``."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote_plus

from imhi.plugins.models.openai_api.error_bodies import ErrorBody, read_body
from imhi.plugins.models.openai_api.failures import Failure, Kind, retry_after

TABLE = Path(__file__).with_name("server_errors.yaml")

_PASSING = frozenset({408, 409, 425})
_DENIED = frozenset({403, 407})
_NOT_FOUND = frozenset({404, 405, 410, 501})
_ADVICE: Mapping[Kind, str] = {
    "key": "the server refuses {variable}",
    "quota": "nothing more is to be had from this account for now (credit, or a quota of its own)",
    "denied": "access is denied to {variable}",
    "not_found": "no such model or address; check the model's name, api= and base_url= (it usually "
    "ends in /v1)",
}


@functools.cache
def _table() -> dict[str, Any]:
    import yaml

    table: dict[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return table


def kind_of_code(code: str) -> Kind | None:
    """Return what a server's own name for a failure means; None for one that is not in the table."""
    return _codes().get(code.lower())


@functools.cache
def _codes() -> dict[str, Kind]:
    return {code: cast(Kind, kind) for kind, codes in _table()["codes"].items() for code in codes}


@functools.cache
def _sentences() -> tuple[tuple[Kind, re.Pattern[str]], ...]:
    return tuple(
        (cast(Kind, kind), re.compile("|".join(words), re.IGNORECASE))
        for kind, words in _table()["sentences"].items()
    )


def read_error(
    status: int,
    headers: Mapping[str, str],
    body: object,
    *,
    variable: str = "the key",
    longest_wait: float = 120.0,
) -> Failure:
    """Return what an answer that is none means.

    Args:
        status: the HTTP status, 300 or above.
        headers: by lower-case names.
        body: parsed JSON, or the text.
        variable: what the key is called in messages, and what to do about it.
        longest_wait: seconds; a server that asks for a longer wait is not waited for.
    """
    told = read_body(body)
    message = f"HTTP {status}: {told.sentence}" if told.sentence else f"HTTP {status}"
    wait = retry_after(headers)
    wait = told.wait if wait is None else wait
    codes = frozenset(told.codes)
    if 300 <= status < 400:
        return _redirect(status, headers)
    kind = _kind(status, told)
    if status == 402 and wait is not None:
        kind = (
            "rate"  # Money that is only set aside for requests under way (OpenRouter) comes back.
        )
    if kind in ("rate", "passing") and wait is not None and wait > longest_wait:
        asks = f"the server asks to wait {_duration(wait)} ({message}), longer than longest_wait"
        return Failure(
            "quota", f"{asks}={longest_wait:g}: run the same command again then", codes=codes
        )
    if kind == "quota" and told.day_quota:
        asks = f"the quota of the day is used up ({message}); run the same command again tomorrow"
        return Failure("quota", asks, codes=codes)
    if kind == "too_long":
        message = f"the prompt does not fit the model's window ({message})"
    if kind in _ADVICE:
        message = f"{_ADVICE[kind].format(variable=variable)} ({message})"
    named = tuple(dict.fromkeys(told.parameters)) if kind == "parameter" else ()
    return Failure(kind, message, wait, parameters=named, codes=codes)


def _kind(status: int, told: ErrorBody) -> Kind:
    if told.day_quota:
        return "quota"
    if told.flagged:
        return "content"
    known = _codes()
    kinds = {known[code] for code in told.codes if code in known}
    for kind in ("quota", "key", "content", "too_long", "not_found"):
        # The table's words are for refusals: what a broken server says of its own inside is passing.
        if kind in kinds and status < 500:
            return cast(Kind, kind)
    if status == 401:
        return "key"
    if status == 402:
        return "quota"
    if status == 429:
        return "rate"
    if status in _PASSING or (status >= 500 and status not in _NOT_FOUND):
        return "passing"
    if status == 413:
        return "too_long"
    if status in _NOT_FOUND:
        return "not_found"
    for kind, words in _sentences():
        if words.search(told.sentence):
            return kind
    if status in _DENIED:
        return "denied"
    return "parameter" if status in (400, 422) and _refuses(told) else "request"


def _refuses(told: ErrorBody) -> bool:
    """Return whether parameters are named and said to be refused, not only to be out of range."""
    if not told.parameters:
        return False
    table = _table()
    if told.codes & set(table["refused_parameter"]):
        return True
    specific = told.codes - set(table["unspecific"])
    return not any(re.search(table["wrong_value"], code) for code in specific)


def error_under_success(
    body: object, *, variable: str = "the key", longest_wait: float = 120.0
) -> Failure:
    """Return what a body with an error means that came with status 200: as the status it names, or
    as one that its codes imply; else it is no answer of this interface."""
    told = read_body(body)
    kind = next((_codes()[code] for code in told.codes if code in _codes()), None)
    if told.status is not None or kind is not None or told.day_quota:
        status = told.status or {"passing": 503, "rate": 429}.get(str(kind), 400)
        return read_error(status, {}, body, variable=variable, longest_wait=longest_wait)
    text = "the server sent an error as an answer"
    return Failure("foreign", f"{text}: {told.sentence}" if told.sentence else text)


def _redirect(status: int, headers: Mapping[str, str]) -> Failure:
    # What follows the path may be a secret of a sign-in page, and what stands in it a post.
    place = unquote_plus(re.split(r"[?#]", headers.get("location", ""), maxsplit=1)[0][:600])
    base = re.sub(r"/(?:chat/completions|completions|files|batches|models)(?:/.*)?$", "", place)
    advice = f"; if that is the right server, give base_url={base}" if "://" in base else ""
    return Failure(
        "redirect",
        f"HTTP {status}: the server redirects to {place or 'an address it does not name'}, and posts are "
        f"sent to no other address than the one named{advice}",
    )


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"

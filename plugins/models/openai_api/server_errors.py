"""One reading of what servers say when they do not answer: status, headers and a body of any shape
become one :class:`Failure`. What their words mean is in ``server_errors.yaml``."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from imhi.plugins.models.openai_api.failures import Failure, Kind, retry_after

TABLE = Path(__file__).with_name("server_errors.yaml")
LONGEST_SENTENCE = 600
"""Characters of a server's sentence that are looked at."""

_PASSING = frozenset({408, 409, 425})
_DENIED = frozenset({403, 407})
_NOT_FOUND = frozenset({404, 405, 410, 501})
_ADVICE: Mapping[Kind, str] = {
    "key": "the server refuses the key in {variable}; check it",
    "quota": "nothing more is to be had from this account for now (credit, or a quota of its own)",
    "denied": "access is denied; check what the key in {variable} may use",
    "not_found": "no such model or address; check the model's name, api= and base_url= (it usually "
    "ends in /v1)",
}
_TAG = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)
# Google names what it does not know in a sentence of its own type of detail, in this form alone.
_UNKNOWN_NAME = re.compile(
    r'[^"]*\bUnknown name \\?"(\w+)\\?"(?: at \'[^\']*\')?: Cannot find field\.?'
)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


@dataclass
class _Told:
    """What a body says: its sentence, what the failure is called, which status and parameters it
    names, how long to wait (seconds), and whether a quota of a day is used up."""

    sentence: str = ""
    codes: set[str] = field(default_factory=set)
    status: int | None = None
    parameters: list[str] = field(default_factory=list)
    wait: float | None = None
    day_quota: bool = False
    flagged: bool = False


@functools.cache
def _table() -> dict[str, Any]:
    import yaml

    table: dict[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return table


@functools.cache
def _kind_of_code() -> dict[str, Kind]:
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
    variable: str = "OPENAI_API_KEY",
    longest_wait: float = 120.0,
) -> Failure:
    """Return what an answer that is none means.

    Args:
        status: the HTTP status, 300 or above.
        headers: by lower-case names.
        body: parsed JSON, or the text.
        variable: where the key came from, for the message.
        longest_wait: seconds; a server that asks for a longer wait is not waited for.
    """
    told = _tell(body)
    message = f"HTTP {status}: {told.sentence}" if told.sentence else f"HTTP {status}"
    wait = retry_after(headers)
    wait = told.wait if wait is None else wait
    codes = frozenset(told.codes)
    if 300 <= status < 400:
        return _redirect(status, headers)
    kind = _kind(status, told)
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


def _kind(status: int, told: _Told) -> Kind:
    if told.day_quota:
        return "quota"
    if told.flagged:
        return "content"
    known = _kind_of_code()
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


def _refuses(told: _Told) -> bool:
    """Return whether parameters are named and said to be refused, not only to be out of range."""
    if not told.parameters:
        return False
    table = _table()
    if told.codes & set(table["refused_parameter"]):
        return True
    specific = told.codes - set(table["unspecific"])
    return not any(re.search(table["wrong_value"], code) for code in specific)


def error_under_success(
    body: object, *, variable: str = "OPENAI_API_KEY", longest_wait: float = 120.0
) -> Failure:
    """Return what a body with an error means that came with status 200: as the status it names, or
    as one that its codes imply; else it is no answer of this interface."""
    told = _tell(body)
    kind = next((_kind_of_code()[code] for code in told.codes if code in _kind_of_code()), None)
    if told.status is not None or kind is not None or told.day_quota:
        status = told.status or {"passing": 503, "rate": 429}.get(str(kind), 400)
        return read_error(status, {}, body, variable=variable, longest_wait=longest_wait)
    text = "the server sent an error as an answer"
    return Failure("foreign", f"{text}: {told.sentence}" if told.sentence else text)


def _redirect(status: int, headers: Mapping[str, str]) -> Failure:
    place = headers.get("location", "")
    # What follows the path may be a secret of a sign-in page.
    place = re.split(r"[?#]", place, maxsplit=1)[0][:200] or "an address it does not name"
    return Failure(
        "redirect",
        f"HTTP {status}: the server redirects to {place}, and posts are sent to no other address than "
        "the one named; if it is the right one, give it as base_url=",
    )


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


# --- bodies of any shape ---------------------------------------------------------------------------


def _tell(body: object) -> _Told:
    told = _Told()
    if isinstance(body, str):
        body = _parsed(body)
    if isinstance(body, list):  # Gemini's interface for OpenAI's clients
        body = next((one for one in body if isinstance(one, Mapping)), "")
    if isinstance(body, str):
        told.sentence = _plain_sentence(body)
        return told
    if not isinstance(body, Mapping):
        return told
    inner = body.get("error")
    if isinstance(inner, list):
        inner = next((one for one in inner if isinstance(one, Mapping | str)), None)
    if isinstance(inner, str) and inner.lstrip()[:1] == "{":  # JSON within JSON, of a gateway
        inner = _parsed(inner)
        within = inner.get("error") if isinstance(inner, Mapping) else None
        inner = within if isinstance(within, Mapping | str) else inner
    parts = [part for part in (inner, body) if isinstance(part, Mapping)]
    for part in parts:
        _read_codes(part, told)
    for part in parts:
        for name in ("details", "detail", "errors"):
            if isinstance(part.get(name), list):
                for one in part[name]:
                    _read_detail(one, told)
    sentences = ([inner] if isinstance(inner, str) else []) + [
        text for part in parts if (text := _sentence(part))
    ]
    told.sentence = _shortened(sentences[0]) if sentences else ""
    return told


def _read_codes(part: Mapping[str, object], told: _Told) -> None:
    for name in ("code", "type", "status", "reason", "error_type", "status_code"):
        value = part.get(name)
        if isinstance(value, str) and value:
            told.codes.add(value.lower())
            value = int(value) if value.isdigit() and len(value) == 3 else value
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
            told.status = told.status or value
    param = part.get("param")
    if isinstance(param, str) and param:
        told.parameters.append(param)
    further = part.get("innererror"), part.get("metadata")
    for one in further:
        if isinstance(one, Mapping):
            told.codes |= {
                str(one[name]).lower() for name in ("code", "error_type") if one.get(name)
            }
            told.flagged = told.flagged or "flagged_input" in one


def _read_detail(one: object, told: _Told) -> None:
    """Read one detail: pydantic's (``loc``, ``type``) or Google's (BadRequest, ErrorInfo,
    QuotaFailure, RetryInfo). What a server repeats of its input is left alone."""
    if not isinstance(one, Mapping):
        return
    for name in ("reason", "type"):
        if isinstance(one.get(name), str):
            told.codes.add(str(one[name]).lower())
    where = one.get("loc")
    if isinstance(where, list):
        names = [str(part) for part in where if part not in ("body", "query")]
        if names:
            told.parameters.append(".".join(names))
    for violation in _mappings(one.get("fieldViolations")):
        named, described = violation.get("field"), violation.get("description")
        unknown = _UNKNOWN_NAME.fullmatch(described) if isinstance(described, str) else None
        if unknown:
            told.codes.add("unknown_name")
            told.parameters.append(unknown.group(1))
        elif isinstance(named, str) and named:
            told.parameters.append(named)
    for violation in _mappings(one.get("violations")):
        told.day_quota = told.day_quota or "PerDay" in str(violation.get("quotaId"))
    delay = _SECONDS.fullmatch(str(one.get("retryDelay")))
    if delay:
        told.wait = float(delay.group(1))


def _mappings(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, Mapping))


def _sentence(part: Mapping[str, object]) -> str:
    for name in ("message", "detail", "error_description", "msg", "title", "errors", "reason"):
        if text := _words(part.get(name)):
            return text
    return ""


def _words(value: object) -> str:
    """Return what a field says to people; of pydantic's list where and what, not the input."""
    if isinstance(value, str):
        inner = _parsed(value) if value.lstrip()[:1] == "{" else None
        if isinstance(inner, Mapping):
            return _tell(inner).sentence
        return value
    if isinstance(value, Mapping):
        return _sentence(value)
    texts = []
    for one in value if isinstance(value, list) else ():
        if isinstance(one, Mapping):
            where = one.get("loc")
            place = ".".join(map(str, where)) if isinstance(where, list) else ""
            said = one.get("msg") or one.get("message") or one.get("type") or ""
            texts.append(": ".join(filter(None, (place, str(said)))))
        elif isinstance(one, str):
            texts.append(one)
    return "; ".join(filter(None, texts[:3]))


def _plain_sentence(text: str) -> str:
    """Return the first words of a text that is no JSON; of a page its title."""
    if "<" in text and (title := _TITLE.search(text)) is not None:
        return _shortened(f"a page titled '{' '.join(title.group(1).split())}'")
    return _shortened(_TAG.sub(" ", text[: 20 * LONGEST_SENTENCE]))


def _shortened(text: str) -> str:
    return " ".join(text[: 4 * LONGEST_SENTENCE].split())[:LONGEST_SENTENCE]


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text

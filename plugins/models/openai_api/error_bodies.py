"""What the body of an error says, whatever its shape: JSON of many forms, a page, a plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

LONGEST_SENTENCE = 600
"""Characters of a server's sentence that are looked at."""

_TAG = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)
# Google names what it does not know in a sentence of its own type of detail, in this form alone.
_UNKNOWN_NAME = re.compile(
    r'[^"]*\bUnknown name \\?"(\w+)\\?"(?: at \'[^\']*\')?: Cannot find field\.?'
)
_DEEPEST = 5
_MOST = 20
"""Levels and entries of what a server says that are looked at."""
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


@dataclass
class ErrorBody:
    """What a body says: its sentence, what the failure is called, which status and parameters it
    names, how long to wait (seconds), and whether a quota of a day is used up."""

    sentence: str = ""
    codes: set[str] = field(default_factory=set)
    status: int | None = None
    parameters: list[str] = field(default_factory=list)
    wait: float | None = None
    day_quota: bool = False
    flagged: bool = False


def read_body(body: object) -> ErrorBody:
    """Read parsed JSON or a text; what says nothing leaves everything empty."""
    told = ErrorBody()
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
    outer = [part for part in (inner, body) if isinstance(part, Mapping)]
    further = [one for part in outer for one in _further(part)]
    for part in (*outer, *further):
        _read_codes(part, told)
    for part in (*outer, *further):
        for name in ("details", "detail", "errors"):
            if isinstance(part.get(name), list):
                for one in part[name][:_MOST]:
                    _read_detail(one, told)
    sentences = ([inner] if isinstance(inner, str) else []) + [
        text for part in (*further, *outer) if (text := _sentence(part))
    ]
    told.sentence = _shortened(sentences[0]) if sentences else ""
    return told


def _further(part: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Yield what stands within an error: details in the place of a message (Mistral), and what the
    provider behind a gateway said (OpenRouter: metadata.raw, LiteLLM: provider_specific_fields)."""
    metadata = part.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, Mapping) else None
    raw = _parsed(raw) if isinstance(raw, str) and raw.lstrip()[:1] == "{" else raw
    # A message that is a text is a sentence, even where it looks like JSON: it may repeat a prompt.
    for value in (raw, part.get("provider_specific_fields"), part.get("message")):
        if isinstance(value, Mapping):
            error = value.get("error")
            yield error if isinstance(error, Mapping) else value


def _read_codes(part: Mapping[str, object], told: ErrorBody) -> None:
    for name in ("code", "type", "status", "reason", "error_type", "status_code"):
        value = part.get(name)
        if isinstance(value, str) and value:
            told.codes.add(value.lower())
            value = int(value) if re.fullmatch(r"[45]\d\d", value, re.ASCII) else value
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


def _read_detail(one: object, told: ErrorBody) -> None:
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


def _sentence(part: Mapping[str, object], depth: int = 0) -> str:
    for name in ("message", "detail", "error_description", "msg", "title", "errors", "reason"):
        if text := _words(part.get(name), depth + 1):
            return text
    return ""


def _words(value: object, depth: int) -> str:
    """Return what a field says to people; of pydantic's list where and what, not the input."""
    if isinstance(value, str):
        inner = _parsed(value) if value.lstrip()[:1] == "{" else None
        if isinstance(inner, Mapping):
            return read_body(inner).sentence
        return value
    if isinstance(value, Mapping):
        return _sentence(value, depth) if depth < _DEEPEST else ""
    texts = []
    for one in value[:_MOST] if isinstance(value, list) else ():
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
    text = text[: 20 * LONGEST_SENTENCE]
    if "<" in text and (title := _TITLE.search(text)) is not None:
        return _shortened(f"a page titled '{' '.join(title.group(1).split())}'")
    return _shortened(_TAG.sub(" ", text))


def _shortened(text: str) -> str:
    return " ".join(text[: 4 * LONGEST_SENTENCE].split())[:LONGEST_SENTENCE]


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text

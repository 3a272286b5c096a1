"""What ``openai:`` takes, and how it is read. A parser raises ValueError with what it expected."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from imhi import Argument, HarnessError

# What a query may hold that is no secret: Azure's version of its interface.
_PUBLIC_QUERY = ("api-version",)
# How names of keys end; what is written in a model's name is stored with the run.
_SECRET = frozenset(
    {"key", "apikey", "token", "secret", "password", "passwd", "pass", "credential", "credentials"}
    | {"authorization", "auth", "cookie", "sig", "signature"}
)
# What a request is made of, or how many answers it has.
_OURS = frozenset(
    {
        "model",
        "messages",
        "prompt",
        "n",
        "best_of",
        "num_return_sequences",
        "stream",
        "stream_options",
    }
)
# What settings of the run decide; each may be left out (null).
_SETTINGS: Mapping[str, str] = {
    "temperature": "--temperature",
    "top_p": "--top-p",
    "max_tokens": "--max-new-tokens",
    "max_completion_tokens": "--max-new-tokens",
    "stop": "--stop",
    "seed": "--seed",
}
_DEEPEST = 20
"""Names in the path of a field."""


def parse_base_url(text: str) -> str:
    """Return the URL without a trailing slash.

    Raises:
        HarnessError: it holds credentials or a query; the message leaves the URL out, since
            model names are shown and stored.
        ValueError: not an http(s) URL.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("expected a URL such as http://127.0.0.1:8000/v1") from None
    if parts.username is not None or parts.password is not None:
        raise HarnessError(
            "openai: base_url holds a user name or password, which would be stored with the run: "
            "leave it out and give the key in an environment variable (key_env=NAME)"
        )
    public = all(name in _PUBLIC_QUERY for name, _ in parse_qsl(parts.query, True))
    if parts.fragment or (parts.query and not public):
        raise HarnessError(
            "openai: base_url holds a query or fragment ('?' or '#'), which may be a secret and "
            "would be stored with the run: expected scheme, host, port and path (and api-version); "
            "write query.NAME=VALUE for what is no secret"
        )
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("expected a URL such as http://127.0.0.1:8000/v1")
    path = parts.path.rstrip("/")
    if path.endswith("/completions"):
        raise ValueError(
            "expected the address without /chat/completions or /completions at its end"
        )
    return f"{parts.scheme}://{parts.netloc}{path}" + (f"?{parts.query}" if parts.query else "")


def parse_variable(text: str) -> str:
    """Return the name of an environment variable.

    Raises:
        HarnessError: not a name; the text is not repeated, since it may be the key itself.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) or text.startswith("sk_"):
        raise HarnessError(
            "key_env= or header.NAME= is not the name of an environment variable (letters, digits, "
            "underscores); give the name, never the key"
        )
    return text


def _number(text: str) -> float:
    """Return a finite number; -1 for any other text."""
    try:
        value = float(text)
    except ValueError:
        return -1.0
    return value if math.isfinite(value) else -1.0


def parse_seconds(text: str) -> float:
    """Parse seconds above 0."""
    if (value := _number(text)) <= 0:
        raise ValueError("expected seconds above 0")
    return value


def parse_price(text: str) -> float:
    """Parse US dollars per million tokens, 0 or more."""
    if (value := _number(text)) < 0:
        raise ValueError("expected US dollars per million tokens, 0 or more")
    return value


def parse_retries(text: str) -> int:
    """Parse a whole number, 0 or more."""
    if not text.isdigit():
        raise ValueError("expected a whole number, 0 or more")
    return int(text)


def parse_query(text: str) -> str:
    """Return a value of a query as it is."""
    if not text:
        raise ValueError("expected a value")
    return text


def check_fields(name: str, body: Mapping[str, Any], query: Mapping[str, str]) -> None:
    """Refuse fields that would store a secret, set what the run sets, or contradict each other.

    Raises:
        HarnessError: with the way to say it instead.
    """
    for group, given in (("body", body), ("query", query)):
        for path, value in given.items():
            if any(map(_is_secret, (path, *_names(value)))):
                raise HarnessError(
                    f"openai: {group}.{path}= would store a secret with the run: set an environment "
                    "variable and name it with key_env=NAME or header.NAME=VARIABLE"
                )
    for path, value in body.items():
        head, *inner = path.split(".")
        if head in _OURS:
            raise HarnessError(
                f"{name}: body.{path}= is what the harness writes itself; expected further fields, such "
                "as body.reasoning_effort=low (stream=true asks for a stream)"
            )
        if head in _SETTINGS and (inner or value is not None):
            raise HarnessError(
                f"{name}: body.{path}= is a setting of the run: use {_SETTINGS[head]} (or "
                f"body.{head}=null to leave it out)"
            )
        outer = next((other for other in body if path.startswith(f"{other}.")), None)
        if outer is not None or len(inner) >= _DEEPEST:
            raise HarnessError(
                f"{name}: body.{path[:80]}= and body.{outer}= contradict each other: write one of them"
                if outer
                else f"{name}: body.{path[:80]}...: expected at most {_DEEPEST} names in a path"
            )


def _is_secret(path: str) -> bool:
    return re.split(r"[-_.]", path.lower())[-1] in _SECRET


def _names(value: object) -> Iterator[str]:
    """Yield the names within a JSON value."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)


# What changes how a server is asked, but not what it answers.
_way_of_asking = partial(Argument.field, changes_answers=False)


@dataclass(frozen=True)
class OpenAIArguments:
    """The arguments of one model."""

    base_url: str | None = Argument.field(
        None, "server, usually ending in /v1; default api.openai.com", parse_base_url
    )
    api: str = Argument.field(
        "chat",
        "chat (the server applies its chat template) or completions (bare prompt)",
        Argument.choice("chat", "completions"),
    )
    key_env: str = _way_of_asking(
        "OPENAI_API_KEY", "environment variable that holds the key", parse_variable
    )
    mode: str = _way_of_asking(
        "live",
        "live (requests one by one) or batch (the Batch API: half price, answers within 24 h)",
        Argument.choice("live", "batch"),
    )
    timeout: float = _way_of_asking(60.0, "seconds one attempt may take", parse_seconds)
    concurrency: int = _way_of_asking(16, "requests in flight at most", Argument.count)
    retries: int = _way_of_asking(
        6,
        "times a request is sent again after 408, 409, 425, 429, 5xx (but 501), a timeout or a lost "
        "connection (after an ill-formed answer twice at most)",
        parse_retries,
    )
    backoff: float = _way_of_asking(
        0.1,
        "seconds before the first retry; four times as long each time, at most 60",
        parse_seconds,
    )
    longest_wait: float = _way_of_asking(
        120.0, "seconds a server may ask to wait (Retry-After) before the run stops", parse_seconds
    )
    max_bytes: int = _way_of_asking(
        16_000_000, "bytes an answer may have, unpacked", Argument.count
    )
    stream: bool = _way_of_asking(
        False,
        "let answers come in pieces: for servers that know no other way, and proxies with short limits",
        Argument.flag,
    )
    system: str = Argument.field(
        "role",
        "role (the system prompt in a message of its own) or folded (at the head of the user's)",
        Argument.choice("role", "folded"),
        added_later=True,
    )
    body: Mapping[str, Any] = Argument.group_field(
        "a further field of each request, dotted for fields within: body.reasoning_effort=low, "
        "body.chat_template_kwargs.enable_thinking=false; null leaves out one of ours",
        Argument.json_value,
    )
    query: Mapping[str, str] = Argument.group_field(
        "a parameter of the address: query.api-version=2024-10-21", parse_query
    )
    header: Mapping[str, str] = Argument.group_field(
        "a header, whose value is in the environment variable named: header.api-key=AZURE_KEY",
        parse_variable,
        changes_answers=False,
    )
    max_requests_per_minute: int | None = _way_of_asking(
        None, "requests sent per minute at most", Argument.count
    )
    poll: float = _way_of_asking(
        60.0, "mode=batch: seconds between two looks at a batch", parse_seconds
    )
    batch_requests: int = _way_of_asking(
        50_000, "mode=batch: requests in one batch at most", Argument.count
    )
    batch_bytes: int = _way_of_asking(
        200_000_000, "mode=batch: bytes in the file of one batch at most", Argument.count
    )
    price_prompt: float | None = _way_of_asking(
        None, "US dollars per million prompt tokens", parse_price
    )
    price_completion: float | None = _way_of_asking(
        None, "US dollars per million completion tokens", parse_price
    )

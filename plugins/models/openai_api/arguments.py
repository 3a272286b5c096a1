"""How the arguments of ``openai:`` are read. A parser raises ValueError with what it expected."""

from __future__ import annotations

import math
import re
from urllib.parse import urlsplit

from imhi import HarnessError


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
    if parts.query or parts.fragment:
        raise HarnessError(
            "openai: base_url holds a query or fragment ('?' or '#'), which may be a secret and "
            "would be stored with the run: expected scheme, host, port and path only"
        )
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("expected a URL such as http://127.0.0.1:8000/v1")
    return text.rstrip("/")


def parse_api(text: str) -> str:
    if text not in ("chat", "completions"):
        raise ValueError("expected chat or completions")
    return text


def parse_mode(text: str) -> str:
    if text not in ("live", "batch"):
        raise ValueError("expected live or batch")
    return text


def parse_variable(text: str) -> str:
    """Return the name of an environment variable.

    Raises:
        HarnessError: not a name; the text is not repeated, since it may be the key itself.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) or text.startswith("sk_"):
        raise HarnessError(
            "openai: key_env is not the name of an environment variable (letters, digits, "
            "underscores); give the name, never the key"
        )
    return text


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError
    return value


def parse_seconds(text: str) -> float:
    """Parse seconds above 0."""
    try:
        value = _number(text)
    except ValueError:
        value = 0.0
    if value <= 0:
        raise ValueError("expected seconds above 0")
    return value


def parse_price(text: str) -> float:
    """Parse US dollars per million tokens, 0 or more."""
    try:
        value = _number(text)
    except ValueError:
        value = -1.0
    if value < 0:
        raise ValueError("expected US dollars per million tokens, 0 or more")
    return value


def parse_retries(text: str) -> int:
    if not text.isdigit():
        raise ValueError("expected a whole number, 0 or more")
    return int(text)

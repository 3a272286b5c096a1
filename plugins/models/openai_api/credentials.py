"""Which server is asked with which key, and how both are kept out of everything written."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from imhi import HarnessError

OFFICIAL = "https://api.openai.com/v1"
PLACEHOLDER = "no-key"
MESSAGE_LENGTH = 300

# What keys look like in general; servers quote them in their messages, in part or in full.
_KEY_LIKE = re.compile(r"\bsk-[\w*.-]{4,}|\bAIza[\w*-]{4,}|(?i:bearer)\s+[^\s'\",;]{4,}")


def server_url(
    base_url: str | None,
    environment: Mapping[str, str] = os.environ,
    official: str = OFFICIAL,
    variable: str = "OPENAI_BASE_URL",
    scheme: str = "openai",
) -> str:
    """Return the URL to ask.

    Raises:
        HarnessError: the ``variable`` is set and ``base_url=`` is not given. The variable would
            send the posts to a server of which the run's record says nothing.
    """
    from_environment = environment.get(variable, "").strip()
    if base_url is None and from_environment and from_environment.rstrip("/") != official:
        raise HarnessError(
            f"{scheme}: {variable} is set but base_url= is not given; a run records which server "
            f"answered, so name it: add ,base_url=URL to the model (or base_url={official})"
        )
    return base_url or official


def is_loopback(url: str) -> bool:
    """Return whether the server is on this machine."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def read_key(
    url: str,
    variable: str,
    named: bool,
    environment: Mapping[str, str] = os.environ,
    scheme: str = "openai",
) -> str:
    """Return the key from the environment; a placeholder for a server on loopback without one.

    Args:
        named: ``key_env=`` was written out, so the key is expected on loopback too.

    Raises:
        HarnessError: the variable is unset, empty, or cannot be sent in a header.
    """
    key = environment.get(variable, "").strip()
    if not key:
        if is_loopback(url) and not named:
            return PLACEHOLDER
        raise HarnessError(
            f"{scheme}: no key for {shown_url(url)}: the environment variable {variable} is not set; "
            f"export {variable}=... (or name another with key_env=NAME; any text will do for a "
            "server that needs no key)"
        )
    if not key.isascii() or any(character.isspace() or not character.isprintable()
                                for character in key):  # fmt: skip
        raise HarnessError(
            f"{scheme}: the key in {variable} has white space or characters outside ASCII in it; "
            "expected one word: set the variable again"
        )
    return key


def shown_url(url: str) -> str:
    """Return scheme, host, port and path: what may be written down."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class Scrub:
    """Makes a text fit to be written: one line, at most 300 characters, without the key."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Scrub(...)"

    def __call__(self, text: str) -> str:
        line = " ".join(text.split())
        if self._key != PLACEHOLDER:
            line = line.replace(self._key, "[key]")
        line = _KEY_LIKE.sub("[key]", line)
        return line if len(line) <= MESSAGE_LENGTH else line[: MESSAGE_LENGTH - 3] + "..."

"""Which server is asked with which keys."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from imhi import HarnessError
from imhi.plugins.models.openai_api.arguments import OpenAIArguments
from imhi.plugins.models.openai_api.masking import Mask

OFFICIAL = "https://api.openai.com/v1"
PLACEHOLDER = "no-key"
_OURS = frozenset({"content-type", "content-length", "content-encoding", "accept-encoding", "host"})


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
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        # Other spellings of an address (127.1, 2130706433) are those of the system's own functions.
        place = ipaddress.ip_address(socket.inet_aton(host) if ":" not in host else host)
    except (ValueError, OSError):
        return False
    place = getattr(place, "ipv4_mapped", None) or place
    return place.is_loopback or place.is_unspecified


def read_key(
    url: str,
    variable: str,
    named: bool,
    needed: bool = True,
    environment: Mapping[str, str] = os.environ,
    scheme: str = "openai",
) -> str:
    """Return the key from the environment; a placeholder for a server on loopback without one.

    Args:
        named: ``key_env=`` was written out, so the key is expected on loopback too.
        needed: no header of another kind is sent in its place.

    Raises:
        HarnessError: the variable is unset, empty, or cannot be sent in a header.
    """
    key = environment.get(variable, "").strip()
    if not key:
        if (is_loopback(url) or not needed) and not named:
            return PLACEHOLDER
        raise HarnessError(
            f"{scheme}: no key for {shown_url(url)}: the environment variable {variable} is not set; "
            f"export {variable}=... (or name another with key_env=NAME; any text will do for a "
            "server that needs no key)"
        )
    if not _is_word(key):
        raise HarnessError(
            f"{scheme}: the key in {variable} has white space or characters outside ASCII in it; "
            "expected one word: set the variable again"
        )
    return key


def read_headers(
    variables: Mapping[str, str], environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return headers, by the environment variables that hold their values.

    Raises:
        HarnessError: a variable is unset, empty, or cannot be sent in a header.
    """
    headers = {}
    for name, variable in variables.items():
        if name.lower() in _OURS:
            raise HarnessError(
                f"openai: header.{name}= is what the harness sends itself: leave it out"
            )
        value = environment.get(variable, "").strip()
        if not value or not value.isascii() or not value.isprintable():
            found = "is not set" if not value else "holds what no header can"
            raise HarnessError(
                f"openai: header.{name}={variable}: the environment variable {variable} {found}; "
                f"export {variable}=VALUE"
            )
        headers[name] = value
    return headers


def _is_word(key: str) -> bool:
    return key.isascii() and key.isprintable() and not any(map(str.isspace, key))


@dataclass(frozen=True)
class Secrets:
    """The key and further headers that are sent to a server, and to nobody else."""

    key: str
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return "Secrets(...)"

    def sent(self) -> dict[str, str]:
        """Return the headers of a request."""
        bearer = {"Authorization": f"Bearer {self.key}"}
        return {**({} if self.key == PLACEHOLDER and self.headers else bearer), **self.headers}

    def named(self, options: OpenAIArguments) -> str:
        """Return what messages call what is sent, and what to do where it is refused."""
        if self.key != PLACEHOLDER:
            return f"the key in {options.key_env}; check it and what it may use"
        if self.headers:
            given = " and ".join(f"header.{name}={options.header[name]}" for name in self.headers)
            return f"{given}; check it and what it may use"
        return f"requests without a key; set {options.key_env}"

    def mask(self) -> Mask:
        """Return what keeps them out of everything that is written."""
        return Mask(value for value in (self.key, *self.headers.values()) if value != PLACEHOLDER)


def split_query(url: str) -> tuple[str, dict[str, str]]:
    """Return an address without its query, and the query."""
    bare, _, query = url.partition("?")
    return bare, dict(parse_qsl(query))


def shown_url(url: str) -> str:
    """Return scheme, host, port and path: what may be written down."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{query}"

"""What must not leave the machine with a run: places on its disks, local servers, keys.

Paths and local addresses in a model's name are put out of it; anywhere else they are a reason to
refuse, with the place.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imhi.io import sanitizing

# A path that begins at a root, at home or with dots; not the // of an address, not and/or.
_PATH = re.compile(
    r"(?<![\w/.~-])(?:~[\w-]*|\.{1,2})?/(?!/)[^\s,;\"'<>|]*|\b[A-Za-z]:\\[^\s,;\"']*"
)
_BEGINS_PATH = re.compile(r"(?:~[\w-]*|\.{1,2})?/(?!/)|[A-Za-z]:\\")
# Folders that machines have at their roots. A model may well write of /r/depression.
_ON_DISK = re.compile(
    r"(?<![\w/.])/(?:home|Users|root|tmp|mnt|media|opt|srv|var|usr|etc|data\d*|work|workspace|scratch"
    r"|nfs|lustre|gpfs|storage|projects?|Volumes|private|shared)/[\w.~-]+|(?<![\w/.])~[\w-]*/[\w.-]+|file:/+[\w.-]+|\b[A-Za-z]:\\{1,2}(?:Users|Documents)\b|\\\\{1,2}[\w-]+\\{1,2}[\w$-]+\\"
)
_KEYS = (
    re.compile(r"\bsk-[A-Za-z0-9_-]{16,}"),
    re.compile(r"\bhf_[A-Za-z0-9]{16,}"),
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{20,}"),
    re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    re.compile(r"\bAIza[A-Za-z0-9_-]{20,}"),
    re.compile(r"\b(?:gsk|xai|pplx|nvapi|r8)[_-][A-Za-z0-9_-]{16,}"),
    re.compile(r"\bBearer\s+[A-Za-z0-9._~+/-]{16,}", re.IGNORECASE),
)


def without_places(value: Any) -> Any:
    """Return a JSON value with the last part of each local path, and no local address."""
    if isinstance(value, dict):
        return {key: without_places(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_places(inner) for inner in value]
    if not isinstance(value, str):
        return value
    text = sanitizing.without_local_servers(value)
    if _BEGINS_PATH.match(text) or ("/" in text and Path(text).exists()):
        return _last_part(text)
    return _PATH.sub(lambda path: _last_part(path[0]), text)


def _last_part(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def leaks(text: str, here: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield what a text gives away, in words that do not repeat it. ``here`` are folders of this
    machine (home, working folder)."""
    if any(key.search(text) for key in _KEYS) or any(secret in text for secret in secrets_here()):
        yield "what looks like an API key"
    if sanitizing.LOCAL_SERVER.search(text):
        yield "the address of a local server"
    if any(re.search(rf"(?<![\w/.]){re.escape(place)}(?![\w-])", text) for place in here):
        yield "the home or working folder of this machine"
    elif _ON_DISK.search(text):
        yield "what looks like a path on a disk"


@functools.cache
def secrets_here() -> tuple[str, ...]:
    """Return the values of environment variables that hold a key, by their names."""
    return tuple(
        value
        for name, value in os.environ.items()
        if re.search(r"(?:KEY|TOKEN|SECRET|PASSWORD)$", name.upper()) and len(value) >= 8
    )


def folders_here() -> tuple[str, ...]:
    """Return the folders whose names say something about this machine or its user."""
    places = {str(Path.home()), str(Path.cwd()), str(Path.cwd().resolve())}
    return tuple(sorted(place for place in places if len(place) > 1))

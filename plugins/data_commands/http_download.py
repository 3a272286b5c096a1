"""Downloading one file over HTTP, going on where an earlier try stopped.

The part already there is asked for no more (``Range``), provided that the server says that the
file is still the same (``If-Range`` with its ETag or date); otherwise it starts from the beginning.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from pathlib import Path

from imhi import HarnessError

ATTEMPTS = 4
TIMEOUT = 60.0  # seconds without a byte
_BLOCK = 1 << 18
_TRY_AGAIN = {408, 429, 500, 502, 503, 504}


class _Interrupted(Exception):
    """The connection ended before the file did."""


def download(
    address: str,
    folder: Path,
    shown: str,
    tell: Callable[[str], None] = lambda text: None,
    pause: float = 1.0,
) -> Path:
    """Download into ``folder`` and return the file; ``pause`` seconds (doubled) between tries.
    ``shown`` is the address as messages may show it.

    Raises:
        HarnessError: the server refuses, or the connection broke in every try; what was received
            is kept for the next call.
    """
    name = hashlib.sha256(address.encode()).hexdigest()[:12]
    done, part, state = (folder / f"{name}{suffix}" for suffix in (".done", ".part", ".state"))
    if done.exists():
        return done
    reason = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            _receive(address, part, state, tell)
            part.replace(done)
            state.unlink(missing_ok=True)
            return done
        except urllib.error.HTTPError as error:
            reason = f"HTTP {error.code} {error.reason}"
            if error.code == 416:  # the part is longer than the file: it is not a part of it
                part.unlink(missing_ok=True)
            elif error.code not in _TRY_AGAIN:
                break
        except (_Interrupted, urllib.error.URLError, http.client.HTTPException) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
        except (TimeoutError, ConnectionError) as error:
            reason = str(error) or type(error).__name__
    received = part.stat().st_size if part.exists() else 0
    raise HarnessError(
        f"--from {shown}: the download failed: {reason}; {received:,} bytes are kept: check the "
        "address and the network, then run the same command again to go on"
    )


def _receive(address: str, part: Path, state: Path, tell: Callable[[str], None]) -> None:
    start = part.stat().st_size if part.exists() else 0
    validator = _validator(state)
    request = urllib.request.Request(address, headers={"User-Agent": "imhi-harness"})
    if start and validator:
        request.add_header("Range", f"bytes={start}-")
        request.add_header("If-Range", validator)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        resumed = answer.status == 206 and (answer.headers.get("Content-Range") or "").startswith(
            f"bytes {start}-"
        )
        if answer.status == 206 and not resumed:
            part.unlink(missing_ok=True)
            raise _Interrupted("the server sent another part than the one asked for")
        if not resumed:
            start = 0
            state.write_text(json.dumps({"validator": _strong_validator(answer.headers)}))
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length and length.isdigit() else None
        with part.open("ab" if resumed else "wb") as stream:
            while block := answer.read(_BLOCK):
                stream.write(block)
                of = f" of {total:,}" if total else ""
                tell(f"downloading: {stream.tell():,}{of} bytes")
            size = stream.tell()
    if total is not None and size < total:
        raise _Interrupted(f"the connection ended after {size:,} of {total:,} bytes")


def _strong_validator(headers: Message) -> str:
    """Return what tells this version of the file from every other; empty where there is nothing."""
    tag = headers.get("ETag") or ""
    # A weak ETag does not promise the same bytes.
    return tag if tag and not tag.startswith("W/") else headers.get("Last-Modified") or ""


def _validator(state: Path) -> str:
    try:
        return str(json.loads(state.read_text()).get("validator") or "")
    except (OSError, ValueError, AttributeError):
        return ""

"""Entries of the cache: one line each, checked when read, in files that one process writes.

A line is ``{"key":KEY,"check":CHECK,"at":SECONDS,"answer":{...}}``: ``CHECK`` is a hash of the rest of
the line, ``at`` when the answer was made (seconds since 1970). The key stands at a fixed place, so
that a file is searched without taking its lines apart.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from imhi._core.answer_cache.keys import DIGITS
from imhi._core.records import Response, as_row

LONGEST_LINE = 1 << 26
"""Bytes of a line that is still read (64 MiB); what is longer is damage."""

_HEAD = b'{"key":"'
_KEY = slice(len(_HEAD), len(_HEAD) + DIGITS)
_MIDDLE = b'","check":"'
_CHECK_DIGITS = 16
_CHECK_AT = _KEY.stop + len(_MIDDLE)
_REST_AT = _CHECK_AT + _CHECK_DIGITS
_OF_THE_REQUEST = ("id", "dataset", "prompt_hash", "cached")


@dataclass(frozen=True)
class Entry:
    """An answer as it is kept: the fields of :class:`imhi.Response` without those that name an
    example."""

    key: str
    at: int
    answer: Mapping[str, Any]


def line_of(key: str, response: Response) -> bytes:
    """Return the line that keeps a response."""
    row = as_row(response)
    kept = {name: value for name, value in row.items() if name not in _OF_THE_REQUEST}
    written = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    rest = f'","at":{int(time.time())},"answer":{written}}}\n'.encode("utf-8", "surrogatepass")
    return _HEAD + key.encode() + _MIDDLE + _check(key.encode(), rest) + rest


def _check(key: bytes, rest: bytes) -> bytes:
    return hashlib.sha256(key + rest).hexdigest()[:_CHECK_DIGITS].encode()


def key_in(line: bytes) -> bytes:
    """Return the key of a line; empty where it is none of ours."""
    whole = line.startswith(_HEAD) and line[_KEY.stop : _CHECK_AT] == _MIDDLE
    return line[_KEY] if whole else b""


def entry_in(line: bytes) -> Entry | None:
    """Return the entry of a line; None where it is damaged."""
    key, rest = key_in(line), line[_REST_AT:]
    if not key or line[_CHECK_AT:_REST_AT] != _check(key, rest):
        return None
    try:
        row = json.loads(line)
        return Entry(row["key"], int(row["at"]), dict(row["answer"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file; b"" for each that is too long. What a process that was killed, or
    that is at work, has begun at the end of a file is left out."""
    while line := stream.readline(LONGEST_LINE):
        if line.endswith(b"\n"):
            yield line
        elif len(line) == LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = stream.readline(LONGEST_LINE)
            yield b""


class Segment:
    """A file that this process alone writes, made when the first entry comes, and locked against
    being pruned until it is closed.

    Raises:
        OSError: it cannot be made or written.
    """

    def __init__(self, folder: Path, group: str) -> None:
        from filelock import FileLock

        name = f"{group}-{int(time.time()):012d}-{secrets.token_hex(4)}.jsonl"
        self.path = folder / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = FileLock(lock_of(self.path), mode=0o600)
        self._lock.acquire(timeout=0)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
        self._file = os.open(self.path, flags, 0o600)

    def put(self, key: str, response: Response) -> None:
        """Write an entry, in one piece as far as the system allows. It is not waited for until it is on
        the disk: what is lost when a machine dies is asked again."""
        data = line_of(key, response)
        while data:
            data = data[os.write(self._file, data) :]

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
        self._lock.release()
        with suppress(OSError):
            Path(lock_of(self.path)).unlink()


def lock_of(segment: Path) -> str:
    """Return the lock that the writer of a segment holds."""
    return f"{segment}.lock"


@dataclass
class Search:
    """A search for keys; ``damaged`` counts entries that were found and could not be read."""

    damaged: int = 0

    def find(self, folder: Path, group: str, wanted: Collection[bytes]) -> Iterator[Entry]:
        """Yield the entries of a group whose keys are wanted, each key once, of several the oldest.

        Memory does not grow with the cache: its files are read through.
        """
        left, seen = set(wanted), set[Path]()
        # Files may be merged meanwhile: what was in one that is gone is in one that was not there.
        while left and (new := sorted(set(folder.glob(f"{group}-*.jsonl")) - seen)):
            for path in new:
                seen.add(path)
                try:
                    stream = path.open("rb")
                except FileNotFoundError:
                    continue
                with stream:
                    yield from self._found(stream, left)

    def _found(self, stream: BinaryIO, left: set[bytes]) -> Iterator[Entry]:
        for line in lines_of(stream):
            key = key_in(line)
            if not key:
                self.damaged += 1
            elif key in left:
                entry = entry_in(line)
                if entry is None:
                    self.damaged += 1
                    continue
                left.discard(key)
                yield entry
                if not left:
                    return

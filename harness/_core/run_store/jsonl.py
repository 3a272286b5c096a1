"""Append-only JSONL that survives being killed.

One row, one line. A process may die in the middle of a line; whoever opens the file next drops
that torn tail and nothing else.
"""

from __future__ import annotations

import errno
import io
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from imhi._core.errors import DataError, HarnessError
from imhi._core.run_store.leftovers import temporary_beside
from imhi._core.tables.figures import unsigned_zeros

_SYNC_EVERY = 64
_SYNC_SECONDS = 0.5  # between two waits for the disk: what a machine that dies may cost an answer


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def row_parser() -> Callable[[bytes], dict[str, Any] | None]:
    """Return what reads the JSON object of a line; it gives None where there is none."""
    from pydantic_core import from_json  # four times as fast as json

    def parse(line: bytes) -> dict[str, Any] | None:
        try:
            try:
                row = from_json(line)
            except ValueError:  # half characters, which json lets through
                row = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return row if isinstance(row, dict) else None

    return parse


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield ``(line number, row)``; nothing where there is no file.

    A torn last line is passed over. Raises DataError on any other line that is not a JSON object.
    """
    if not path.exists():
        return
    parse = row_parser()
    with path.open("rb") as stream:
        held: tuple[int, bytes] | None = None
        for number, line in enumerate(stream, start=1):
            if held is not None:
                raise DataError(
                    f"{path}: line {held[0]}: not a JSON object ({held[1][:40]!r}); expected one "
                    "object a line; remove the line and run again: what it held is made or asked again"
                )
            row = parse(line) if line.endswith(b"\n") else None
            if row is None:
                held = (number, line)
                continue
            yield number, row


def count_rows(path: Path) -> int:
    """Return how many rows :func:`read_rows` yields, by the ends of lines; a damaged line counts too,
    the torn last one does not."""
    if not path.exists():
        return 0
    count = 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            count += block.count(b"\n")
        tail = _last_line(stream, stream.tell())
    return count - bool(tail.endswith(b"\n") and row_parser()(tail) is None)


def rows_with_offsets(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield ``(byte at which the line begins, row)`` of a file that was written whole.

    Raises:
        DataError: a line that is not a JSON object.
    """
    parse = row_parser()
    with path.open("rb") as stream:
        offset = 0
        for number, line in enumerate(stream, start=1):
            row = parse(line)
            if row is None:
                raise DataError(
                    f"{path}: line {number}: not a JSON object ({line[:40]!r}); the file was cut off or "
                    "edited: restore it, or remove the folder it is in and give the command again"
                )
            yield offset, row
            offset += len(line)


def recover(path: Path) -> int:
    """Cut a torn tail off a file; return how many bytes were cut."""
    if not path.exists():
        return 0
    with path.open("rb+") as stream:
        size = stream.seek(0, os.SEEK_END)
        good = size
        tail = _last_line(stream, good)
        if tail and (not tail.endswith(b"\n") or row_parser()(tail) is None):
            good -= len(tail)
            stream.truncate(good)
        return size - good


def _last_line(stream: Any, end: int) -> bytes:
    """Return the last line before ``end``, its newline included if it has one."""
    block = 4096
    while True:
        start = max(0, end - block)
        stream.seek(start)
        data: bytes = stream.read(end - start)
        cut = data[:-1].rfind(b"\n")
        if cut >= 0:
            return data[cut + 1 :]
        if start == 0:
            return data
        block *= 4


class AppendLog:
    """A JSONL file open for appending; each row is handed to the system as one write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.cut = recover(path)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise disk_error(error, path) from error
        self._unsynced = 0
        self._synced = time.monotonic()

    def append(self, row: dict[str, Any]) -> None:
        """Write one row.

        Raises:
            HarnessError: the disk is full; what was written before is safe.
        """
        data = f"{_encode(row)}\n".encode("utf-8", "surrogatepass")
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            raise disk_error(error, self.path) from error
        self._unsynced += 1
        if self._unsynced >= _SYNC_EVERY and time.monotonic() - self._synced >= _SYNC_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Wait until what was appended is on the disk."""
        try:
            os.fsync(self._file)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some file systems cannot
                raise disk_error(error, self.path) from error
        self._unsynced, self._synced = 0, time.monotonic()

    def close(self) -> None:
        """Close the file."""
        self.sync()
        os.close(self._file)


def disk_error(error: OSError, path: Path) -> HarnessError:
    """Return the error to show when writing fails."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return HarnessError(
            f"{path}: no space left on the disk; what was written before is safe: free some space "
            "and run the same command again, or choose another place with --out"
        )
    return HarnessError(
        f"{path}: cannot write: {error.strerror}; expected a folder you may write to"
    )


@contextmanager
def replacing(path: Path, mode: int = 0o666, *, durable: bool = True) -> Iterator[BinaryIO]:
    """Open a file that takes the place of ``path`` when all was written, and else leaves no trace.
    ``mode`` is who may read it, as far as the process's umask lets them. What can be made again
    need not be ``durable``: it may be lost when the machine dies, and a thousand files are written
    many times faster."""
    temporary = temporary_beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(number, "wb") as stream:
            yield stream
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def _replacing_text(path: Path) -> Iterator[TextIO]:
    with replacing(path) as stream:
        text = io.TextIOWrapper(stream, "utf-8", errors="surrogatepass", newline="\n")
        yield text
        text.detach()  # writes what it holds, and leaves the file open


@contextmanager
def row_writer(path: Path) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Give a function that writes one row to a file, which appears complete when the block ends
    and not at all when it raises."""
    with _replacing_text(path) as stream:

        def write(row: dict[str, Any]) -> None:
            stream.write(f"{_encode(row)}\n")

        yield write


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write a whole file at once: it appears complete or not at all. Return the number of rows."""
    return write_lines(path, map(_encode, rows))


def write_lines(path: Path, lines: Iterable[str]) -> int:
    """Write a whole file of lines, given without their ends, as :func:`write_rows` does."""
    count = 0
    with _replacing_text(path) as stream:
        for line in lines:
            stream.write(f"{line}\n")
            count += 1
    return count


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file at once: it appears complete or not at all."""
    with _replacing_text(path) as stream:
        json.dump(unsigned_zeros(value), stream, ensure_ascii=False, indent=1, allow_nan=False)
        stream.write("\n")

"""A folder held against other processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imhi._core.errors import HarnessError


@contextmanager
def held(file: Path, refusal: str) -> Iterator[None]:
    """Hold a lock file; the system lets go if this process dies.

    Raises:
        HarnessError: another process holds it; ``refusal`` is the message.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(str(file))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise HarnessError(refusal) from None
    try:
        yield
    finally:
        lock.release()

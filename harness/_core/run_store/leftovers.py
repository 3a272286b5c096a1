"""What a killed process leaves half-made, and who may clear it away.

A file is written beside its place, and a run in a folder beside its own. Whether somebody is still
at it is told by locks alone, never by the number of a process: a folder may be shared by several
machines, and numbers are given again.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TEMPORARY = re.compile(r"\..+\.\d+\.tmp")
_LOCK = "lock"
_UNLOCKED = 60.0  # seconds in which a folder that was just made may have no lock yet


def temporary_beside(path: Path) -> Path:
    """Return where a file is written before it takes the place of ``path``."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def clear_temporary(folder: Path, below: Iterable[str], files: Iterable[str] = ()) -> None:
    """Remove the temporary files of dead writers: in the folders ``below`` a folder, at any depth, and
    those of its own ``files``. For whoever holds the lock under which all of them are written."""
    beginnings = tuple(f".{name}." for name in files)
    for path in folder.glob(".*.tmp") if beginnings else ():
        if path.name.startswith(beginnings):
            _remove(path)
    for name in below:
        for place, _, names in os.walk(folder / name):
            for one in names:
                _remove(Path(place, one))


def _remove(path: Path) -> None:
    if _TEMPORARY.fullmatch(path.name):
        with suppress(OSError):
            path.unlink()


@contextmanager
def held_folder(path: Path) -> Iterator[None]:
    """Make a folder that nobody clears away while the block runs; it is removed when it ends."""
    from filelock import FileLock

    path.mkdir(mode=0o700)
    lock = FileLock(str(path / _LOCK))
    try:
        with lock:
            try:
                yield
            finally:
                shutil.rmtree(path, ignore_errors=True)
    finally:
        shutil.rmtree(path, ignore_errors=True)  # where an open file cannot be removed


def clear_folder(path: Path, process: str) -> None:
    """Remove a folder that was made by :func:`held_folder`, if nobody holds it any more; one without
    a lock, if its ``process`` has ended on this machine and it was not made just now."""
    from filelock import FileLock, Timeout

    with suppress(OSError, Timeout):
        if (path / _LOCK).exists():
            with FileLock(str(path / _LOCK), timeout=0):
                shutil.rmtree(path, ignore_errors=True)
        elif time.time() - path.stat().st_mtime < _UNLOCKED or not _ended(process):
            return
        shutil.rmtree(path, ignore_errors=True)


def _ended(process: str) -> bool:
    if not process.isdigit() or int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False

"""What is written appears complete or not at all, and takes the place of nothing else.

::

    .NAME.writing/     beside the target while it is written; cleared by the next write if it was
                       killed
    NAME/written.json  which formats are complete, when and of how many rows each was written; only
                       a folder with it is written to again
    NAME/FORMAT/

A format is taken off the list before it is replaced and put on it after, so the list is true at
any moment. Formats that are not written again stay as they are.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imhi import HarnessError
from imhi.io import disk_error, write_json

MARK, FORMAT, BY = "written.json", 1, "imhi build write"
_LOCK = "lock"


class Staging:
    """A folder to write into; :meth:`publish` moves what is in it into place."""

    def __init__(self, to: Path, path: Path) -> None:
        self.to = to
        self._path = path

    def folder(self, name: str) -> Path:
        """Return a new folder of one format."""
        path = self._path / name
        path.mkdir()
        return path

    def publish(self, formats: Mapping[str, Mapping[str, Any]]) -> None:
        """Move the folders of these formats to the target; what is said of each is listed there."""
        for name in formats:
            _make_private(self._path / name)
        self.to.mkdir(parents=True, exist_ok=True)
        self.to.chmod(0o700)
        listed = dict(written(self.to))
        for name, said in formats.items():
            listed.pop(name, None)
            self._list(listed)
            if (self.to / name).exists():
                (self.to / name).rename(self._path / f"old-{name}")
            (self._path / name).rename(self.to / name)
            listed[name] = dict(said)
            self._list(listed)

    def _list(self, listed: Mapping[str, Any]) -> None:
        write_json(self.to / MARK, {"by": BY, "format": FORMAT, "formats": listed})


@contextmanager
def staged(to: Path) -> Iterator[Staging]:
    """Give a staging folder for the target ``to``; it is gone afterwards, whatever happened.

    Raises:
        HarnessError: the target holds something else, somebody is writing to it, or it cannot be
            written to.
    """
    from filelock import FileLock, Timeout

    written(to)
    to = to.resolve()
    path = to.parent / f".{to.name}.writing"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(str(path / _LOCK))
        lock.acquire(timeout=0)
    except Timeout:
        raise HarnessError(f"{to}: another process is writing to it; wait for it to end") from None
    except OSError as error:
        raise disk_error(error, to) from error
    try:
        for left in path.iterdir():
            if left.name != _LOCK:
                _remove(left)
        yield Staging(to, path)
    except OSError as error:
        raise disk_error(error, to) from error
    finally:
        # First the files, then the lock: else they could be another process's already.
        shutil.rmtree(path, ignore_errors=True)
        lock.release()


def written(to: Path) -> dict[str, Any]:
    """Return what is said of each format that is complete in the target; empty where it is new.

    Raises:
        HarnessError: it is a file, or a folder that holds something else.
    """
    if not to.exists():
        return {}
    try:
        found = json.loads((to / MARK).read_text(encoding="utf-8"))
        if found["by"] == BY and found["format"] == FORMAT:
            return {name: said for name, said in found["formats"].items() if (to / name).is_dir()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    # A write that was killed at its end may have left no more than the beginning of a list.
    if to.is_dir() and all(path.name.startswith(f".{MARK}.") for path in to.iterdir()):
        return {}
    what = "a folder that imhi build write did not make" if to.is_dir() else "a file"
    raise HarnessError(f"{to}: found {what}, expected a new folder or an earlier output; give --to")


def _make_private(path: Path) -> None:
    """Let only the owner read: there are posts in it."""
    for part in path.rglob("*"):
        part.chmod(0o700 if part.is_dir() else 0o600)
    path.chmod(0o700)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()

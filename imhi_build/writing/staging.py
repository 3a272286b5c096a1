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
from typing import TypedDict

from imhi import HarnessError
from imhi.io import disk_error, held, write_json

MARK, FORMAT, BY = "written.json", 1, "imhi build write"
_LOCK = "lock"


class ListedFile(TypedDict):
    """A file of a format: its rows (None where they are not counted) and its size."""

    rows: int | None
    bytes: int


class ListedFormat(TypedDict):
    """A format that is complete: when it was written, of which state of the build, how many rows."""

    at: str
    build: str
    rows: int
    files: dict[str, ListedFile]


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

    def sizes(self, name: str) -> dict[str, int]:
        """Return the files of a format, by their path below its folder, with their bytes."""
        folder = self._path / name
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {file.relative_to(folder).as_posix(): file.stat().st_size for file in files}

    def publish(self, formats: Mapping[str, ListedFormat]) -> None:
        """Move the folders of these formats to the target, and list them there."""
        for name in formats:
            _make_private(self._path / name)
        self.to.mkdir(parents=True, exist_ok=True)
        self.to.chmod(0o700)
        listed = dict(written(self.to))
        for name, entry in formats.items():
            listed.pop(name, None)
            self._list(listed)
            if (self.to / name).exists():
                (self.to / name).rename(self._path / f"old-{name}")
            (self._path / name).rename(self.to / name)
            listed[name] = entry
            self._list(listed)

    def _list(self, listed: Mapping[str, ListedFormat]) -> None:
        write_json(self.to / MARK, {"by": BY, "format": FORMAT, "formats": listed})


@contextmanager
def staged(to: Path) -> Iterator[Staging]:
    """Give a staging folder for the target ``to``; it is gone afterwards, whatever happened.

    Raises:
        HarnessError: the target holds something else, somebody is writing to it, or it cannot be
            written to.
    """
    written(to)
    to = to.resolve()
    path = to.parent / f".{to.name}.writing"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with held(path / _LOCK, f"{to}: another process is writing to it; wait for it to end"):
            try:
                for left in path.iterdir():
                    if left.name != _LOCK:
                        _remove(left)
                yield Staging(to, path)
            finally:
                # First the files, then the lock: else they could be another process's already.
                shutil.rmtree(path, ignore_errors=True)
    except OSError as error:
        raise disk_error(error, to) from error


def written(to: Path) -> dict[str, ListedFormat]:
    """Return the formats that are complete in the target; none where it is new.

    Raises:
        HarnessError: it is a file, or a folder that holds something else.
    """
    if not to.exists():
        return {}
    try:
        mark = json.loads((to / MARK).read_text(encoding="utf-8"))
        if mark["by"] == BY and mark["format"] == FORMAT:
            return {name: entry for name, entry in mark["formats"].items() if (to / name).is_dir()}
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

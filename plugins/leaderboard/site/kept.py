"""What was read of entries, kept in ``.cache`` beside them: a build reads only what is new.

It is keyed by the checksums of an entry's files and of the schema. An answers file of the same size
and time as before is taken for the same, as git and make do: hashing hundreds of them takes longer
than all the rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imhi import HarnessError, file_checksum
from imhi.io import write_json
from imhi.plugins.leaderboard.site.entry_checks import SCHEMA

if TYPE_CHECKING:
    from imhi.plugins.leaderboard.site.entry_checks import Packed

_FORMAT = 1


class Kept:
    """The kept entries of a board, a file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _reader(self) -> str:
        """What else decides how an entry is read: the schema, and the code that reads."""
        files = [SCHEMA, *sorted(Path(__file__).parent.glob("[ekt]*.py"))]
        return hashlib.sha256("".join(map(file_checksum, files)).encode()).hexdigest()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def find(self, name: str, checksum: str, answers: Path) -> dict[str, Any] | None:
        """Return what is kept of an entry, if its files are still the same."""
        try:
            kept = json.loads(self._path(name).read_bytes())
        except (OSError, ValueError):
            return None
        if kept.get("key") != [_FORMAT, self._reader, checksum]:
            return None
        with suppress(OSError):
            if kept["stat"] == _stat(answers) or kept["answers"] == file_checksum(answers):
                return dict(kept)
        return None

    def keep(
        self,
        name: str,
        checksum: str,
        path: Path,
        answers: bytes,
        values: Mapping[str, Any],
        right: Mapping[str, Packed],
    ) -> dict[str, Any]:
        """Keep what was read of an entry, and return it."""
        kept = {
            "key": [_FORMAT, self._reader, checksum],
            "stat": _stat(path),
            "answers": hashlib.sha256(answers).hexdigest(),
            "values": values,
            "right": right,
        }
        write_json(self._path(name), kept)
        return kept

    def forget_others(self, names: Collection[str]) -> None:
        """Remove what is kept of entries that are gone."""
        for path in self._folder.glob("*.json"):
            if path.stem not in names:
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    raise HarnessError(f"{path}: cannot be removed: {error.strerror}") from None


def _stat(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]

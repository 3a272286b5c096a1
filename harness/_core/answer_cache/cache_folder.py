"""The folder of a cache: a folder per model, which says whose answers it holds.

::

    CACHE/
      imhi-answer-cache.json      that it is one, and of which format
      models/MODEL/
        model.json                what all these answers depend on, and what the model was called
        described.json            what it said of itself when it was asked last
        GROUP-TIME-RANDOM.jsonl   answers to one dataset under the same decoding; one process wrote it

Answers may repeat what posts say: the folder is its owner's only. No prompt and no post is in it.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi._core.errors import HarnessError
from imhi._core.records import JsonObject
from imhi._core.run_store.jsonl import disk_error, replacing

FORMAT = 1
VARIABLE = "IMHI_CACHE"
_MARK = "imhi-answer-cache.json"


def asked_folder(given: Path | None) -> Path | None:
    """Return the folder to use: the one given, else that of the variable IMHI_CACHE, else none."""
    named = os.environ.get(VARIABLE, "")
    return given or (Path(named).expanduser() if named else None)


@dataclass(frozen=True)
class CacheFolder:
    """An answer cache on disk; see the module."""

    path: Path

    @classmethod
    def open(cls, path: Path, *, make: bool = False) -> CacheFolder:
        """Return the cache in a folder; ``make`` one where there is none.

        Raises:
            HarnessError: it is something else, of another format, or anybody may write to it.
        """
        mark = path / _MARK
        try:
            if make and not mark.exists() and _empty(path):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
                (path / "models").mkdir(mode=0o700, exist_ok=True)
                _write(mark, {"format": FORMAT})
            return cls._checked(path, mark)
        except (FileNotFoundError, NotADirectoryError):
            raise HarnessError(
                f"{path}: not an answer cache (no {_MARK}); expected a folder that --cache has made, or "
                "one that is empty or not there yet"
            ) from None
        except OSError as error:
            raise disk_error(error, path) from error

    @classmethod
    def _checked(cls, path: Path, mark: Path) -> CacheFolder:
        try:
            found = json.loads(mark.read_bytes()).get("format")
        except (ValueError, AttributeError):
            found = None
        if found != FORMAT:
            raise HarnessError(
                f"{mark}: cache format {found!r}, expected {FORMAT}: another version of imhi-harness "
                "made it; give another folder"
            )
        if os.name == "posix" and path.stat().st_mode & stat.S_IWOTH:
            raise HarnessError(
                f"{path}: anybody on this machine may write to this cache, so that its answers could be "
                f"anybody's; take that right away: chmod o-w {path}"
            )
        return cls(path)

    def model(self, name: str) -> ModelFolder:
        """Return the folder of a model's answers, whether it is there or not."""
        return ModelFolder(self.path / "models" / name)

    def models(self) -> Iterator[ModelFolder]:
        """Yield the folders of all models."""
        for path in sorted((self.path / "models").glob("*")):
            if path.is_dir():
                yield ModelFolder(path)


def _empty(path: Path) -> bool:
    return not path.exists() or (path.is_dir() and next(path.iterdir(), None) is None)


@dataclass(frozen=True)
class ModelFolder:
    """The answers of one model."""

    path: Path

    def called(self) -> str:
        """Return what the model was called when it was first asked."""
        return str(_read(self.path / "model.json").get("called") or self.path.name)

    def begin(self, called: str, facts: JsonObject) -> None:
        """Say whose answers these are, where it does not stand there yet."""
        if not (self.path / "model.json").exists():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self.path / "model.json", {"called": called, "facts": facts})

    def described(self) -> dict[str, Any]:
        """Return what the model said of itself when it was asked last; empty where that is not
        known."""
        return _read(self.path / "described.json")

    def describe(self, details: Mapping[str, Any]) -> None:
        """Keep what the model says of itself."""
        _write(self.path / "described.json", details)

    def segments(self) -> list[Path]:
        """Return the files of answers, those of each group by their age."""
        return sorted(self.path.glob("*.jsonl"))


def _read(path: Path) -> dict[str, Any]:
    """Return an object; an empty one where there is none, or something else."""
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads(path.read_bytes())
        if isinstance(found, dict):
            return found
    return {}


def _write(path: Path, value: Mapping[str, Any]) -> None:
    with replacing(path, 0o600, durable=False) as stream:
        stream.write(json.dumps(value, ensure_ascii=False, indent=1, default=str).encode() + b"\n")

"""What metrics and models keep to go on with, so that nothing is computed or paid for twice.

One append-only JSONL file per name and identity (model, layer, rubric ...), a row per value.
Keys are made of content, so the order of rows, and which run asks, cannot matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imhi._core.fingerprints import digest
from imhi._core.run_store.jsonl import AppendLog, read_rows


class Cache:
    """JSON values by key, in a file or, without one, in memory only."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._values: dict[str, Any] = {}
        self._log: AppendLog | None = None
        if path is not None:
            for _, row in read_rows(path):
                self._values[row["key"]] = row["value"]

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str) -> Any | None:
        """Return the value of a key, None where there is none."""
        return self._values.get(key)

    def put(self, key: str, value: Any) -> None:
        """Keep a value; it is on its way to the disk when this returns."""
        self._values[key] = value
        if self.path is not None:
            self._log = self._log or AppendLog(self.path)
            self._log.append({"key": key, "value": value})

    def close(self) -> None:
        """Close the file; the values stay readable."""
        if self._log is not None:
            self._log.close()
            self._log = None


class CacheFolder:
    """All that is kept in one folder (or in memory), opened when it is first asked for."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._open: dict[str, Cache] = {}

    def open(self, name: str, identity: Mapping[str, Any]) -> Cache:
        """Return what ``name`` computed under exactly this identity (JSON values)."""
        file = f"{name}-{digest(dict(identity))[:12]}.jsonl"
        if file not in self._open:
            self._open[file] = Cache(self.folder / file if self.folder else None)
        return self._open[file]

    def close(self) -> None:
        """Close every file that is open."""
        for cache in self._open.values():
            cache.close()
        self._open = {}

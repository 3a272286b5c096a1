"""Requests that stay on disk: a sequence that holds where each one stands, not what it says.

Prompts with examples in them are thousands of characters long, and a dataset can have tens of
thousands; held in memory they would take more of it than the model that answers them.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload

from harness.records import Request, from_row


class StoredRequests(Sequence[Request]):
    """Rows of a ``requests/DATASET.jsonl``, read again whenever they are looked at.

    Args:
        path: the file.
        offsets: the byte at which the line of each request begins.
    """

    def __init__(self, path: Path, offsets: Sequence[int]) -> None:
        self.path = path
        self._offsets = array("q", offsets)

    def __len__(self) -> int:
        return len(self._offsets)

    @overload
    def __getitem__(self, index: int) -> Request: ...
    @overload
    def __getitem__(self, index: slice) -> StoredRequests: ...
    def __getitem__(self, index: int | slice) -> Request | StoredRequests:
        if isinstance(index, slice):
            return StoredRequests(self.path, self._offsets[index])
        return next(self._read([self._offsets[index]]))

    def __iter__(self) -> Iterator[Request]:
        return self._read(self._offsets)

    def _read(self, offsets: Sequence[int]) -> Iterator[Request]:
        with self.path.open("rb") as stream:
            for offset in offsets:
                stream.seek(offset)
                yield from_row(Request, json.loads(stream.readline()), f"{self.path}: {offset}")

    def __reduce__(self) -> tuple[type[list[Request]], tuple[list[Request]]]:
        # Another machine does not have the file: the requests themselves travel.
        return list, (list(self),)


def rows_with_offsets(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield ``(byte at which the line begins, row)`` of a file that was written whole."""
    with path.open("rb") as stream:
        offset = 0
        for line in stream:
            yield offset, json.loads(line)
            offset += len(line)

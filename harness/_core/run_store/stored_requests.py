"""Requests that stay on disk: a sequence that holds where each one stands, not what it says.

Prompts with examples in them are thousands of characters long, and a dataset can have tens of
thousands; held in memory they would take more of it than the model that answers them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, overload

from imhi._core.records import Request, from_row
from imhi._core.run_store.jsonl import row_parser


class StoredRequests(Sequence[Request]):
    """Rows of one or more ``requests/DATASET.jsonl``, read again whenever they are looked at.

    Args:
        paths: the files.
        places: of each request, the number of its file and the byte at which its line begins.
    """

    def __init__(self, paths: Sequence[Path], places: Iterable[tuple[int, int]]) -> None:
        self.paths = tuple(paths)
        self._files = array("i")
        self._offsets = array("q")
        for file, offset in places:
            self._files.append(file)
            self._offsets.append(offset)

    def __len__(self) -> int:
        return len(self._offsets)

    @overload
    def __getitem__(self, index: int) -> Request: ...
    @overload
    def __getitem__(self, index: slice) -> StoredRequests: ...
    def __getitem__(self, index: int | slice) -> Request | StoredRequests:
        if isinstance(index, slice):
            places = zip(self._files[index], self._offsets[index], strict=True)
            return StoredRequests(self.paths, places)
        return next(self._read([(self._files[index], self._offsets[index])]))

    def __iter__(self) -> Iterator[Request]:
        return self._read(zip(self._files, self._offsets, strict=True))

    def _read(self, places: Iterable[tuple[int, int]]) -> Iterator[Request]:
        parse = row_parser()
        with ExitStack() as stack:
            streams: dict[int, BinaryIO] = {}
            for file, offset in places:
                if file not in streams:
                    streams[file] = stack.enter_context(self.paths[file].open("rb"))
                streams[file].seek(offset)
                row = parse(streams[file].readline())
                try:
                    request = Request(**(row or {}))
                except TypeError:
                    where = f"{self.paths[file]}: byte {offset}"
                    request = from_row(Request, row or {}, where)  # says what is wrong
                yield request

    def __reduce__(self) -> tuple[type[list[Request]], tuple[list[Request]]]:
        # Another machine does not have the files: the requests themselves travel.
        return list, (list(self),)


def joined(parts: Sequence[StoredRequests]) -> StoredRequests:
    """Return the requests of several, one after the other."""
    if len(parts) == 1:
        return parts[0]
    paths = [path for part in parts for path in part.paths]

    def places() -> Iterator[tuple[int, int]]:
        first = 0
        for part in parts:
            for file, offset in zip(part._files, part._offsets, strict=True):
                yield first + file, offset
            first += len(part.paths)

    return StoredRequests(paths, places())

"""Run folders whose files are read once, for work that needs the same rows several times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, TypeVar

from imhi._core.records import Example, Prediction, Response
from imhi._core.run_store.folder import RunFolder

R = TypeVar("R", Response, Prediction)


class ReadOnce(RunFolder):
    """A run folder that keeps what was read of it in memory. ``shared`` keeps the examples that
    several folders have alike, byte for byte: runs of one benchmark asked about the same ones."""

    def __init__(self, folder: RunFolder, shared: dict[str, Sequence[Example]]) -> None:
        super().__init__(folder.path)
        self._shared = shared
        self._rows: dict[tuple[str, ...], Sequence[Any]] = {}

    def examples(self, dataset: str) -> Iterator[Example]:
        """Yield a dataset's examples."""
        key = ("examples", dataset)
        if key not in self._rows:
            path = self.file("examples", dataset)
            content = sha256(path.read_bytes()).hexdigest() if path.exists() else ""
            if content not in self._shared:
                self._shared[content] = list(super().examples(dataset))
            self._rows[key] = self._shared[content]
        return iter(self._rows[key])

    def responses(self, dataset: str) -> Iterator[Response]:
        """Yield a dataset's responses."""
        return self._once(("responses", dataset), super().responses(dataset))

    def predictions(self, labeler: str, dataset: str) -> Iterator[Prediction]:
        """Yield a dataset's labels as a labeler read them."""
        return self._once(("predictions", labeler, dataset), super().predictions(labeler, dataset))

    def _once(self, key: tuple[str, ...], rows: Iterator[R]) -> Iterator[R]:
        if key not in self._rows:
            self._rows[key] = list(rows)
        return iter(self._rows[key])

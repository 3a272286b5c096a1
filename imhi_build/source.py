"""The source ``built:FOLDER``: a build, read by everything that reads IMHI.

It yields what would be written: rows that were explained, without those that checks keep out; where no
check was made, none is kept out. The instruction set a build has written is read by
``official:FOLDER`` too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from imhi import Dataset, Example, HarnessError, digest, file_checksum
from imhi.build.folder import BuildFolder


def open_built(argument: str, datasets: Mapping[str, Dataset]) -> BuiltSource:
    """Open the build in the folder ``argument``.

    Raises:
        HarnessError: not a build, or its rows have not been joined with explanations yet.
    """
    folder = BuildFolder(Path(argument).expanduser())
    folder.require_explained()
    return BuiltSource(folder)


class BuiltSource:
    """A build (:class:`imhi._core.protocols.OpenSource`)."""

    def __init__(self, folder: BuildFolder) -> None:
        self.folder = folder
        self._splits = {
            name: list(read.counts) for name, read in folder.require_read().datasets.items()
        }

    def datasets(self) -> Sequence[str]:
        """Return the datasets that were read."""
        return list(self._splits)

    def splits(self, dataset: str) -> Sequence[str]:
        """Return the splits of a dataset; none where the build has not read it."""
        return self._splits.get(dataset, [])

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        """Yield the rows that would be written.

        Raises:
            HarnessError: no such split; or the quarantine is not the one that was recorded.
        """
        if split not in self.splits(dataset):
            raise HarnessError(
                f"built:{self.folder.path}: {dataset} has no split '{split}' (it has: "
                f"{', '.join(self.splits(dataset)) or 'none'})"
            )
        return (row.example() for row in self.folder.kept(dataset) if row.split == split)

    def checksum(self, dataset: str, split: str) -> str:
        """Return the checksum of all rows of the dataset, and of which of them are kept out."""
        quarantine = self.folder.file("quarantine", dataset)
        return digest(
            [
                file_checksum(self.folder.file("rows", dataset)),
                file_checksum(quarantine) if quarantine.exists() else None,
            ]
        )

    def describe(self) -> Mapping[str, str | None]:
        """Return the build's name and whose label counts in it."""
        explain = self.folder.record().explain
        return {"build": self.folder.path.name, "gold": explain.gold if explain else None}

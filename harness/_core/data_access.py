"""The rows of an opened source, as models, labelers and prompts may read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from imhi._core.fingerprints import digest
from imhi._core.protocols import OpenSource
from imhi._core.records import Example


@dataclass
class DataAccess:
    """An opened source, and the split under evaluation.

    The training rows of one dataset are kept, those asked for last: stages go through one dataset
    after the other.
    """

    source: OpenSource
    split: str
    repair_mojibake: bool = False
    _kept: tuple[str, tuple[str, ...], list[Example]] = field(default=("", (), []), repr=False)

    @property
    def asked(self) -> tuple[OpenSource, str, bool]:
        """What it was made of."""
        return self.source, self.split, self.repair_mojibake

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        """Stream one split, with mojibake repaired where that was asked for."""
        rows = self.source.examples(dataset, split)
        if not self.repair_mojibake:
            return rows
        from imhi._core.mojibake import repaired

        return (repaired(example) for example in rows)

    def training_examples(
        self, dataset: str, splits: Sequence[str] = ("train", "val")
    ) -> list[Example]:
        """Return the rows a baseline or labeler may learn from: ``splits``, as far as the source
        has them, without the split under evaluation (in whichever style: ``train-complete`` holds
        the rows of ``train``). Empty where there are none."""
        chosen = self._training_splits(dataset, splits)
        if self._kept[:2] != (dataset, chosen):
            self._kept = ("", (), [])  # two datasets are never in memory at once
            rows = [row for split in chosen for row in self.examples(dataset, split)]
            self._kept = (dataset, chosen, rows)
        return list(self._kept[2])  # whoever shuffles or cuts it changes nobody else's

    def training_checksum(self, dataset: str) -> str:
        """Return what the training rows of a dataset are known by (SHA-256 of their files)."""
        splits = self._training_splits(dataset, ("train", "val"))
        return digest([self.source.checksum(dataset, split) for split in splits])

    def _training_splits(self, dataset: str, splits: Sequence[str]) -> tuple[str, ...]:
        evaluated, there = _plain(self.split), self.source.splits(dataset)
        return tuple(split for split in splits if _plain(split) != evaluated and split in there)


def _plain(split: str) -> str:
    """Return the split that holds the same rows in instruction style."""
    return {"complete": "test"}.get(split, split.removesuffix("-complete"))

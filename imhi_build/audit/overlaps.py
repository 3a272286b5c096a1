"""Which splits of which datasets a post stands in, in the same or nearly the same words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imhi.build.audit.corpus import TRAINING, SourceCorpus
from imhi.build.audit.records import Shared, Unit
from imhi.build.checks.near_duplicates import Neighbours, Settings as SimilaritySettings
from imhi.build.checks.signatures import post_table
from imhi.build.records import BuiltRow

# What stands in the place of a split and of a dataset where several are taken together.
LEARNT, ANY = "train+val", "any"


class Homes:
    """The splits in which each distinct post stands: one bit for each, an int for each post."""

    def __init__(self, corpus: SourceCorpus) -> None:
        self.units = corpus.units
        self._bit = {unit: 1 << place for place, unit in enumerate(self.units)}
        self._at = {(unit.dataset, unit.split): unit for unit in self.units}
        self._corpus = corpus
        self.table = post_table(corpus)
        self.neighbours = Neighbours(self.table, SimilaritySettings())
        self._homes = [0] * len(self.table)
        outline: Any = corpus.outline()  # all that a table asks of a corpus are rows
        for dataset in corpus.datasets:
            for slot, row in self.table.rows(outline, dataset):
                self._homes[slot] |= self._bit[self._at[dataset, row.split]]
        self._near: list[int] = [self._nearly(slot) for slot in range(len(self.table))]

    def _nearly(self, slot: int) -> int:
        found = 0
        for other, _ in self.neighbours.of(slot)[1:]:
            found |= self._homes[other]
        return found

    def rows(self, dataset: str) -> Iterator[tuple[int, BuiltRow]]:
        """Yield the rows of a dataset, each with the slot of its post."""
        return self.table.rows(self._corpus, dataset)

    def held_against(self, unit: Unit) -> list[Unit]:
        """Return the splits whose posts leak into a split: training rows of every dataset, its own
        included. ``val`` is held against ``train`` only, ``train`` against nothing."""
        if unit.split == "train":
            return []
        against = ("train",) if unit.split == "val" else TRAINING
        return [other for other in self.units if other.split in against and other != unit]

    def among(self, slot: int, units: list[Unit]) -> list[Unit]:
        """Return those of the splits that have a post, equal or nearly."""
        there = self._homes[slot] | self._near[slot]
        return [unit for unit in units if there & self._bit[unit]]

    def matrix(self, evaluated: list[Unit]) -> Iterator[Shared]:
        """Yield how many posts of each evaluated split stand in each other split; pairs without one
        are left out."""
        for unit in evaluated:
            slots = self._slots(unit)
            for other in self.units:
                if other != unit:
                    yield from self._shared(unit, slots, [other], other.split)

    def leaks(self, evaluated: list[Unit]) -> Iterator[Shared]:
        """Yield how many posts of each evaluated split stand in the training rows of each dataset
        that it is held against, and of all of them together."""
        for unit in evaluated:
            slots = self._slots(unit)
            against = self.held_against(unit)
            for dataset in self._corpus.datasets:
                yield from self._shared(
                    unit, slots, [other for other in against if other.dataset == dataset], LEARNT
                )
            yield from self._shared(unit, slots, against, LEARNT, ANY)

    def _slots(self, unit: Unit) -> list[int]:
        bit = self._bit[unit]
        return [slot for slot, homes in enumerate(self._homes) if homes & bit]

    def _shared(
        self, unit: Unit, slots: list[int], others: list[Unit], split: str, dataset: str = ""
    ) -> Iterator[Shared]:
        bits = sum(self._bit[other] for other in others)
        equal = sum(1 for slot in slots if self._homes[slot] & bits)
        nearly = sum(
            1 for slot in slots if self._near[slot] & bits and not self._homes[slot] & bits
        )
        if equal or nearly:
            yield Shared(
                unit.dataset,
                unit.split,
                dataset or others[0].dataset,
                split,
                len(slots),
                equal,
                nearly,
                any(other.raw for other in others),
            )

"""A run in parts, each answered in a folder of its own: for clusters that know batch jobs only.

A shard is the whole run, of which a part is asked: every N-th request of each dataset. Its folder has
the run's id and lies in ``OUT/shards/I-of-N``, so that no two shards write, or lock, the same file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from imhi._core.errors import HarnessError


@dataclass(frozen=True)
class Shard:
    """Part ``number`` (from 1) ``of`` so many."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``I/N``.

        Raises:
            HarnessError: it is something else.
        """
        found = re.fullmatch(r"(\d+)/(\d+)", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise HarnessError(
                f"shard '{text}': expected I/N, the I-th of N parts, such as 1/8 (I from 1 to N)"
            )
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def holds(self, position: int) -> bool:
        """Say whether the request at a position (from 0) of a dataset is in this part."""
        return position % self.of == self.number - 1

    def size(self, rows: int) -> int:
        """Return how many of a dataset's rows are in this part."""
        return len(range(self.number - 1, rows, self.of))

    def out(self, out: Path) -> Path:
        """Return where the folder of this part of a run lies."""
        return out / "shards" / f"{self.number}-of-{self.of}"

"""Values of pairs of texts, computed once for each distinct pair and kept as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from imhi import Context, digest
from imhi.runs import Cache

Pair = tuple[str, str]
Steps = tuple[int, Iterator[tuple[Pair, list[Any]] | None]]
"""How many steps a computation takes, and the steps: a pair with its values, or None for work that
no pair is done with."""


@dataclass(frozen=True)
class PairCache:
    """What one metric knows of pairs of texts; values are JSON. ``key`` makes a pair's key of its
    content."""

    metric: str
    cache: Cache
    key: Callable[[Pair], str] = digest

    def __getitem__(self, pair: Pair) -> list[Any]:
        """Return the values of a pair that was computed."""
        values = self.cache.get(self.key(pair))
        assert values is not None
        return list(values)

    def fill(
        self,
        pairs: Iterable[Pair],
        compute: Callable[[list[Pair]], Steps],
        context: Context,
        dataset: str,
        rows: int,
    ) -> None:
        """Compute the pairs that are not known yet, and keep each as soon as it is.

        ``compute`` gets them in one order, however the rows stand, so that the same pairs share a
        batch; it is not called where there are none. Observers are told of progress in ``rows``.
        """
        keys = {pair: self.key(pair) for pair in pairs}
        missing = sorted(pair for pair, key in keys.items() if key not in self.cache)
        if not missing:
            return
        count, steps = compute(missing)
        done, told = len(keys) - len(missing), -1
        total = done + count
        for step in steps:
            if step is not None:
                pair, values = step
                self.cache.put(keys[pair], values)
            done += 1
            if (share := rows * done // total) != told:
                context.advance(self.metric, dataset, share, rows)
                told = share

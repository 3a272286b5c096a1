"""Values of pairs are computed once, in one order, and kept as they come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imhi._core.events import Event, ExamplesScored
from imhi._core.run_store.cache import CacheFolder
from imhi.plugins.metrics.neural.pair_cache import Pair, PairCache, Steps
from tests.plugins.metrics.columns import demo_context

PAIRS: list[Pair] = [("b", "x"), ("a", "y"), ("b", "x"), ("a", "x")]


def opened(folder: Path) -> PairCache:
    return PairCache("lengths", CacheFolder(folder).open("lengths", {"version": 1}))


class Lengths:
    """Computes the length of both texts, and remembers what it was asked."""

    def __init__(self, preparation: int = 0, fails_after: int | None = None) -> None:
        self.asked: list[list[Pair]] = []
        self.preparation = preparation
        self.fails_after = fails_after

    def __call__(self, missing: list[Pair]) -> Steps:
        self.asked.append(missing)
        return len(missing) + self.preparation, self._steps(missing)

    def _steps(self, missing: list[Pair]) -> Iterator[tuple[Pair, list[Any]] | None]:
        for _ in range(self.preparation):
            yield None
        for number, pair in enumerate(missing):
            if number == self.fails_after:
                raise MemoryError("killed")
            yield pair, [len(pair[0]), len(pair[1])]


def test_each_distinct_pair_is_computed_once_whatever_the_order_of_rows(tmp_path: Path) -> None:
    first, again, cache = Lengths(), Lengths(), opened(tmp_path)
    cache.fill(PAIRS, first, demo_context(), "DR", len(PAIRS))
    assert first.asked == [[("a", "x"), ("a", "y"), ("b", "x")]]
    cache.fill([*PAIRS[::-1], ("c", "zz")], again, demo_context(), "DR", 5)
    assert again.asked == [[("c", "zz")]]
    assert cache["c", "zz"] == [1, 2]


def test_nothing_is_asked_for_where_all_is_known(tmp_path: Path) -> None:
    first, second = Lengths(), Lengths()
    opened(tmp_path).fill(PAIRS, first, demo_context(), "DR", len(PAIRS))
    later = opened(tmp_path)
    later.fill(PAIRS, second, demo_context(), "DR", len(PAIRS))
    assert second.asked == [] and later["b", "x"] == [1, 1]


def test_what_was_computed_before_a_failure_is_kept(tmp_path: Path) -> None:
    with pytest.raises(MemoryError):
        opened(tmp_path).fill(PAIRS, Lengths(fails_after=2), demo_context(), "DR", len(PAIRS))
    rest = Lengths()
    opened(tmp_path).fill(PAIRS, rest, demo_context(), "DR", len(PAIRS))
    assert rest.asked == [[("b", "x")]]


def test_progress_is_told_in_rows_and_counts_preparation(tmp_path: Path) -> None:
    seen: list[Event] = []
    context = replace(demo_context(), notify=seen.append)
    opened(tmp_path).fill(PAIRS, Lengths(preparation=3), context, "DR", len(PAIRS))
    done = [event.done for event in seen if isinstance(event, ExamplesScored)]
    assert done == [0, 1, 2, 3, 4]

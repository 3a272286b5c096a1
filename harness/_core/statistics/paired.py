"""Several runs on the same posts: resampled together, or with their answers permuted.

Each run gives every post the sum of its rows' statistics. The bootstrap draws posts, the same ones
for all runs, so that a difference is resampled as a difference (Davison & Hinkley 1997, section
3.8). The permutation test exchanges what two runs said about a post, which changes nothing if they
do not differ (approximate randomisation; Noreen 1989, Yeh 2000). Both need sums only, so nothing is
scored again, and one set of draws serves every pair of runs.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from imhi._core.statistics.bootstrap import generator
from imhi._core.statistics.clusters import cluster_sums, distinct_rows
from imhi._core.statistics.measures import Array, Measure

_CELLS = 1_000_000  # of one array at a time
_EXACT = 1 << 24  # whole numbers below are exact in single precision


@dataclass(frozen=True)
class Paired:
    """One measure of several runs on the same examples.

    ``parts[r]`` holds run r's sums by post, shape (posts, k); ``value_of[r]`` makes values of sums.
    """

    parts: Sequence[Array]
    value_of: Sequence[Callable[[Array], Array]]

    @classmethod
    def of(cls, measures: Sequence[Measure], clusters: Sequence[str]) -> Paired:
        """Bring runs' measures of the same rows together; ``clusters`` names the post of each row."""
        parts = [cluster_sums(measure.statistics, clusters) for measure in measures]
        return cls(parts, [measure.value_of for measure in measures])

    @property
    def posts(self) -> int:
        """How many posts there are to draw from."""
        return len(self.parts[0])

    def values(self) -> Array:
        """Return each run's value on all posts, shape (runs,)."""
        pairs = zip(self.value_of, self.parts, strict=True)
        return np.array([value_of(part.sum(axis=0)) for value_of, part in pairs], dtype=np.float64)

    def resampled(self, resamples: int, seed: int, name: str, draws: int | None = None) -> Array:
        """Return every run's value on resampled posts, shape (runs, resamples).

        ``name`` (the dataset's) enters the seed, so that datasets are drawn independently. ``draws`` is
        how many posts a resample has (None: as many as there are): fewer show what values on so few
        would scatter like (m out of n bootstrap; Bickel, Goetze & van Zwet 1997).
        """
        rows, pattern = _patterns(self)
        draws = draws or self.posts
        small = self.posts <= np.iinfo(np.uint16).max

        def part(index: int, size: int) -> Array:
            drawn = generator(seed, f"{name} {index}")
            shape = (size, draws)
            posts = drawn.integers(0, self.posts, shape, dtype=np.uint16 if small else np.uint32)
            cells = pattern.take(posts)
            cells += (np.arange(size) * len(rows))[:, None]
            counts = np.bincount(cells.reshape(-1), minlength=size * len(rows))
            return counts.reshape(size, len(rows)).astype(rows.dtype) @ rows

        sums = _split(_in_parts(part, resamples, draws), self)
        with np.errstate(
            invalid="ignore", divide="ignore"
        ):  # a value may be undefined on some draws
            return np.array(
                [value_of(of) for value_of, of in zip(self.value_of, sums, strict=True)]
            )

    def permuted(self, permutations: int, seed: int, name: str) -> Array:
        """Return the difference of every two runs with their answers exchanged at random posts.

        Shape (pairs, permutations), pairs in the order of ``itertools.combinations(runs, 2)``.
        """
        rows = _single_if_exact(np.concatenate(self.parts, axis=1), self.posts)
        width = -(-self.posts // 8)

        def part(index: int, size: int) -> Array:
            drawn = generator(seed, f"exchange {name} {index}")
            bits = np.frombuffer(drawn.bytes(size * width), dtype=np.uint8).reshape(size, width)
            return np.unpackbits(bits, axis=1, count=self.posts).astype(rows.dtype) @ rows

        # What each run keeps of its own; the other one of a pair gets the rest.
        kept = list(_split(_in_parts(part, permutations, self.posts), self))
        totals = [part.sum(axis=0) for part in self.parts]

        def difference(pair: tuple[int, int]) -> Array:
            a, b = pair
            one = self.value_of[a](kept[a] + (totals[b] - kept[b]))
            return one - self.value_of[b](kept[b] + (totals[a] - kept[a]))

        pairs = list(itertools.combinations(range(len(totals)), 2))
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            differences = list(threads.map(difference, pairs))
        return np.array(differences).reshape(len(pairs), permutations)


def _in_parts(part: Callable[[int, int], Array], total: int, posts: int) -> Array:
    """Return the rows that ``part(index, size)`` makes, in order, made on all cores.

    Parts are of one size whatever the machine, and each draws from a seed of its own: the same
    seed gives the same numbers everywhere. numpy works without Python's lock, so threads do.
    """
    from threadpoolctl import threadpool_limits

    step = max(1, _CELLS // max(posts, 1))
    sizes = [min(step, total - start) for start in range(0, total, step)]
    if len(sizes) == 1:
        return part(0, total)
    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(os.cpu_count()) as threads,
    ):
        return np.concatenate(list(threads.map(part, range(len(sizes)), sizes)))


def _patterns(data: Paired) -> tuple[Array, np.ndarray]:
    """Return the distinct rows of all runs' sums side by side, and which one each post has: posts
    that no run tells apart are counted together."""
    rows, pattern = distinct_rows(np.concatenate(data.parts, axis=1))
    return _single_if_exact(rows, data.posts), pattern


def _single_if_exact(rows: Array, posts: int) -> Array:
    """Return rows in single precision (twice as fast) where sums over so many posts are exact in
    it: those of whole numbers that stay small."""
    small = max(float(np.abs(rows).max(initial=0)), 1) * posts < _EXACT
    whole = small and bool((rows == np.rint(rows)).all())
    return rows.astype(np.float32) if whole else rows  # type: ignore[return-value]


def _split(sums: Array, data: Paired) -> Iterator[Array]:
    start = 0
    for part in data.parts:
        yield sums[:, start : start + part.shape[1]].astype(np.float64)
        start += part.shape[1]

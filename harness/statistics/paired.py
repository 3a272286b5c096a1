"""Several runs on the same posts: resampled together, or with their answers exchanged.

Each run gives every post the sum of its rows' statistics. The bootstrap draws posts, the same ones
for all runs, so that a difference is resampled as a difference (Davison & Hinkley 1997, section
3.8). The permutation test exchanges what two runs said about a post, which changes nothing if they
do not differ (approximate randomisation; Noreen 1989, Yeh 2000). Both need sums only, so nothing is
scored again, and one set of draws serves every pair of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from harness.statistics.bootstrap import cluster_sums, generator
from harness.statistics.measures import Array, Measure

_CELLS = 4_000_000  # of one array at a time
_EXACT = 1 << 24  # whole numbers below are exact in single precision


@dataclass(frozen=True)
class Paired:
    """One measure of several runs on the same examples.

    ``parts[r]`` holds run r's sums by post, shape (posts, k); ``value_of[r]`` makes values of sums.
    """

    parts: Sequence[Array]
    value_of: Sequence[Callable[[Array], Array]]

    @property
    def posts(self) -> int:
        return len(self.parts[0])

    def values(self) -> Array:
        """Return each run's value on all posts, shape (runs,)."""
        found = [f(part.sum(axis=0)) for f, part in zip(self.value_of, self.parts, strict=True)]
        return np.array(found, dtype=np.float64)


def paired(measures: Sequence[Measure], clusters: Sequence[str]) -> Paired:
    """Bring runs' measures of the same rows together; ``clusters`` names the post of each row."""
    parts = [cluster_sums(measure.statistics, clusters) for measure in measures]
    return Paired(parts, [measure.value_of for measure in measures])


def resampled(data: Paired, resamples: int, seed: int, name: str) -> Array:
    """Return every run's value on resampled posts, shape (runs, resamples).

    ``name`` (the dataset's) enters the seed, so that datasets are drawn independently.
    """
    rows, pattern = _patterns(data)
    drawn = generator(seed, name)
    values = np.empty((len(data.parts), resamples))
    for start, size in _chunks(resamples, data.posts):
        posts = drawn.integers(0, data.posts, size=(size, data.posts), dtype=np.uint32)
        cells = pattern[posts]
        cells += (np.arange(size) * len(rows))[:, None]
        counts = np.bincount(cells.reshape(-1), minlength=size * len(rows))
        sums = counts.reshape(size, len(rows)).astype(rows.dtype) @ rows
        for run, part in enumerate(_split(sums, data)):
            values[run, start : start + size] = data.value_of[run](part)
    return values


def exchanged(data: Paired, permutations: int, seed: int, name: str) -> Array:
    """Return the difference of every two runs with their answers exchanged at random posts.

    Shape (pairs, permutations), pairs in the order of ``itertools.combinations(runs, 2)``.
    """
    rows = _single_if_exact(np.concatenate(data.parts, axis=1))
    totals = [part.sum(axis=0) for part in data.parts]
    runs = len(data.parts)
    pairs = [(a, b) for a in range(runs) for b in range(a + 1, runs)]
    drawn = generator(seed, f"exchange {name}")
    found = np.empty((len(pairs), permutations))
    for start, size in _chunks(permutations, data.posts):
        width = -(-data.posts // 8)
        bits = np.frombuffer(drawn.bytes(size * width), dtype=np.uint8).reshape(size, width)
        kept = np.unpackbits(bits, axis=1, count=data.posts).astype(rows.dtype)
        own = list(_split(kept @ rows, data))  # what each run keeps; the other gets the rest
        for row, (a, b) in enumerate(pairs):
            one = data.value_of[a](own[a] + (totals[b] - own[b]))
            other = data.value_of[b](own[b] + (totals[a] - own[a]))
            found[row, start : start + size] = one - other
    return found


def _patterns(data: Paired) -> tuple[Array, np.ndarray]:
    """Return the distinct rows of all runs' sums side by side, and which one each post has: posts
    that no run tells apart are counted together."""
    codes = [np.unique(part, axis=0, return_inverse=True)[1].reshape(-1) for part in data.parts]
    _, first, pattern = np.unique(
        np.stack(codes, axis=1), axis=0, return_index=True, return_inverse=True
    )
    rows = np.concatenate([part[first] for part in data.parts], axis=1)
    return _single_if_exact(rows, data.posts), pattern.reshape(-1).astype(np.int64)


def _single_if_exact(rows: Array, times: int = 1) -> Array:
    """Return rows in single precision (twice as fast) where all sums stay exact in it."""
    largest = max(float(np.abs(rows).max(initial=0)), 1) * len(rows) * times
    whole = largest < _EXACT and bool((rows == np.rint(rows)).all())
    return rows.astype(np.float32) if whole else rows  # type: ignore[return-value]


def _split(sums: Array, data: Paired) -> Iterator[Array]:
    start = 0
    for part in data.parts:
        yield sums[:, start : start + part.shape[1]].astype(np.float64)
        start += part.shape[1]


def _chunks(total: int, width: int) -> Iterator[tuple[int, int]]:
    step = max(1, _CELLS // max(width, 1))
    for start in range(0, total, step):
        yield start, min(step, total - start)

"""Which posts of a table are nearly equal: locality-sensitive hashing, a band at a time.

A signature is cut into bands; two posts whose signatures agree in all hashes of a band are a
candidate. One band's keys are computed and sorted at a time, so that memory holds a few bytes per
post. Candidates whose signatures promise enough are compared exactly, shingle by shingle: hashing
can lose a pair, never invent one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from imhi.build.checks.signatures import HASHES, PostTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A pair exactly at the threshold is lost with at most this probability, before the estimate.
MISSED = 0.015
# The estimate's standard error is at most 0.045 (128 hashes): 3.4 of them are let through.
MARGIN = 0.15
# In a bucket, a post is compared with the first and with so many that follow it: enough unless
# hundreds of posts agree in a band without being alike.
FOLLOWING = 64
_BLOCK = 8192  # signatures, or pairs of them, in memory at once: 1 MB


class NearPairs:
    """Pairs of nearly equal posts, both ways, in order: ``left`` and ``right`` slots and their
    similarities, each of shape (pairs,)."""

    def __init__(
        self, left: NDArray[np.int64], right: NDArray[np.int64], score: NDArray[np.float64]
    ) -> None:
        import numpy as np

        both = np.concatenate([left, right]), np.concatenate([right, left])
        order = np.lexsort((both[1], both[0]))
        self._left, self._right = both[0][order], both[1][order]
        self._score = np.concatenate([score, score])[order]

    def __len__(self) -> int:
        return len(self._left) // 2

    def of(self, slot: int) -> list[tuple[int, float]]:
        """Return the slots that are nearly equal to one, lowest first, with their similarity."""
        start, stop = self._left.searchsorted([slot, slot + 1])
        near = zip(self._right[start:stop], self._score[start:stop], strict=True)
        return [(int(other), float(score)) for other, score in near]


def near_pairs(table: PostTable, threshold: float) -> NearPairs:
    """Return the pairs of distinct posts with a Jaccard similarity of at least ``threshold``
    (0.5 to 1). Computed once per table and threshold."""
    import numpy as np

    key = (NearPairs, threshold)
    if key not in table.cache:
        codes = [_promising(table, *pair, threshold) for pair in _candidates(table, threshold)]
        pair_codes = np.unique(np.concatenate([np.empty(0, np.int64), *codes]))
        left, right = np.divmod(pair_codes, max(1, len(table)))
        score = np.array(
            [table.similarity(int(a), int(b)) for a, b in zip(left, right, strict=True)], float
        )
        near = score >= threshold
        table.cache[key] = NearPairs(left[near], right[near], score[near])
    pairs: NearPairs = table.cache[key]
    return pairs


def hashes_per_band(threshold: float) -> int:
    """Return the most hashes a band may have: longer bands have fewer candidates and lose more.

    >>> [hashes_per_band(similarity) for similarity in (0.5, 0.6, 0.8, 1.0)]
    [3, 4, 7, 8]
    """
    for size in range(8, 2, -1):
        if (1 - threshold**size) ** (HASHES // size) <= MISSED:
            return size
    return 3


def _candidates(
    table: PostTable, threshold: float
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield arrays of pairs, the lower slot first; a pair may come more than once."""
    import numpy as np

    size = hashes_per_band(threshold)
    for start in range(0, HASHES - size + 1, size):
        keys = _keys(table, slice(start, start + size))
        order = np.argsort(keys, kind="stable")  # within a bucket: by slot
        ranked = keys[order]
        opens = np.append(True, ranked[1:] != ranked[:-1])
        first = np.flatnonzero(opens)[np.cumsum(opens) - 1]  # where a post's bucket begins
        for step in range(1, min(FOLLOWING, len(order) - 1) + 1):
            at = np.flatnonzero(ranked[step:] == ranked[:-step])
            if not len(at):
                break
            yield order[at], order[at + step]
        far = np.flatnonzero(np.arange(len(order)) - first > FOLLOWING)
        yield order[first[far]], order[far]


def _keys(table: PostTable, band: slice) -> NDArray[np.uint64]:
    """Return 64 bits per post, equal where a band is; posts without words have keys of their own,
    because all empty sets look alike."""
    import numpy as np

    keys = np.zeros(len(table), np.uint64)
    for column in table.signatures[:, band].T:
        keys = keys << np.uint64(8) | column
    empty = np.flatnonzero(np.frombuffer(table.words, np.uint32) == 0)
    keys[empty] = empty.astype(np.uint64) | np.uint64(1 << 63)
    return keys


def _promising(
    table: PostTable, left: NDArray[np.int64], right: NDArray[np.int64], threshold: float
) -> NDArray[np.int64]:
    """Return the pairs whose signatures agree in enough places, each as one number."""
    import numpy as np

    kept = [np.empty(0, np.int64)]
    for start in range(0, len(left), _BLOCK):
        a, b = left[start : start + _BLOCK], right[start : start + _BLOCK]
        agreeing = (table.signatures[a] == table.signatures[b]).mean(axis=1)
        near = agreeing >= threshold - MARGIN
        kept.append(a[near] * len(table) + b[near])
    return np.concatenate(kept)

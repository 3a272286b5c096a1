"""Draws a stratified sample of a build, without holding its rows.

Each row has a number that depends on the seed and its name only; a stratum gives the rows with the
smallest numbers. That is a simple random sample of the stratum, the same whatever the order of the
rows and whichever other datasets are drawn from.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from imhi import HarnessError, post_key
from imhi.build.human_evaluation.shares import Shares, Stratum, allocate
from imhi.build.records import BuiltRow

Rows = Callable[[str], Iterable[BuiltRow]]
# How many more rows than it can give a stratum keeps in mind, to pass over posts that were drawn.
_SPARE = 4


@dataclass(frozen=True)
class Drawn:
    """``rows`` in the order of the build; ``available`` and ``taken`` by stratum; ``doubled`` is
    the number of rows whose post another row of the sample has, too."""

    rows: Sequence[BuiltRow]
    available: Mapping[Stratum, int]
    taken: Mapping[Stratum, int]
    doubled: int


@dataclass(order=True, frozen=True, slots=True)
class _Candidate:
    number: int
    id: str
    post: str


def draw(rows: Rows, datasets: Sequence[str], size: int, seed: int, shares: Shares) -> Drawn:
    """Draw ``size`` rows with an explanation (all, where there are fewer), stratified by dataset and
    label, a post at most once where that is possible. ``rows(dataset)`` is read twice.

    Raises:
        HarnessError: no row has an explanation.
    """
    available: dict[Stratum, int] = {}
    # Heaps with the largest number on top (negated), so that it is what falls out.
    kept: dict[Stratum, list[tuple[int, _Candidate]]] = {}
    room = _SPARE * size + 50
    for row in _explained(rows, datasets):
        stratum = (row.dataset, row.label)
        available[stratum] = available.get(stratum, 0) + 1
        candidate = _Candidate(_number(seed, row), row.id, row.post_id or post_key(row.post))
        heap = kept.setdefault(stratum, [])
        if len(heap) < room:
            heapq.heappush(heap, (-candidate.number, candidate))
        elif candidate.number < -heap[0][0]:
            heapq.heapreplace(heap, (-candidate.number, candidate))
    if not available:
        raise HarnessError(
            f"no row of {', '.join(datasets)} has an explanation, expected some to draw from: "
            "run 'imhi build explain' first, or, where checks keep all out, draw with --of all"
        )
    taken = allocate(available, size, shares)
    candidates = {
        stratum: sorted(candidate for _, candidate in heap) for stratum, heap in kept.items()
    }
    chosen, doubled = _choose(candidates, taken)
    drawn = [row for row in _explained(rows, datasets) if (row.dataset, row.id) in chosen]
    return Drawn(drawn, available, taken, doubled)


def _choose(
    candidates: Mapping[Stratum, Sequence[_Candidate]], taken: Mapping[Stratum, int]
) -> tuple[set[tuple[str, str]], int]:
    """Return (dataset, id) of what is drawn, and how many of them share a post."""
    chosen: set[tuple[str, str]] = set()
    posts: set[str] = set()
    doubled = 0
    # Those with the least choice go first: they could not pass over a post that is taken.
    for stratum in sorted(taken, key=lambda one: (len(candidates[one]) - taken[one], one)):
        fresh: list[_Candidate] = []
        again: list[_Candidate] = []
        for candidate in candidates[stratum]:
            if len(fresh) == taken[stratum]:
                break
            (again if candidate.post in posts else fresh).append(candidate)
            if fresh and fresh[-1] is candidate:
                posts.add(candidate.post)
        missing = taken[stratum] - len(fresh)
        doubled += missing
        chosen |= {(stratum[0], candidate.id) for candidate in [*fresh, *again[:missing]]}
    return chosen, doubled


def _explained(rows: Rows, datasets: Sequence[str]) -> Iterator[BuiltRow]:
    for dataset in datasets:
        for row in rows(dataset):
            if row.explanation.strip():
                yield row


def _number(seed: int, row: BuiltRow) -> int:
    text = f"{seed}/{row.key}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")

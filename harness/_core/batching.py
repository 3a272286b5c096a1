"""Batches by tokens, longest first.

One batcher serves generation, classifiers and neural metrics: items of like length stand
together, so little is padding; a batch holds as many as a token budget allows, since on a CPU a
bigger batch is not a faster one; where memory runs out the budget halves and the work goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def token_batches(
    lengths: Sequence[int], budget: int, max_items: int | None = None
) -> Iterator[list[int]]:
    """Yield lists of indices, longest items first; each index once.

    A batch costs ``items * longest`` tokens and stays within ``budget``, save that an item longer
    than the budget stands alone. ``max_items`` bounds a batch as well.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        longest = lengths[batch[0]] if batch else lengths[index]
        full = (len(batch) + 1) * max(longest, 1) > budget
        if batch and (full or (max_items is not None and len(batch) >= max_items)):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def run_batches(
    items: Sequence[T],
    lengths: Sequence[int],
    work: Callable[[Sequence[T]], Sequence[R]],
    budget: int,
    out_of_memory: tuple[type[BaseException], ...] = (MemoryError,),
    max_items: int | None = None,
    free: Callable[[], None] = lambda: None,
) -> Iterator[tuple[int, R]]:
    """Run ``work`` over token batches and yield ``(index of item, result)`` as batches finish.

    When ``work`` runs out of memory, ``free`` is called and the batch is done again in halves; the
    smaller size is kept for the batches after it. An item that does not fit alone raises.
    """
    pending = list(token_batches(lengths, budget, max_items))[::-1]
    while pending:
        batch = pending.pop()
        try:
            results = work([items[index] for index in batch])
        except out_of_memory:
            if len(batch) == 1:
                raise
            free()
            limit = (len(batch) + 1) // 2
            budget = max(1, budget // 2)
            rest = [index for later in reversed(pending) for index in later]
            remaining = [lengths[index] for index in rest]
            again = [
                [rest[i] for i in part] for part in token_batches(remaining, budget, max_items)
            ]
            pending = [*again[::-1], batch[limit:], batch[:limit]]
            continue
        yield from zip(batch, results, strict=True)

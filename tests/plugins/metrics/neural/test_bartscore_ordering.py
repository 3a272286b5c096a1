"""Which pairs of BARTScore are computed together."""

from __future__ import annotations

import random

from imhi.plugins.metrics.neural.bartscore.ordering import Pair, chunks, in_order, take_batch


def pairs_of(count: int, sharing: int = 1) -> list[Pair]:
    """Pairs of 20 to 200 tokens a side; ``sharing`` of them have the same source."""
    generator = random.Random(0)
    sizes = [generator.randint(20, 200) for _ in range(count)]
    return [
        Pair(n // sharing, count + n, (sizes[n // sharing], generator.randint(20, 200)))
        for n in range(count)
    ]


def batches_of(pairs: list[Pair], held: int = 5_000, budget: int = 1_024) -> list[list[int]]:
    found = []
    for chunk in chunks(pairs, held):
        waiting, start = in_order(pairs, chunk), 0
        while start < len(waiting):
            found.append(take_batch(pairs, waiting, start, budget))
            start += len(found[-1])
    return found


def test_every_pair_stands_in_one_batch() -> None:
    pairs = pairs_of(300, sharing=3)
    assert sorted(index for batch in batches_of(pairs) for index in batch) == list(range(300))


def test_the_sources_of_a_chunk_stay_within_what_may_be_held() -> None:
    pairs = pairs_of(300, sharing=3)
    for chunk in chunks(pairs, 2_000):
        assert sum({pairs[i].source: pairs[i].sizes[0] for i in chunk}.values()) <= 2_000


def test_pairs_of_one_source_are_never_torn_apart() -> None:
    pairs = pairs_of(300, sharing=6)
    at = [{pairs[index].source for index in chunk} for chunk in chunks(pairs, 1_000)]
    assert len(at) > 1
    assert sum(map(len, at)) == len(set().union(*at)) == 50


def test_a_source_longer_than_what_may_be_held_stands_alone() -> None:
    pairs = [Pair(0, 2, (900, 10)), Pair(1, 3, (20, 10))]
    assert list(chunks(pairs, 100)) == [[0], [1]]


def test_a_batch_stays_within_the_budget_unless_one_pair_is_more() -> None:
    pairs = [*pairs_of(200), Pair(900, 901, (800, 700))]
    for batch in batches_of(pairs):
        longest = [max(pairs[index].sizes[side] for index in batch) for side in (0, 1)]
        assert len(batch) * sum(longest) <= 1_024 or len(batch) == 1


def test_neither_side_is_padded_much() -> None:
    pairs = pairs_of(400)
    for side in (0, 1):
        real = computed = 0
        for batch in batches_of(pairs, held=65_536):
            sizes = [pairs[index].sizes[side] for index in batch]
            real, computed = real + sum(sizes), computed + len(sizes) * max(sizes)
        assert real / computed > 0.92

"""How much a worker is given at a time: simulated workers, on a clock that is set by hand."""

from __future__ import annotations

import heapq

from imhi._core.spreading.portions import LEAST, MOST, Portions


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def simulate(count: int, seconds: list[float]) -> tuple[float, list[tuple[int, int]]]:
    """Return when workers that take so many seconds an item are through, and the size of each portion
    with its worker."""
    clock = Clock()
    portions = Portions(count, len(seconds), clock)
    sizes, done = [], []
    free = [(0.0, worker, 0) for worker in range(len(seconds))]
    heapq.heapify(free)
    while free:
        clock.now, worker, finished = heapq.heappop(free)
        if finished:
            portions.arrived(worker, finished)
            portions.rest(worker)
        portion = portions.take(worker)
        if not portion:
            continue
        sizes.append((worker, len(portion)))
        done += portion
        heapq.heappush(free, (clock.now + len(portion) * seconds[worker], worker, len(portion)))
    assert sorted(done) == list(range(count))
    return clock.now, sizes


def test_every_item_is_given_once_and_portions_are_within_their_bounds() -> None:
    _, sizes = simulate(50_000, [0.01, 0.01])
    assert all(LEAST <= size <= MOST for _, size in sizes[:-2])
    assert max(size for _, size in sizes) == MOST  # so that a model can batch
    assert len(sizes) < 120  # so that it seldom waits


def test_a_slow_worker_does_not_hold_up_the_rest() -> None:
    ideal = 414 / (1 / 0.1 + 1 / 1.0)  # both at work until the end
    pulled, _ = simulate(414, [0.1, 1.0])
    dealt = 207 * 1.0
    assert pulled < 1.35 * ideal
    assert pulled < dealt / 4


def test_workers_that_are_alike_end_together() -> None:
    seconds, _ = simulate(1000, [0.2, 0.2, 0.2, 0.2])
    assert seconds < 1.05 * 1000 * 0.2 / 4


def test_few_items_are_spread_over_all_workers() -> None:
    _, sizes = simulate(6, [1.0, 1.0, 1.0])
    assert sizes == [(0, 2), (1, 2), (2, 2)]


def test_what_a_dead_worker_had_comes_first_and_in_small_pieces() -> None:
    portions = Portions(100, 2)
    given = portions.take(0)
    portions.rest(0)
    portions.put_back(given)
    pieces = [portions.take(1) for _ in range(8)]
    assert [item for piece in pieces for item in piece] == list(given)
    assert {len(piece) for piece in pieces} == {2}


def test_one_that_kills_among_a_thousand_is_alone_after_four_deaths() -> None:
    portions = Portions(1024 * 16, 1)
    suspects, deaths = list(range(1024)), 1
    while len(suspects) > 1:
        portions.put_back(suspects)
        while 777 not in (piece := portions.take(0)):
            portions.rest(0)
        suspects, deaths = list(piece), deaths + 1
    assert suspects == [777] and deaths == 5

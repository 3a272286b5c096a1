"""One limit over many workers: never passed, and used up."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from functools import partial

import pytest

from imhi import Budget
from imhi._core.spreading.lending import Asking, Lender, LentBudget, Loan

MOST = 0.01


def spend(lend: Callable[[Asking], Loan], seed: int) -> float:
    """Ask as a model does, four in flight, until nothing is allowed any more; return what it cost."""
    drawn = random.Random(seed)
    budget = LentBudget(1.0, lend=lend)
    in_flight, cost = 0, 0.0
    while True:
        if in_flight < 4 and (budget.fits(MOST) or not in_flight):
            if not budget.reserve(MOST):
                break
            in_flight += 1
        elif in_flight:
            in_flight -= 1
            cost += (paid := drawn.uniform(0.2, 1.0) * MOST)
            budget.settle(MOST, paid)
    budget.give_back()
    return cost


@pytest.mark.parametrize("trial", range(10))
def test_three_workers_spend_the_limit_together_and_ask_seldom(trial: int) -> None:
    whole = Budget(1.0)
    lender, lock = Lender(whole), threading.Lock()
    asked: list[Asking] = []
    costs: list[float] = []

    def lend(worker: int, asking: Asking) -> Loan:
        with lock:
            asked.append(asking)
            return lender.ask(worker, asking)

    def work(worker: int) -> None:
        costs.append(spend(partial(lend, worker), 10 * trial + worker))

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(costs) == 3  # nobody waits for ever
    assert 1.0 - MOST < sum(costs) <= 1.0
    assert whole.exhausted and abs(whole.spent - sum(costs)) < 1e-9
    assert len(asked) < sum(costs) / MOST / 2


def test_what_a_dead_worker_had_borrowed_counts_as_spent() -> None:
    whole = Budget(1.0)
    lender = Lender(whole)
    assert lender.ask(0, Asking(0.0, 0.0, 0.1)) == Loan("yes", 1.0)
    assert lender.ask(1, Asking(0.0, 0.0, 0.1)).answer == "later"
    lender.died(0)
    assert whole.spent == 1.0
    assert lender.ask(1, Asking(0.0, 0.0, 0.1)).answer == "no"
    assert whole.exhausted


def test_fractions_that_are_left_over_keep_nobody_waiting() -> None:
    """0.1 + 0.2 - 0.1 - 0.2 is not 0: no request is in flight all the same."""
    whole = Budget(0.33)
    lender = Lender(whole)
    one, other = (LentBudget(0.33, lend=partial(lender.ask, worker)) for worker in (0, 1))
    assert one.reserve(0.1) and one.reserve(0.2)
    one.settle(0.1, 0.1)
    one.settle(0.2, 0.2)
    one.give_back()
    assert one.reserved == 0.0
    assert not other.reserve(0.1) and whole.exhausted


def test_without_a_limit_everything_fits() -> None:
    budget = Budget()
    assert budget.fits(1e9) and budget.reserve(1e9)


def test_a_worker_that_needs_nothing_more_makes_room_for_others() -> None:
    whole = Budget(1.0)
    lender = Lender(whole)
    one, other = (LentBudget(1.0, lend=partial(lender.ask, worker)) for worker in (0, 1))
    assert one.reserve(0.5) and not other.fits(0.6)
    one.settle(0.5, 0.3)
    one.give_back()
    assert other.fits(0.6) and other.reserve(0.6)
    assert not whole.exhausted

"""One limit of money over many workers: lent in slices, settled as it is spent.

Asking takes a message there and back, so a worker borrows for several requests at once and spends
within that. What it has borrowed counts as spent until it says otherwise; so the limit holds
whatever becomes of the worker.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from imhi._core.budget import Budget

SLICE = 16
"""Requests of the size asked about that are lent for at one time, while there is enough."""
_PATIENCE = 0.05  # seconds before a worker that was told to wait asks again


@dataclass(frozen=True)
class Asking:
    """What a worker says: what it ``spent`` since it last asked, what it ``held`` for requests in
    flight, and what it ``wants`` besides (0: it is done for now), in US dollars. ``exhausted``: it
    was refused, and has told its model so."""

    spent: float
    held: float
    wants: float = 0.0
    exhausted: bool = False


@dataclass(frozen=True)
class Loan:
    """The answer: ``amount`` of US dollars to reserve from, or to come again ``later``, when others
    have settled, or ``no``."""

    answer: Literal["yes", "later", "no"]
    amount: float = 0.0


class Lender:
    """Keeps the budget of a run while workers spend it."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._lent: dict[int, float] = {}

    def ask(self, worker: int, asking: Asking) -> Loan:
        """Take back what a worker did not need, and lend it what it wants if that is there."""
        self.budget.spent += asking.spent
        self._lent[worker] = asking.held
        self.budget.exhausted |= asking.exhausted
        if asking.wants <= 0:
            return Loan("yes")
        limit, lent = self.budget.limit, sum(self._lent.values())
        assert limit is not None
        there = limit - self.budget.spent - lent
        if asking.wants <= there:
            amount = max(asking.wants, min(SLICE * asking.wants, there))
            self._lent[worker] += amount
            return Loan("yes", amount)
        # What is lent may come back unspent.
        if lent > 0:
            return Loan("later")
        self.budget.exhausted = True
        return Loan("no")

    def died(self, worker: int) -> None:
        """Count as spent what a dead worker had borrowed: its requests may have been answered, and
        nobody can tell any more."""
        self.budget.spent += self._lent.pop(worker, 0.0)


@dataclass
class LentBudget(Budget):
    """A worker's part of a budget. ``limit`` is that of the run."""

    lend: Callable[[Asking], Loan] = field(kw_only=True)
    _room: float = field(default=0.0, init=False)
    _unsaid: float = field(default=0.0, init=False)

    def fits(self, amount: float) -> bool:
        """See :meth:`imhi.Budget.fits`; borrows if need be, and waits for nobody."""
        return self.reserved + amount <= self._room or self._borrow(amount).answer == "yes"

    def reserve(self, amount: float) -> bool:
        """See :meth:`imhi.Budget.reserve`; waits while other workers may give money back, unless
        that would hold up requests in flight."""
        while not self.reserved + amount <= self._room:
            loan = self._borrow(amount)
            if loan.answer == "no" or (loan.answer == "later" and self.reserved):
                self.exhausted = True
                return False
            if loan.answer == "later":
                time.sleep(_PATIENCE)
        self.reserved += amount
        return True

    def settle(self, reserved: float, cost: float) -> None:
        """See :meth:`imhi.Budget.settle`."""
        super().settle(reserved, cost)
        self._room -= cost
        self._unsaid += cost

    def give_back(self) -> None:
        """Return what is not spent, and say what is."""
        self._ask(0.0)
        self._room = self.reserved

    def _borrow(self, amount: float) -> Loan:
        loan = self._ask(amount)
        self._room = self.reserved + loan.amount
        return loan

    def _ask(self, wants: float) -> Loan:
        asking = Asking(self._unsaid, self.reserved, wants, self.exhausted)
        loan = self.lend(asking)
        self._unsaid = 0.0
        return loan

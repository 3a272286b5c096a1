"""Money: what a run may cost, what it has cost, what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from imhi._core.errors import HarnessError

_NO_MONEY = 1e-9  # US dollars


@dataclass(frozen=True)
class Estimate:
    """What asking some prompts would take. ``cost`` in US dollars; None where no price is known
    (a server of one's own, local weights); ``scored`` counts the wordings whose likelihood is asked
    for, where no text is."""

    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None = None
    note: str = ""
    scored: int = 0

    @classmethod
    def total(cls, estimates: Sequence[Estimate]) -> Estimate:
        """Return the sum of estimates; its cost is None where one of them is."""
        costs = [one.cost for one in estimates]
        return cls(
            sum(one.requests for one in estimates),
            sum(one.prompt_tokens for one in estimates),
            sum(one.completion_tokens for one in estimates),
            None if None in costs else sum(cost or 0.0 for cost in costs),
            scored=sum(one.scored for one in estimates),
        )


@dataclass(frozen=True)
class Rate:
    """What tokens cost of a request whose prompt has more than ``above`` of them, in US dollars per
    million."""

    above: int
    prompt: float
    completion: float


@dataclass(frozen=True)
class PriceFacts:
    """What a model's tokens cost at a provider. ``rates``, at least one, go by the length of the prompt,
    the shortest first; ``batch`` are those of requests in batches, empty where none is known.
    ``source`` says where they are from, and of when."""

    model: str
    provider: str
    rates: tuple[Rate, ...]
    batch: tuple[Rate, ...]
    source: str


@dataclass
class Budget:
    """How much may still be spent, in US dollars; without a limit everything may.

    A model reserves the most a request can cost before it asks, and settles what it did cost
    afterwards; so the limit holds while requests are in flight.
    """

    limit: float | None = None
    spent: float = 0.0
    reserved: float = 0.0
    exhausted: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 0:
            raise HarnessError(f"--max-cost: found {self.limit}, expected 0 or more US dollars")

    def fits(self, amount: float) -> bool:
        """Return whether there is room for ``amount``, beside what is spent and set aside."""
        return self.limit is None or self.spent + self.reserved + amount <= self.limit

    def reserve(self, amount: float) -> bool:
        """Set ``amount`` aside; False (and ``exhausted``) if that would break the limit."""
        if not self.fits(amount):
            self.exhausted = True
            return False
        self.reserved += amount
        return True

    def settle(self, reserved: float, cost: float) -> None:
        """Turn a reservation into what was really spent."""
        left = self.reserved - reserved
        # What sums of fractions leave over is no money: it would look like a request in flight.
        self.reserved = left if left > _NO_MONEY else 0.0
        self.spent += cost

    def give_back(self) -> None:
        """Say that nothing more is asked for the time being: what was borrowed for it is returned."""

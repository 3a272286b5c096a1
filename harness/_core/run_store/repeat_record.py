"""What came of asking some of a run's requests again: how many answers were the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """``equal`` of the ``compared`` pairs of answers say the same; a pair of which one failed is not
    compared."""

    equal: int = 0
    compared: int = 0

    def __str__(self) -> str:
        return f"{self.equal:,} of {self.compared:,}"


@dataclass(frozen=True)
class RepeatCheck:
    """How far a model's answers repeat. ``requests`` of its run, known by the hash ``ids``, were asked
    three times: alone, one after the other; ``again`` so; and all ``in_flight`` at once. Each share
    compares answers with those given alone; ``stored`` are those of the run.

    ``sampled``: the temperature is above 0, so that answers repeat only where the engine heeds a seed.
    Of the three askings of each request some ``failed``, and some were ``not_asked``, as the limit of
    cost was reached. ``cost`` in US dollars, None where no answer has a price; it is no part of the
    run's totals.
    """

    requests: int = 0
    ids: str = ""
    sampled: bool = False
    again: Share = Share()
    in_flight: Share = Share()
    stored: Share = Share()
    failed: int = 0
    not_asked: int = 0
    cost: float | None = None

    @property
    def complete(self) -> bool:
        """Whether every request was answered each of the three times."""
        return not self.failed and not self.not_asked

    @property
    def sentence(self) -> str:
        """What stands under the scores."""
        sampled = " (sampled, not greedy)" if self.sampled else ""
        told = (
            f"repeat check{sampled}, {self.requests:,} requests asked alone: {self.again} answers are "
            f"equal when asked alone again, {self.in_flight} when all are in flight at once, "
            f"{self.stored} to those of the run"
        )
        if self.failed:
            told += f"; {self.failed:,} of {3 * self.requests:,} askings failed"
        if self.not_asked:
            told += (
                f"; {self.not_asked:,} of {3 * self.requests:,} askings are left, as --max-cost was "
                "reached: raise it and give the same command again"
            )
        return told

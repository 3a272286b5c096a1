"""Paired tests of an entry against others: McNemar's exact test on each dataset, Holm over datasets.

An example counts where one of the two has the right label and the other has not: what is tested is
the difference of the shares of right labels, accuracy. Weighted F1 is not tested here, since entries
hold neither gold labels nor posts, by which runs are compared. Rows are taken as independent,
which rows about one post are not quite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imhi.plugins.leaderboard.site.standings import Standing, Standings
from imhi.runs import statistics


@dataclass(frozen=True)
class Tested:
    """One dataset of ``n`` examples, of which ``only_own`` are right for the entry alone. The p value
    is of ``accuracy``, the difference in points (0 to 100) that these make; ``f1`` is the difference
    of weighted F1, which no test is of."""

    dataset: str
    n: int
    f1: float
    only_own: int
    only_other: int
    p_holm: float

    @property
    def accuracy(self) -> float:
        """The difference that is tested, in points."""
        return 100 * (self.only_own - self.only_other) / self.n

    @property
    def significant(self) -> bool:
        """Whether the two differ on this dataset."""
        return self.p_holm < statistics.ALPHA


def compared(standing: Standing, other: Standing) -> list[Tested]:
    """Return the tests on the datasets that both entries have."""
    # The checksums of the examples are equal, or one of the two would have been left out.
    names = [
        name
        for name in standing.scores
        if name in other.scores and len(standing.entry.right[name]) == len(other.entry.right[name])
    ]
    bits = [(standing.entry.right[name], other.entry.right[name]) for name in names]
    only_own = [int(np.count_nonzero(a & ~b)) for a, b in bits]
    only_other = [int(np.count_nonzero(b & ~a)) for a, b in bits]
    corrected = (
        statistics.holm(statistics.mcnemar_p(only_own, only_other).tolist()) if names else []
    )
    return [
        Tested(
            name,
            len(standing.entry.right[name]),
            standing.scores[name].value - other.scores[name].value,
            *counts,
            p,
        )
        for name, counts, p in zip(
            names, zip(only_own, only_other, strict=True), corrected, strict=True
        )
    ]


def opponents(standings: Standings) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return whom each current entry is tested against: ``(role, entry id)`` of the one ranked
    just above, the one just below, and the best. Entries without a rank meet the best alone."""
    order = list(standings.overall)
    best = [("best", order[0])] if order else []
    roles = {name: best for name in standings.standings}
    for position, name in enumerate(order):
        near = (("above", position - 1), ("below", position + 1))
        neighbours = [(role, order[at]) for role, at in near if 0 <= at < len(order)]
        roles[name] = neighbours + (best if position > 1 else [])
    return roles

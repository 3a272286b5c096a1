"""How many items each stratum gives to a sample."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Literal, TypeVar, get_args

Shares = Literal["proportional", "equal"]
SHARES: tuple[Shares, ...] = get_args(Shares)
Stratum = tuple[str, str]
"""Dataset and label."""

Key = TypeVar("Key", bound=Hashable)


def allocate(rows: Mapping[Stratum, int], size: int, shares: Shares) -> dict[Stratum, int]:
    """Return how many items each stratum gives; ``rows`` says how many it has.

    ``proportional``: datasets give in proportion to their rows; ``equal``: all the same, as far as
    they have them. Within a dataset labels give in proportion to their rows. Every stratum gives at
    least one where ``size`` is not below the number of strata. The sum is ``size``, or all rows
    where there are fewer.
    """
    size = min(size, sum(rows.values()))
    each = 1 if size >= len(rows) else 0
    datasets: dict[str, dict[Stratum, int]] = {}
    for stratum, count in rows.items():
        datasets.setdefault(stratum[0], {})[stratum] = count
    totals = {dataset: sum(strata.values()) for dataset, strata in datasets.items()}
    weights = totals if shares == "proportional" else dict.fromkeys(totals, 1)
    least = {dataset: each * len(strata) for dataset, strata in datasets.items()}
    found: dict[Stratum, int] = {}
    for dataset, part in apportion(weights, size, least, totals).items():
        strata = datasets[dataset]
        found |= apportion(strata, part, dict.fromkeys(strata, each), strata)
    return found


def apportion(
    weights: Mapping[Key, int], total: int, least: Mapping[Key, int], most: Mapping[Key, int]
) -> dict[Key, int]:
    """Return whole shares of ``total`` as near to the weights as the bounds let them be.

    Shares within the bounds stand in the proportion of the weights, rounded by largest remainders
    (Hamilton's method), ties going to whichever comes first. ``total`` must lie between the sums of
    the bounds.
    """

    def bounded(factor: float) -> dict[Key, float]:
        return {
            key: min(max(factor * weight, least[key]), most[key]) for key, weight in weights.items()
        }

    low, high = 0.0, float(max(most.values(), default=0)) + 1.0  # weights are 1 or more
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(bounded(middle).values()) < total else (low, middle)
    exact = bounded(high)
    found = {key: math.floor(share + 1e-9) for key, share in exact.items()}
    order = sorted(exact, key=lambda key: found[key] - exact[key])
    while (left := total - sum(found.values())) > 0:
        for key in [key for key in order if found[key] < most[key]][:left]:
            found[key] += 1
    return found

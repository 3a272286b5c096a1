"""Whether two ways of measuring put models in the same order, and how sure that is.

Pure functions of arrays: the two ways may be two prompts, two labelers, two views of the data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from imhi import Array
from imhi.runs import statistics

_TOLERANCE = 1e-9  # values that rounding alone tells apart are tied


@dataclass(frozen=True)
class RankAgreement:
    """How far two orders of the same models agree.

    ``tau`` is Kendall's tau-b on all posts, with its 95% interval over posts; None where all
    models are tied in one of the two. ``turned`` counts the pairs of models that stand the other
    way round, ``pairs`` all of them. ``itself`` is what drawing other posts alone does: the mean
    tau of the first order with itself on resamples of as many posts as the second way has. A
    ``tau`` not below it says that the second way moves the order no more than chance does.
    """

    tau: float | None
    low: float | None
    high: float | None
    turned: int
    pairs: int
    itself: float | None


def kendall_tau(first: Array, second: Array) -> Array:
    """Return Kendall's tau-b of two columns of values along the first axis.

    ``scipy.stats.kendalltau`` on every column at once (a test compares them): a bootstrap needs tens
    of thousands of them on a few models each. NaN where all values of one side are tied.

    Args:
        first, second: shape (models, ...); they are broadcast against each other.
    """
    one, other = _order(first), _order(second)
    below = np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0))
    above = (one * other).sum(axis=0)
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)


def rank_agreement(
    first: Array,
    second: Array,
    first_resampled: Array,
    second_resampled: Array,
    again: Array | None = None,
) -> RankAgreement:
    """Compare two orders of the same models.

    Args:
        first, second: the models' values measured in either way, shape (models,).
        first_resampled, second_resampled: their values on the same resampled posts, shape
            (models, resamples).
        again: the first way's values on resamples of as many posts as the second way has, where
            those are fewer.
    """
    tau = float(kendall_tau(first, second))
    drawn = kendall_tau(first_resampled, second_resampled)
    itself = kendall_tau(first[:, None], first_resampled if again is None else again)
    signs = _order(first) * _order(second)
    defined = math.isfinite(tau)
    bounds = statistics.interval(tau, drawn)
    scattered = defined and bounds.known
    return RankAgreement(
        tau=tau if defined else None,
        low=bounds.low if scattered else None,
        high=bounds.high if scattered else None,
        turned=int((signs < 0).sum()),
        pairs=len(signs),
        itself=float(np.nanmean(itself)) if np.isfinite(itself).any() else None,
    )


def _order(values: Array) -> Array:
    """Return 1, -1 or 0 (tied) for each pair of models, shape (pairs, ...)."""
    one, other = np.triu_indices(len(values), 1)
    differences = np.asarray(values[one] - values[other])
    return np.where(np.abs(differences) <= _TOLERANCE, 0.0, np.sign(differences))

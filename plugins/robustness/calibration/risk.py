"""Risk-coverage curves: how often a model is wrong if it answers only where it is most sure.

Examples are taken from the most confident on (El-Yaniv & Wiener 2010; Geifman & El-Yaniv 2017, arXiv
1705.08500). At coverage c the risk is the share of wrong labels among the most confident share c. The
area under the curve is the mean risk over all coverages (AURC; Geifman, Uziel & El-Yaniv 2019, arXiv
1805.08206): the error rate if confidence says nothing, and e + (1 - e) ln(1 - e) at an error rate e if
every wrong label is less sure than every right one. Examples of equal confidence come in random order,
of which the expectation is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from imhi import Array
from imhi.runs import statistics

_CELLS = 4_000_000  # of one array at a time
POINTS = 100


def area(kept: Array, wrong: Array) -> Array:
    """Return the area under the curve, from 0 to 1.

    Args:
        kept: how many examples there are of each distinct confidence, the highest first; shape
            (..., confidences).
        wrong: how many of them have a wrong label.
    """
    after, missed = kept.cumsum(axis=-1), wrong.cumsum(axis=-1)
    before, missed_before = after - kept, missed - wrong
    rate = np.divide(wrong, kept, out=np.zeros_like(kept), where=kept > 0)
    # Within one confidence errors come at an even rate: risk(x) = (missed + rate (x - before)) / x.
    ratio = np.divide(after, before, out=np.ones_like(kept), where=before > 0)
    parts = rate * kept + (missed_before - rate * before) * np.log(ratio)
    return np.asarray(parts.sum(axis=-1) / after[..., -1])


def best_area(error: float) -> float:
    """Return the least area that a model with this error rate can have."""
    return error + (1 - error) * math.log1p(-error) if error < 1 else 1.0


def curve(confidence: Array, right: np.ndarray, points: int = POINTS) -> list[tuple[float, float]]:
    """Return (coverage, risk) at evenly spaced coverages up to 1; ``confidence`` and ``right`` have
    shape (n,)."""
    kept, wrong = _by_confidence(np.ones((1, len(confidence))), confidence, right)
    after = np.concatenate([[0.0], kept[0].cumsum()])
    missed = np.concatenate([[0.0], wrong[0].cumsum()])
    coverages = np.arange(1, points + 1) / points
    reached = coverages * len(confidence)
    risks = np.interp(reached, after, missed) / reached
    return list(zip(coverages.tolist(), risks.tolist(), strict=True))


def areas(
    confidence: Array, right: np.ndarray, posts: Sequence[str], resamples: int, seed: int, name: str
) -> tuple[float, Array]:
    """Return the area on all examples, and on resampled posts, shape (resamples,)."""
    whole = float(area(*_by_confidence(np.ones((1, len(right))), confidence, right))[0])
    _, post = np.unique(np.asarray(posts, dtype=object).astype(str), return_inverse=True)
    post = post.reshape(-1)
    count = int(post.max()) + 1
    drawn_by = statistics.generator(seed, f"risk {name}")
    found = np.empty(resamples)
    step = max(1, _CELLS // len(right))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = drawn_by.multinomial(count, np.full(count, 1 / count), size=size)
        weights = drawn[:, post].astype(np.float64)
        found[start : start + size] = area(*_by_confidence(weights, confidence, right))
    return whole, found


def _by_confidence(weights: Array, confidence: Array, right: np.ndarray) -> tuple[Array, Array]:
    """Return weights of all and of wrong examples of each distinct confidence, highest first."""
    order = np.argsort(-confidence, kind="stable")
    starts = np.unique(-confidence[order].round(9), return_index=True)[1]
    ordered = weights[:, order]
    kept = np.add.reduceat(ordered, starts, axis=1)
    wrong = np.add.reduceat(ordered * ~right[order], starts, axis=1)
    return kept, wrong

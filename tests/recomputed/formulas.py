"""Measures and tests by their definitions, with scikit-learn and scipy: no code of the harness."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from tests.recomputed.run_rows import NOTHING, Row

Rows = Sequence[Row]


def weighted_f1(rows: Rows) -> float:
    gold, given = [row.gold for row in rows], [row.label for row in rows]
    labels = sorted(set(gold))
    return 100 * f1_score(gold, given, labels=labels, average="weighted", zero_division=0)


def accuracy(rows: Rows) -> float:
    return 100 * float(np.mean([row.right for row in rows]))


def without_label(rows: Rows) -> float:
    """Rows without a label in percent: unparsed, failed and not asked alike."""
    return 100 * float(np.mean([row.label == NOTHING for row in rows]))


MEASURES = {"weighted_f1": weighted_f1, "accuracy": accuracy, "unparsed": without_label}
LESS_IS_BETTER = {"unparsed"}


def mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def rank(value: float, values: Sequence[float], measure: str = "weighted_f1") -> int:
    """1 for the best; equal values share the better rank."""
    sign = -1 if measure in LESS_IS_BETTER else 1
    return 1 + sum(sign * other > sign * value + 1e-9 for other in values)


def alone_right(a: Rows, b: Rows) -> tuple[int, int]:
    """How many examples the first alone, and the second alone, gets right."""
    assert [row.id for row in a] == [row.id for row in b]
    pairs = [(one.right, other.right) for one, other in zip(a, b, strict=True)]
    return pairs.count((True, False)), pairs.count((False, True))


def mcnemar(only_a: int, only_b: int) -> float:
    n = only_a + only_b
    return float(binomtest(only_a, n, 0.5).pvalue) if n else 1.0


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p values by name, corrected for how many there are (Holm 1979)."""
    ordered = sorted(p_values, key=lambda name: p_values[name])
    corrected, largest = {}, 0.0
    for place, name in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - place) * p_values[name]))
        corrected[name] = largest
    return corrected


def _f1_of(tables: np.ndarray) -> np.ndarray:
    """Weighted F1 of confusion matrices, shape (..., labels, labels + 1), gold by given."""
    labels = tables.shape[-2]
    hits = np.stack([tables[..., i, i] for i in range(labels)], axis=-1)
    support, given = tables.sum(axis=-1), tables.sum(axis=-2)[..., :labels]
    both = support + given
    f1 = np.divide(2 * hits, both, out=np.zeros_like(both), where=both > 0)
    return 100 * (f1 * support).sum(axis=-1) / support.sum(axis=-1)


def permuted_p(pairs: Sequence[tuple[Rows, Rows]], draws: int = 2000) -> float:
    """The p value of a difference of weighted F1, or of its mean over several datasets: both runs'
    answers to whole posts are exchanged at random."""
    drawn_by = np.random.default_rng(20)
    observed, drawn = 0.0, np.zeros(draws)
    for a, b in pairs:
        names = sorted({row.gold for row in a} | {row.label for row in (*a, *b)} - {NOTHING})
        posts = sorted({row.post for row in a})
        one, other = (_tables(rows, names, posts) for rows in (a, b))
        assert math.isclose(_f1_of(one.sum(axis=0)), weighted_f1(a), abs_tol=1e-9)
        exchanged = drawn_by.integers(0, 2, (draws, len(posts))).astype(float)
        moved = np.tensordot(exchanged, other - one, axes=1)
        differences = _f1_of(one.sum(axis=0) + moved) - _f1_of(other.sum(axis=0) - moved)
        drawn += differences / len(pairs)
        observed += (weighted_f1(a) - weighted_f1(b)) / len(pairs)
    return (1 + int((np.abs(drawn) >= abs(observed) - 1e-9).sum())) / (draws + 1)


def _tables(rows: Rows, names: Sequence[str], posts: Sequence[str]) -> np.ndarray:
    found = np.zeros((len(posts), len(names), len(names) + 1))
    for row in rows:
        given = names.index(row.label) if row.label in names else len(names)
        found[posts.index(row.post), names.index(row.gold), given] += 1
    return found


def alike(p: float, other: float, draws: int, other_draws: int) -> bool:
    """Whether two p values differ by no more than drawing does, four of its deviations."""
    middle = min(max((p + other) / 2, 0.002), 0.998)
    scatter = math.sqrt(middle * (1 - middle) * (1 / draws + 1 / other_draws))
    return abs(p - other) < 4 * scatter + 2 / min(draws, other_draws)

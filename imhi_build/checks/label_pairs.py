"""How well one labelling agrees with another, of pairs that were counted: (label, other label)."""

from __future__ import annotations

from collections import Counter

LabelPairs = Counter[tuple[str, str | None]]


def percent_agreeing(pairs: LabelPairs) -> float:
    """Return how many percent of the pairs are of equal labels."""
    return round(100 * sum(n for (a, b), n in pairs.items() if a == b) / pairs.total(), 2)


def percent_weighted_f1(pairs: LabelPairs) -> float:
    """Return the weighted F1 in percent, the first label being the gold one. No label (None) counts
    as wrong, as everywhere."""
    gold: Counter[str] = Counter()
    other: Counter[str | None] = Counter()
    for (label, given), n in pairs.items():
        gold[label] += n
        other[given] += n
    f1 = {label: 2 * pairs[label, label] / (n + other[label]) for label, n in gold.items()}
    return round(100 * sum(n * f1[label] for label, n in gold.items()) / pairs.total(), 2)

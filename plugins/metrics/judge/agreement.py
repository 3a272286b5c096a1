"""How far judges agree, with each other and with themselves, as measures the bootstrap can resample.

Kappa and alpha are functions of tables of marks. Each example adds the table of its own marks, so a
resample is a sum of tables (:mod:`imhi._core.statistics.agreement`; tests hold the values to those of
scikit-learn and the package ``krippendorff``).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from imhi.io import Marking

if TYPE_CHECKING:
    from imhi import Array


def pair_tables(first: Array, second: Array) -> Array:
    """Return, for marks of shape (repeats, n) with NaN for none, each example's table of
    ``first`` against ``second``, shape (n, 16): one count for each repeat in which both marked."""
    from imhi.runs import statistics

    tables = (
        statistics.agreement.pair_tables(one, other, len(Marking.MARKS))
        for one, other in zip(first, second, strict=True)
    )
    return sum(tables)  # type: ignore[return-value]


def self_tables(marks: Array) -> Array:
    """Return each example's table of a judge against itself, shape (n, 16): every pair of different
    repeats of ``marks`` (repeats, n), in both orders, since neither comes first."""
    pairs = list(itertools.permutations(range(len(marks)), 2))
    return pair_tables(marks[[i for i, _ in pairs]], marks[[j for _, j in pairs]])


def coincidences(marks: Array) -> Array:
    """Return each example's coincidences, shape (n, 16), for marks of shape (judges, repeats, n)
    with NaN for none. A unit is an example in one repeat."""
    from imhi.runs import statistics

    repeats = range(marks.shape[1])
    counts = (
        statistics.agreement.mark_counts(marks[:, repeat], Marking.MARKS) for repeat in repeats
    )
    return sum(map(statistics.agreement.coincidences, counts))  # type: ignore[return-value]


def library_alpha(marks: Array) -> float | None:
    """Return Krippendorff's alpha of marks of shape (judges, repeats, n); None where it has no
    value."""
    from imhi.runs import statistics

    value = statistics.agreement.krippendorff_alpha(
        statistics.agreement.mark_counts(marks.reshape(len(marks), -1), Marking.MARKS)
    )
    return None if value != value else round(value, 6)

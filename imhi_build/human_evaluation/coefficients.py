"""How far annotators agree: percent agreement, Fleiss' kappa, Krippendorff's alpha.

Each (:mod:`imhi._core.statistics.agreement`) is a number or, where it has none, the reason in words.
All take marks of shape (annotators, items), NaN where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imhi import Array
from imhi.io import Marking
from imhi.runs import statistics


@dataclass(frozen=True)
class Coefficient:
    """``value`` is None where it is undefined, for the reason in ``why``; ``n`` items are behind
    it."""

    value: float | None
    n: int
    why: str = ""

    def to_json(self) -> dict[str, float | str | None]:
        """Return the coefficient as reports keep it."""
        known: dict[str, float | str | None] = {"value": self.value, "n": self.n}
        return {**known, "why_undefined": self.why} if self.why else known


def counts(marks: Array) -> Array:
    """Return how many annotators gave each item each mark, shape (items, 4)."""
    return statistics.agreement.mark_counts(marks, Marking.MARKS)


def percent_agreement(marks: Array) -> Coefficient:
    """Return the share (0 to 100) of pairs of annotators that gave an item the same mark, averaged
    over the items that two or more marked. ``marks``: shape (annotators, items)."""
    table = counts(marks)
    table = table[table.sum(axis=1) > 1]
    if not len(table):
        return Coefficient(None, 0, _alone(marks))
    return Coefficient(statistics.agreement.percent_agreement(table), len(table))


def fleiss_kappa(marks: Array) -> Coefficient:
    """Return Fleiss' kappa on the items that every annotator marked; an annotator without any mark
    does not count as one. ``marks``: shape (annotators, items)."""
    marking = marks[~np.isnan(marks).all(axis=1)]
    if len(marking) < 2:
        return Coefficient(None, 0, _alone(marks))
    table = counts(marking)
    table = table[table.sum(axis=1) == len(marking)]
    if not len(table):
        return Coefficient(None, 0, f"no item was marked by all {len(marking)} annotators")
    return kappa_of(table)


def kappa_of(table: Array) -> Coefficient:
    """Return Fleiss' kappa of a table that says how many annotators put each item in each category,
    shape (items, categories), every row with the same sum of two or more."""
    why = _alike(table)
    return Coefficient(None if why else statistics.agreement.fleiss_kappa(table), len(table), why)


def krippendorff_alpha(marks: Array) -> Coefficient:
    """Return Krippendorff's alpha for ordinal marks on all items that two or more annotators marked.
    ``marks``: shape (annotators, items)."""
    table = counts(marks)
    table = table[table.sum(axis=1) > 1]
    return alpha_of(table) if len(table) else Coefficient(None, 0, _alone(marks))


def alpha_of(table: Array) -> Coefficient:
    """Return ordinal alpha of a table that says how many annotators gave each item each mark, shape
    (items, marks from low to high), every row's sum two or more."""
    why = _alike(table)
    return Coefficient(
        None if why else statistics.agreement.krippendorff_alpha(table), len(table), why
    )


def _alone(marks: Array) -> str:
    """Say why nothing can be compared."""
    marking = int((~np.isnan(marks).all(axis=1)).sum()) if marks.size else 0
    if marking == 0:
        return "nobody gave a mark"
    if marking == 1:
        return "only one annotator gave marks"
    return "no item was marked by two annotators"


def _alike(table: Array) -> str:
    """Say that all marks are one and the same: chance then agrees fully, and nothing is left."""
    used = np.flatnonzero(table.sum(axis=0))
    return f"all marks are alike ({used[0]})" if len(used) == 1 else ""

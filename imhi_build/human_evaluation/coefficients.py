"""How far annotators agree: percent agreement, Fleiss' kappa, Krippendorff's alpha.

Each is a number or, where it has none, the reason in words. All take marks of shape (annotators,
items), NaN where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from imhi import Array
from imhi.build.human_evaluation.whole_files import needed
from imhi.io import MARKS


@dataclass(frozen=True)
class Coefficient:
    """``value`` is None where it is undefined, for the reason in ``why``; ``n`` items are behind
    it."""

    value: float | None
    n: int
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"value": self.value, "n": self.n}
        return {**found, "why_undefined": self.why} if self.why else found


def counts(marks: Array) -> Array:
    """Return how many annotators gave each item each mark, shape (items, 4)."""
    return np.stack([(marks == mark).sum(axis=0) for mark in MARKS], axis=1).astype(float)


def percent_agreement(marks: Array) -> Coefficient:
    """Return the share (0 to 100) of pairs of annotators that gave an item the same mark, averaged
    over the items that two or more marked."""
    table = counts(marks)
    table = table[table.sum(axis=1) > 1]
    if not len(table):
        return Coefficient(None, 0, _alone(marks))
    given = table.sum(axis=1)
    alike = (table * (table - 1)).sum(axis=1) / (given * (given - 1))
    return Coefficient(float(100 * alike.mean()), len(table))


def fleiss_kappa(marks: Array) -> Coefficient:
    """Return Fleiss' kappa on the items that every annotator marked; an annotator without any mark
    does not count as one. 1 is full agreement, 0 what chance would give.

    Raises:
        HarnessError: statsmodels is not installed.
    """
    marking = marks[~np.isnan(marks).all(axis=1)]
    if len(marking) < 2:
        return Coefficient(None, 0, _alone(marks))
    table = counts(marking)
    table = table[table.sum(axis=1) == len(marking)]
    if not len(table):
        return Coefficient(None, 0, f"no item was marked by all {len(marking)} annotators")
    return kappa_of(table)


def kappa_of(table: Array) -> Coefficient:
    """Return Fleiss' kappa (statsmodels) of a table that says how many annotators put each item in
    each category, shape (items, categories), every row with the same sum of two or more.

    Fleiss 1971, Measuring nominal scale agreement among many raters, Psychological Bulletin 76(5).

    Raises:
        HarnessError: statsmodels is not installed.
    """
    if why := _alike(table):
        return Coefficient(None, len(table), why)
    library = needed("statsmodels.stats.inter_rater", "statsmodels", "Fleiss' kappa")
    return Coefficient(float(library.fleiss_kappa(table)), len(table))


def krippendorff_alpha(marks: Array) -> Coefficient:
    """Return Krippendorff's alpha for ordinal marks on all items that two or more annotators marked.
    1 is full agreement, 0 what chance would give.

    Raises:
        HarnessError: krippendorff is not installed.
    """
    table = counts(marks)
    table = table[table.sum(axis=1) > 1]
    return alpha_of(table) if len(table) else Coefficient(None, 0, _alone(marks))


def alpha_of(table: Array) -> Coefficient:
    """Return ordinal alpha (the library ``krippendorff``) of a table that says how many annotators
    gave each item each mark, shape (items, marks from low to high), every row's sum two or more.

    Krippendorff 2019, Content Analysis, 4th edition, chapter 12.

    Raises:
        HarnessError: krippendorff is not installed.
    """
    if why := _alike(table):
        return Coefficient(None, len(table), why)
    library = needed("krippendorff", "krippendorff", "Krippendorff's alpha")
    used = table.sum(axis=0) > 0
    value = library.alpha(value_counts=table[:, used].astype(int), level_of_measurement="ordinal")
    return Coefficient(float(value), len(table))


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

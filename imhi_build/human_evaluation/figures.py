"""What the marks come to: per criterion, per annotator, and where annotators lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imhi import Array, Measure, post_key
from imhi.build.human_evaluation.coefficients import (
    Coefficient,
    counts,
    fleiss_kappa,
    krippendorff_alpha,
    percent_agreement,
)
from imhi.build.human_evaluation.judging import ReadSheet
from imhi.build.human_evaluation.kept_sample import Sample
from imhi.io import Marking
from imhi.runs import statistics

ALL = "all"
ENOUGH = 10
"""A dataset with fewer marked items gets no figures of its own."""
APART = 2
_SCALE = (float(min(Marking.MARKS)), float(max(Marking.MARKS)))


@dataclass(frozen=True)
class MarkTable:
    """``values``: shape (criteria, annotators, items), NaN for none; items in the order of the
    sample."""

    criteria: tuple[str, ...]
    annotators: tuple[str, ...]
    items: tuple[str, ...]
    values: Array

    def of(self, criterion: str) -> Array:
        """Return the marks of a criterion, shape (annotators, items)."""
        found: Array = self.values[self.criteria.index(criterion)]
        return found


@dataclass(frozen=True)
class CriterionFigures:
    """``items`` have a mark, ``marks`` were given; ``counts``: how often each of 0 to 3. ``mean`` is
    that of all marks (0 to 3), ``low`` and ``high`` the bounds of its 95% interval over
    posts; None where there is none."""

    criterion: str
    items: int
    marks: int
    counts: tuple[int, ...]
    mean: float | None
    low: float | None
    high: float | None
    agreement: Coefficient
    kappa: Coefficient
    alpha: Coefficient

    def coefficients(self) -> dict[str, Coefficient]:
        """Return the coefficients by what they are called in sentences."""
        return {
            "percent agreement": self.agreement,
            "Fleiss' kappa": self.kappa,
            "Krippendorff's alpha": self.alpha,
        }

    def to_json(self) -> dict[str, object]:
        """Return the figures as the report holds them."""
        return {
            "criterion": self.criterion,
            "items": self.items,
            "marks": self.marks,
            "mean": self.mean,
            "low": self.low,
            "high": self.high,
            "counts": {
                str(mark): count for mark, count in zip(Marking.MARKS, self.counts, strict=True)
            },
            "percent_agreement": self.agreement.to_json(),
            "fleiss_kappa": self.kappa.to_json(),
            "krippendorff_alpha": self.alpha.to_json(),
        }


@dataclass(frozen=True)
class AnnotatorFigures:
    """``mean`` of an annotator's marks; ``difference`` to the mean of the others' on the ``shared``
    items that others marked too: above 0 is lenient, below 0 strict; None where none is shared."""

    annotator: str
    criterion: str
    marks: int
    mean: float | None
    difference: float | None
    shared: int


@dataclass(frozen=True)
class Disagreement:
    """An item whose marks on a criterion lie ``spread`` (2 or 3) apart; ``marks`` by annotator, of
    those that gave one."""

    item: str
    criterion: str
    spread: int
    marks: dict[str, int]


def mark_table(sample: Sample, sheets: Sequence[ReadSheet]) -> MarkTable:
    """Return all marks; annotators in the order of the sheets."""
    criteria, items = sample.scheme.names, tuple(row.key for row in sample.rows)
    values = np.full((len(criteria), len(sheets), len(items)), np.nan)
    for a, sheet in enumerate(sheets):
        for i, item in enumerate(items):
            for c, criterion in enumerate(criteria):
                values[c, a, i] = sheet.marks.get(item, {}).get(criterion, np.nan)
    return MarkTable(criteria, tuple(sheet.annotator for sheet in sheets), items, values)


def criterion_figures(
    table: MarkTable, sample: Sample, dataset: str = ""
) -> list[CriterionFigures]:
    """Return the figures of each criterion, on all items or on those of a dataset."""
    places = [i for i, row in enumerate(sample.rows) if dataset in ("", row.dataset)]
    clusters = [row.post_id or post_key(row.post) for row in (sample.rows[i] for i in places)]
    marks = [table.of(criterion)[:, places] for criterion in table.criteria]
    measures = [
        Measure(name, _sums(values), _mean, scale=_SCALE)
        for name, values in zip(table.criteria, marks, strict=True)
    ]
    return [
        _criterion(measure, values, clusters)
        for measure, values in zip(measures, marks, strict=True)
    ]


def _criterion(measure: Measure, marks: Array, clusters: Sequence[str]) -> CriterionFigures:
    given = ~np.isnan(marks)
    items = int(given.any(axis=0).sum())
    found = statistics.interval_of(measure, clusters)
    return CriterionFigures(
        measure.name,
        items,
        int(given.sum()),
        tuple(int(count) for count in counts(marks).sum(axis=0)),
        measure.value() if items else None,
        found.low if found.known else None,
        found.high if found.known else None,
        percent_agreement(marks),
        fleiss_kappa(marks),
        krippendorff_alpha(marks),
    )


def _sums(marks: Array) -> Array:
    """Return what each item adds to the mean: the sum of its marks, and their number."""
    given = ~np.isnan(marks)
    return np.stack([np.where(given, marks, 0.0).sum(axis=0), given.sum(axis=0)], axis=1)


def _mean(sums: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def annotator_figures(table: MarkTable) -> list[AnnotatorFigures]:
    """Return each annotator's mean on each criterion, and how it differs from the others'."""
    found = []
    for a, annotator in enumerate(table.annotators):
        for criterion in table.criteria:
            marks = table.of(criterion)
            own, others = marks[a], np.delete(marks, a, axis=0)
            given = ~np.isnan(own)
            shared = given & ~np.isnan(others).all(axis=0) if len(others) else given & False
            difference = (
                float((own[shared] - np.nanmean(others[:, shared], axis=0)).mean())
                if shared.any()
                else None
            )
            found.append(
                AnnotatorFigures(
                    annotator,
                    criterion,
                    int(given.sum()),
                    float(own[given].mean()) if given.any() else None,
                    difference,
                    int(shared.sum()),
                )
            )
    return found


def disagreements(table: MarkTable) -> list[Disagreement]:
    """Return where marks lie two or more apart: the items with most of it first (widest spread, then
    most criteria), then in the order of the sample."""
    found: dict[str, list[Disagreement]] = {}
    for i, item in enumerate(table.items):
        for criterion in table.criteria:
            column = table.of(criterion)[:, i]
            marks = {
                name: int(mark)
                for name, mark in zip(table.annotators, column, strict=True)
                if not np.isnan(mark)
            }
            spread = max(marks.values()) - min(marks.values()) if marks else 0
            if spread >= APART:
                found.setdefault(item, []).append(Disagreement(item, criterion, spread, marks))
    order = sorted(
        found.values(),
        key=lambda same: (-max(one.spread for one in same), -sum(one.spread for one in same)),
    )
    return [one for same in order for one in same]

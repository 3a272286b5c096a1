"""Means and agreement, against published examples, and where they have no value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from annotation_samples import CRITERIA, row, sample_of

from imhi._core.statistics import Array
from imhi.build.human_evaluation.coefficients import (
    alpha_of,
    counts,
    fleiss_kappa,
    kappa_of,
    krippendorff_alpha,
    percent_agreement,
)
from imhi.build.human_evaluation.figures import (
    annotator_figures,
    criterion_figures,
    disagreements,
    mark_table,
)
from imhi.build.human_evaluation.judging import ReadSheet
from imhi.build.human_evaluation.reading import ReadBack
from imhi.build.human_evaluation.report import Report, make_report

NAN = float("nan")

# Six psychiatrists on 30 patients, 5 diagnoses (Fleiss 1971, table 1).
DIAGNOSES = [
    444444, 222555, 233335, 555555, 222444, 113333, 333355, 113334, 114444, 555555,
    144444, 124444, 222333, 144444, 224445, 333335, 111455, 111112, 224444, 133555,
    555555, 244444, 224555, 114444, 144445, 222224, 111155, 224444, 133333, 555555,
]  # fmt: skip
# Fourteen raters, ten items, five categories: the worked example in textbooks and in Wikipedia.
WORKED = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip
# Four observers, twelve units (Krippendorff 2011, Computing Krippendorff's alpha-reliability), as
# in the documentation of the package krippendorff.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]


def tally(rows: Sequence[Sequence[int]], categories: Sequence[int]) -> Array:
    return np.array([[list(row).count(c) for c in categories] for row in rows], dtype=float)


def test_kappa_is_that_of_fleiss() -> None:
    table = tally([[int(one) for one in str(patient)] for patient in DIAGNOSES], range(1, 6))
    assert len(table) == 30
    assert kappa_of(table).value == pytest.approx(0.430, abs=0.0005)


def test_kappa_is_that_of_the_worked_example() -> None:
    assert kappa_of(np.array(WORKED, dtype=float)).value == pytest.approx(0.210, abs=0.0005)


def test_alpha_is_that_of_the_published_example() -> None:
    units = np.array(OBSERVERS).T
    table = tally([[int(v) for v in unit if not math.isnan(v)] for unit in units], range(1, 6))
    found = alpha_of(table[table.sum(axis=1) > 1])
    assert round(found.value or 0, 3) == 0.815
    assert found.n == 11


def test_marks_give_what_their_table_gives() -> None:
    marks = np.array([[0, 1, 2, 3, 3, 1], [0, 2, 2, 3, 3, 0], [0, 1, 2, 3, NAN, 1]], dtype=float)
    assert fleiss_kappa(marks) == kappa_of(counts(marks[:, [0, 1, 2, 3, 5]]))
    assert krippendorff_alpha(marks) == alpha_of(counts(marks))
    assert krippendorff_alpha(marks).n == 6
    # Pairs alike: 3, 1, 3, 3 of 3; 1 of 1; 1 of 3.
    expected = 100 * (1 + 1 / 3 + 1 + 1 + 1 + 1 / 3) / 6
    assert percent_agreement(marks).value == pytest.approx(expected)


def test_full_agreement_is_one_and_systematic_disagreement_below_zero() -> None:
    alike = np.array([[0, 1, 2, 3], [0, 1, 2, 3]], dtype=float)
    assert (fleiss_kappa(alike).value, krippendorff_alpha(alike).value) == (1, 1)
    assert percent_agreement(alike).value == 100
    apart = np.array([[0, 3, 0, 3], [3, 0, 3, 0]], dtype=float)
    assert (fleiss_kappa(apart).value or 0) < 0
    assert (krippendorff_alpha(apart).value or 0) < 0
    assert percent_agreement(apart).value == 0


@pytest.mark.parametrize(
    ("marks", "kappa", "alpha"),
    [
        ([[1, 2, 3]], "only one annotator gave marks", "only one annotator gave marks"),
        ([[1, 2], [NAN, NAN]], "only one annotator gave marks", "only one annotator gave marks"),
        ([[NAN, NAN]], "nobody gave a mark", "nobody gave a mark"),
        ([[2, 2], [2, 2]], "all marks are alike (2)", "all marks are alike (2)"),
        (
            [[1, NAN], [NAN, 2]],
            "no item was marked by all 2 annotators",
            "no item was marked by two",
        ),
        ([[1, 2, NAN], [1, NAN, 3], [NAN, 2, 3]], "no item was marked by all 3", ""),
        ([[], []], "nobody gave a mark", "nobody gave a mark"),
    ],
)
def test_where_a_coefficient_has_no_value_it_says_why(
    marks: list[list[float]], kappa: str, alpha: str
) -> None:
    table = np.array(marks, dtype=float)
    for found, why in ((fleiss_kappa(table), kappa), (krippendorff_alpha(table), alpha)):
        assert why in found.why
        assert (found.value is None) == bool(why)
        assert found.value is None or math.isfinite(found.value)


def test_an_annotator_without_marks_is_none_of_all() -> None:
    marks = np.array([[1, 2, 3], [1, 2, 2], [NAN, NAN, NAN]], dtype=float)
    assert fleiss_kappa(marks).n == 3


# --- figures and report --------------------------------------------------------------------------


def sheet(annotator: str, marks: Mapping[str, Sequence[int | None]]) -> ReadSheet:
    """A sheet with marks by item: one per criterion, or one for all."""
    given = {
        item: {
            criterion: mark
            for criterion, mark in zip(CRITERIA, list(values) * (4 // len(values)), strict=True)
            if mark is not None
        }
        for item, values in marks.items()
    }
    return ReadSheet(annotator, f"{annotator}.xlsx", len(given), given, {})


def report_of(*sheets: ReadSheet, items: int = 20, datasets: int = 1) -> Report:
    names = ["dreaddit", "DR", "SAD"][:datasets]
    rows = [row(n, names[n * datasets // items]) for n in range(items)]
    return make_report(sample_of(rows), ReadBack(sheets, []))


def ids(items: int = 20) -> list[str]:
    return [f"dreaddit/train-{n}" for n in range(items)]


def test_means_are_of_all_marks_with_an_interval_over_items() -> None:
    marks = [0, 1, 2, 3, 3] * 4
    report = report_of(
        sheet("anna", {item: [mark] for item, mark in zip(ids(), marks, strict=True)}),
        sheet("ben", {item: [mark] for item, mark in zip(ids(), marks, strict=True)}),
    )
    found = report.panels["all"][0]
    assert found.mean == pytest.approx(1.8)
    assert (found.items, found.marks, found.counts) == (20, 40, (8, 8, 8, 16))
    # The standard error of a mean over 20 items, not over 40 marks.
    error = float(np.std(marks)) / math.sqrt(20)
    assert found.low == pytest.approx(1.8 - 1.96 * error, abs=0.06)
    assert found.high == pytest.approx(1.8 + 1.96 * error, abs=0.06)


def test_lenient_and_strict_annotators_are_seen_on_the_items_they_share() -> None:
    anna = sheet("anna", {item: [3] for item in ids()})
    ben = sheet("ben", {item: [1 if n < 10 else 2] for n, item in enumerate(ids())})
    cem = sheet("cem", {item: [1] for item in ids()[:10]})
    report = report_of(anna, ben, cem)
    found = {(one.annotator, one.criterion): one for one in report.annotators}
    assert found["anna", "overall"].difference == pytest.approx((2 * 10 + 1 * 10) / 20)
    assert found["cem", "overall"].difference == pytest.approx(-1)
    assert found["cem", "overall"].shared == 10
    assert "anna is more lenient than the others on overall: +1.50 on 20 items" in report.remarks
    assert any(remark.startswith("cem is stricter") for remark in report.remarks)


def test_disagreements_are_listed_with_the_widest_first() -> None:
    anna = {item: [2, 2, 2, 2] for item in ids(4)}
    ben = {**anna, ids()[1]: [2, 0, 2, 2], ids()[2]: [2, 2, 2, 3], ids()[3]: [0, 2, 2, 0]}
    cem = {**anna, ids()[1]: [2, 3, 2, 2]}
    report = report_of(sheet("anna", anna), sheet("ben", ben), sheet("cem", cem), items=4)
    assert [(one.item, one.criterion, one.spread) for one in report.apart] == [
        (ids()[1], "reliability", 3),
        (ids()[3], "consistency", 2),
        (ids()[3], "overall", 2),
    ]
    assert report.apart[0].marks == {"anna": 2, "ben": 0, "cem": 3}


@pytest.mark.parametrize(
    ("sheets", "remark"),
    [
        ([], "undefined for every criterion: nobody gave a mark"),
        ([sheet("anna", {})], "undefined for every criterion: nobody gave a mark"),
        (
            [sheet("anna", {i: [2] for i in ids()})],
            "every criterion: only one annotator gave marks",
        ),
        (
            [sheet(name, {i: [3] for i in ids()}) for name in ("anna", "ben")],
            "Fleiss' kappa, Krippendorff's alpha undefined for every criterion: all marks are alike (3)",
        ),
        (
            [sheet("anna", {i: [2] for i in ids()[:9]}), sheet("ben", {i: [1] for i in ids()[9:]})],
            "no item was marked by all 2 annotators",
        ),
        ([sheet(name, {ids()[0]: [n]}) for n, name in enumerate("ab")], ""),
    ],
)
def test_degenerate_marks_are_said_in_words(sheets: list[ReadSheet], remark: str) -> None:
    report = report_of(*sheets)
    assert any(remark in one for one in report.remarks) or not remark
    assert "NaN" not in str(report.to_json()) and "nan" not in str(report.to_json())


def test_marks_that_are_nearly_all_alike_are_pointed_out() -> None:
    anna = {item: [3] for item in ids()}
    ben = {**anna, ids()[0]: [2]}
    report = report_of(sheet("anna", anna), sheet("ben", ben))
    assert any("overall: 98% of the marks are 3; where marks hardly" in r for r in report.remarks)


def test_a_dataset_has_figures_of_its_own_where_enough_items_were_marked() -> None:
    sample_ids = [f"{'dreaddit' if n < 10 else 'DR'}/train-{n}" for n in range(20)]
    everyone = {item: [n % 4] for n, item in enumerate(sample_ids)}
    report = report_of(sheet("anna", everyone), sheet("ben", everyone), datasets=2)
    assert list(report.panels) == ["all", "dreaddit", "DR"]
    assert report.panels["DR"][0].items == 10
    part = {item: marks for item, marks in everyone.items() if item != sample_ids[0]}
    report = report_of(sheet("anna", part), sheet("ben", part), datasets=2)
    assert list(report.panels) == ["all", "DR"]
    assert "fewer than 10 marked items, no figures of their own: dreaddit" in report.remarks


def test_rows_about_one_post_are_drawn_together() -> None:
    rows = [row(n, post=f"Post {n // 2}") for n in range(40)]
    marks = {one.key: [0 if n % 4 < 2 else 3] for n, one in enumerate(rows)}
    alone = criterion_figures(
        mark_table(sample_of(rows), [sheet("anna", marks)]), sample_of([row(n) for n in range(40)])
    )
    together = criterion_figures(
        mark_table(sample_of(rows), [sheet("anna", marks)]), sample_of(rows)
    )
    widths = [(one.high or 0) - (one.low or 0) for one in (alone[0], together[0])]
    assert widths[1] > 1.25 * widths[0]


def test_nothing_to_compare_is_no_disagreement() -> None:
    sample = sample_of([row(0)])
    table = mark_table(sample, [sheet("anna", {"dreaddit/train-0": [0]})])
    assert disagreements(table) == []
    assert annotator_figures(table)[0].difference is None

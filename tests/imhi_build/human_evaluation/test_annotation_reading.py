"""Sheets read back: every kind of file, and what can be wrong with its cells and rows."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from annotation_samples import CRITERIA, fill
from annotation_sheets import N, as_csv, changed, kept, one, page_file, table

from imhi.build.human_evaluation.kept_sample import Sample
from imhi.build.human_evaluation.reading import read_back

# --- kinds of files ------------------------------------------------------------------------------


def test_a_filled_in_excel_sheet_has_no_problem(filled: Path, sample: Sample) -> None:
    found = read_back([filled], sample)
    assert not found.problems
    (sheet,) = found.sheets
    assert sheet.annotator == "anna"
    assert sheet.marks == {item.id: dict.fromkeys(CRITERIA, 2) for item in sample.items()}


def test_the_name_in_the_sheet_counts_not_that_of_the_file(filled: Path, sample: Sample) -> None:
    moved = filled.rename(filled.with_name("final (2).xlsx"))
    assert read_back([moved], sample).sheets[0].annotator == "anna"


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"delimiter": ";", "encoding": "utf-8-sig"},
        {"delimiter": "\t", "encoding": "utf-16"},
        {"quoting": csv.QUOTE_ALL, "lineterminator": "\n"},
    ],
)
def test_a_csv_with_the_columns_of_the_sheet_is_one(
    filled: Path, sample: Sample, tmp_path: Path, how: dict[str, Any]
) -> None:
    path = as_csv(tmp_path / "ben.csv", table(filled), **how)
    found = read_back([path], sample)
    assert not found.problems
    assert found.sheets[0].annotator == "ben"
    assert kept(found) == N * len(CRITERIA)
    assert any("does not say which sample" in note for note in found.notes)


def test_columns_may_stand_in_another_order_and_texts_may_be_left_out(
    sample: Sample, tmp_path: Path
) -> None:
    rows = [[*CRITERIA[::-1], " Item "], *([3, 2, 1, 0, item.id] for item in sample.items())]
    found = read_back([as_csv(tmp_path / "ben.csv", rows)], sample)
    assert not found.problems
    assert set(map(str, found.sheets[0].marks.values())) == {
        str(dict(zip(CRITERIA, (0, 1, 2, 3), strict=True)))
    }


def test_any_mix_of_kinds_is_read_together(filled: Path, sample: Sample, tmp_path: Path) -> None:
    ben = page_file(tmp_path / "x.json", sample, annotator="ben")
    cem = as_csv(tmp_path / "cem.csv", table(filled))
    found = read_back([filled, ben, cem], sample)
    assert [sheet.annotator for sheet in found.sheets] == ["anna", "ben", "cem"]
    assert not found.problems
    assert "for whom no sheet was made" in found.notes[-1]


@pytest.mark.parametrize("written", [2, 2.0, "2", " 2 ", "2.0", "2,0", "+2"])
def test_a_mark_counts_however_it_is_written(sheet: Path, sample: Sample, written: object) -> None:
    found = read_back([fill(sheet, {i.id: [written] * 4 for i in sample.items()})], sample)
    assert not found.problems
    assert found.sheets[0].marks["dreaddit/train-3"]["overall"] == 2


# --- cells ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [4, -1, "7", 30, "4.0"])
def test_a_mark_off_the_scale_is_left_out(filled: Path, sample: Sample, written: object) -> None:
    changed(filled, lambda marks: marks.__setitem__("G3", written))
    found = read_back([filled], sample)
    problem = one(found)
    assert problem.kind == "off the scale"
    assert problem.row == "row 3 (dreaddit/train-1)"
    assert "under 'reliability', expected 0, 1, 2 or 3" in problem.line()
    assert kept(found) == N * 4 - 1


@pytest.mark.parametrize("written", ["good", 2.5, "2-3", "?", True, "=1+1", "\u0662", "1e0"])
def test_text_instead_of_a_mark_is_left_out(filled: Path, sample: Sample, written: object) -> None:
    changed(filled, lambda marks: marks.__setitem__("F2", written))
    found = read_back([filled], sample)
    problem = one(found)
    assert problem.kind == "not a mark"
    assert f"'{written}' under 'consistency'" in problem.line()
    assert kept(found) == N * 4 - 1


def test_a_sheet_nobody_finished_says_what_is_left(filled: Path, sample: Sample) -> None:
    def unfinish(marks: Any) -> None:
        marks["F2"] = None
        for cells in marks.iter_rows(min_row=4, min_col=6, max_col=9):
            for cell in cells:
                cell.value = None

    found = read_back([changed(filled, unfinish)], sample)
    partly, wholly = found.problems
    assert partly.kind == wholly.kind == "missing marks"
    assert "row 2 (dreaddit/train-0): found nothing under 'consistency'" in partly.line()
    assert "found 4 of 6 items without any mark" in wholly.line()
    assert wholly.items == tuple(f"dreaddit/train-{n}" for n in (2, 3, 4, 5))
    assert kept(found) == 7


def test_a_sheet_nobody_began_is_one_problem(sheet: Path, sample: Sample) -> None:
    found = read_back([sheet], sample)
    assert "found 6 of 6 items without any mark" in one(found).line()
    assert found.sheets[0].marks == {}


# --- rows ----------------------------------------------------------------------------------------


def test_rows_that_were_removed_are_named(filled: Path, sample: Sample) -> None:
    found = read_back([changed(filled, lambda marks: marks.delete_rows(3, 2))], sample)
    problem = one(found)
    assert problem.kind == "missing rows"
    assert "found 4 of the 6 items; without dreaddit/train-1, dreaddit/train-2" in problem.line()
    assert problem.items == ("dreaddit/train-1", "dreaddit/train-2")
    assert kept(found) == 16


def test_rows_that_were_added_are_left_out(filled: Path, sample: Sample) -> None:
    def add(marks: Any) -> None:
        marks.append(["dreaddit/train-99", "p", "q", "l", "e", 1, 1, 1, 1])
        marks.append([None, None, None, None, None, 1, 1, 1, 1])

    found = read_back([changed(filled, add)], sample)
    first, second = found.problems
    assert first.kind == second.kind == "unknown item"
    assert "row 8: found the item 'dreaddit/train-99'" in first.line()
    assert "row 9: found no item" in second.line()
    assert kept(found) == N * 4


def test_a_row_that_stands_twice_with_the_same_marks_counts_once(
    filled: Path, sample: Sample
) -> None:
    again = table(filled)[2]
    found = read_back([changed(filled, lambda marks: marks.append(again))], sample)
    assert one(found).kind == "doubled row"
    assert (
        "row 3 (dreaddit/train-1): found the item again in row 8, with the same"
        in one(found).line()
    )
    assert kept(found) == N * 4


def test_a_row_that_stands_twice_with_other_marks_counts_not(filled: Path, sample: Sample) -> None:
    again = [*table(filled)[2][:5], 2, 2, 2, 3]
    found = read_back([changed(filled, lambda marks: marks.append(again))], sample)
    assert "with other marks" in one(found).line()
    assert kept(found) == (N - 1) * 4


@pytest.mark.parametrize(("column", "name"), [("B", "post"), ("D", "label"), ("E", "explanation")])
def test_a_text_that_was_edited_takes_its_row_out(
    filled: Path, sample: Sample, column: str, name: str
) -> None:
    changed(filled, lambda marks: marks.__setitem__(f"{column}4", "Something else."))
    found = read_back([filled], sample)
    problem = one(found)
    assert problem.kind == "edited text"
    assert f"row 4 (dreaddit/train-2): found another text under '{name}'" in problem.line()
    assert kept(found) == (N - 1) * 4


def test_items_sorted_without_their_marks_are_noticed(filled: Path, sample: Sample) -> None:
    def sort(marks: Any) -> None:
        ids = [cells[0].value for cells in marks.iter_rows(min_row=2)]
        for cells, id_ in zip(marks.iter_rows(min_row=2), reversed(ids), strict=True):
            cells[0].value = id_

    found = read_back([changed(filled, sort)], sample)
    assert {problem.kind for problem in found.problems} == {"edited text"}
    assert kept(found) == 0


def test_white_space_that_a_program_changed_is_no_edit(filled: Path, sample: Sample) -> None:
    def respace(marks: Any) -> None:
        for number in range(2, N + 2):
            marks[f"B{number}"] = f" {marks[f'B{number}'].value} \r\n".replace(" ", "\u00a0", 2)
            marks[f"B{number}"].data_type = "s"

    assert not read_back([changed(filled, respace)], sample).problems


def test_a_comma_without_quotes_takes_its_row_out(sample: Sample, tmp_path: Path) -> None:
    lines = ["item," + ",".join(CRITERIA)]
    lines += [f"{item.id},2,2,2,2" for item in sample.items()]
    lines[2] = f"{sample.items()[1].id},2,5,2,2,2"
    path = tmp_path / "ben.csv"
    path.write_text("\n".join(lines))
    found = read_back([path], sample)
    assert one(found).kind == "cells beyond"
    assert kept(found) == (N - 1) * 4

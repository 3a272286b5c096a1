"""Files that are no sheets, sheets of others, and sheets that are damaged."""

from __future__ import annotations

import csv
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest
from annotation_samples import CRITERIA, row, sample_of
from annotation_sheets import N, as_csv, changed, kept, one, page_file, table

from imhi.build.human_evaluation.kept_sample import Sample
from imhi.build.human_evaluation.reading import read_back


def test_a_sheet_of_another_sample_is_left_out(filled: Path, tmp_path: Path) -> None:
    other = sample_of([row(n) for n in range(1, 4)])
    found = read_back([filled], other)
    assert one(found).kind == "other sample"
    assert not found.sheets


def test_a_csv_of_another_sample_is_known_by_its_items(filled: Path, tmp_path: Path) -> None:
    other = sample_of([row(n) for n in range(50, 54)])
    found = read_back([as_csv(tmp_path / "ben.csv", table(filled))], other)
    assert one(found).kind == "other sample"
    assert "no item of this sample among 6 rows" in one(found).line()
    assert not found.sheets


def test_the_second_sheet_of_an_annotator_is_left_out(
    filled: Path, sample: Sample, tmp_path: Path
) -> None:
    again = page_file(tmp_path / "later.json", sample, annotator="Anna")
    found = read_back([filled, again], sample)
    problem = one(found)
    assert problem.kind == "same annotator"
    assert f"found a sheet of 'Anna', of whom {filled} was read" in problem.line()
    assert kept(found) == N * 4


def test_a_blank_sheet_makes_way_for_one_with_marks(
    sheet: Path, sample: Sample, tmp_path: Path
) -> None:
    marked = page_file(tmp_path / "anna.json", sample, items=[
        {"item": item.id, "marks": {"overall": 9}, "comment": ""} if n == 2
        else {"item": item.id, "marks": dict.fromkeys(CRITERIA, 2), "comment": ""}
        for n, item in enumerate(sample.items())
    ])  # fmt: skip
    for paths in ([sheet, marked], [marked, sheet]):
        found = read_back(paths, sample)
        assert kept(found) == (N - 1) * 4
        assert {(problem.kind, problem.file) for problem in found.problems} == {
            ("same annotator", str(sheet)),
            ("off the scale", str(marked)),
            ("missing marks", str(marked)),
        }


def test_a_file_given_twice_is_read_once(filled: Path, sample: Sample) -> None:
    found = read_back([filled, filled.parent / "." / "anna.xlsx"], sample)
    assert one(found).kind == "given twice"
    assert kept(found) == N * 4


@pytest.mark.parametrize("keep", [0, 10, 0.3, 0.7, 0.98])
def test_a_truncated_excel_file_is_a_problem(filled: Path, sample: Sample, keep: float) -> None:
    data = filled.read_bytes()
    filled.write_bytes(data[: int(keep if keep >= 1 else keep * len(data))])
    found = read_back([filled], sample)
    assert one(found).kind == "unreadable"
    assert "a damaged Excel file" in one(found).line()


def test_a_damaged_part_of_an_excel_file_is_a_problem(
    filled: Path, sample: Sample, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(filled) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data[: len(data) // 2] if "sheet1" in name else data)
    assert one(read_back([broken], sample)).kind == "unreadable"


def test_a_truncated_json_file_is_a_problem(sample: Sample, tmp_path: Path) -> None:
    path = page_file(tmp_path / "anna.json", sample)
    path.write_text(path.read_text()[:-40])
    assert "a damaged JSON file" in one(read_back([path], sample)).line()


def test_a_truncated_csv_file_is_a_problem(filled: Path, sample: Sample, tmp_path: Path) -> None:
    path = as_csv(tmp_path / "ben.csv", table(filled), quoting=csv.QUOTE_ALL)
    path.write_text(path.read_text()[:-5])
    assert "broken CSV" in one(read_back([path], sample)).line()


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("x.json", "[]", "found JSON that is not a file of marks"),
        ("x.json", '{"kind": "imhi-annotation", "format": 1, "items": [1]}', "not a file of marks"),
        (
            "x.json",
            '{"kind": "imhi-annotation", "format": 9, "items": []}',
            "found a file of format 9",
        ),
        ("x.json", '{"kind": "else", "items": []}', "not a file of marks"),
        ("x.csv", "", "no column 'item' in the first row"),
        ("x.csv", "id,overall\n1,2\n", "no column 'item' in the first row"),
        ("x.csv", "item,overall,overall\n1,2,2\n", "found two columns 'overall'"),
        ("x.csv", "item,annotator\n1,a\n2,b\n", "different cells under 'annotator' ('a', 'b')"),
        ("x.csv", b"item,overall\n\xff\xfa,2\n".decode("latin-1"), "no item of this sample"),
        ("x.xls", "", "found a file that ends with '.xls', expected .xlsx, .json or .csv"),
        ("x", "", "found a file that ends with ''"),
        ("~$x.xlsx", "", "the lock of a spreadsheet program"),
    ],
)
def test_a_file_that_is_no_sheet_is_a_problem(
    sample: Sample, tmp_path: Path, name: str, content: str, complaint: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    found = read_back([path], sample)
    assert complaint in one(found).line()
    assert not found.sheets


def test_a_file_that_is_not_utf8_not_there_or_a_folder_is_a_problem(
    sample: Sample, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(b"item,overall\nZo\xeb,2\n")
    assert "the byte 0xeb at position 15" in one(read_back([tmp_path / "a.csv"], sample)).line()
    assert "no such file" in one(read_back([tmp_path / "b.csv"], sample)).line()
    assert "found a folder" in one(read_back([tmp_path], sample)).line()


def test_a_column_that_is_gone_or_strange_is_a_problem(filled: Path, sample: Sample) -> None:
    found = read_back([changed(filled, lambda m: m.__setitem__("F1", "consistancy"))], sample)
    gone, strange = found.problems
    assert (gone.kind, strange.kind) == ("missing column", "unknown column")
    assert "found no column 'consistency'" in gone.line()
    assert "found a column 'consistancy'" in strange.line()
    assert kept(found) == N * 3


def test_one_bad_file_does_not_keep_the_others_out(
    filled: Path, sample: Sample, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.xlsx"
    bad.write_text("no")
    ben = page_file(tmp_path / "ben.json", sample, annotator="ben")
    found = read_back([bad, filled, ben], sample)
    assert one(found).kind == "unreadable"
    assert kept(found) == 2 * N * 4


def test_a_sheet_that_lost_its_second_worksheet_is_known_by_its_file(
    filled: Path, sample: Sample
) -> None:
    book = openpyxl.load_workbook(filled)
    del book["scheme"]
    book["marks"].title = "Tabelle1"
    book.save(filled)
    found = read_back([filled], sample)
    assert not found.problems
    assert found.sheets[0].annotator == "anna"


@pytest.mark.skipif(not shutil.which("soffice"), reason="no LibreOffice here (soffice)")
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_sheet_that_libreoffice_saved_is_the_same(
    filled: Path, sample: Sample, tmp_path: Path, kind: str
) -> None:
    subprocess.run(
        [
            "soffice", f"-env:UserInstallation={(tmp_path / 'office').as_uri()}", "--headless",
            "--convert-to", {"xlsx": "xlsx", "csv": "csv:Text - txt - csv (StarCalc):44,34,76"}[kind],
            "--outdir", tmp_path / "saved", filled,
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )  # fmt: skip
    found = read_back([tmp_path / "saved" / f"anna.{kind}"], sample)
    assert not found.problems
    assert kept(found) == N * 4

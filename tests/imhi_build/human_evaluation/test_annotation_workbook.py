"""The Excel sheet: what can be changed in it, and texts that a spreadsheet would misread."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from annotation_samples import CRITERIA, row, sample_of

from imhi._core.errors import HarnessError
from imhi.build.human_evaluation import whole_files
from imhi.build.human_evaluation.cells import edited
from imhi.build.human_evaluation.items import shuffled
from imhi.build.human_evaluation.sheet_files import read_sheet
from imhi.build.human_evaluation.workbook import CELL_LIMIT, Workbook, fitted, workbook
from imhi.build.records import BuiltRow


def book_of(*rows: BuiltRow) -> Workbook:
    sample = sample_of(rows)
    return workbook(sample.items(), sample.scheme, "anna", sample.digest, "sample")


def opened(book: Workbook):  # type: ignore[no-untyped-def]
    return openpyxl.load_workbook(io.BytesIO(book.data))


def test_a_sheet_has_a_row_per_item_and_a_column_per_criterion() -> None:
    sheet = opened(book_of(row(0), row(1, label="no")))["marks"]
    head = [cell.value for cell in sheet[1]]
    assert head == ["item", "post", "question", "label", "explanation", *CRITERIA, "comment"]
    assert sheet.max_row == 3
    assert sheet["A2"].value == "dreaddit/train-0"
    assert sheet["D2"].value == "Yes, the poster suffers from stress."
    assert sheet.freeze_panes == "B2"
    assert all(sheet.cell(2, place).alignment.wrap_text for place in range(1, 11))


def test_marks_come_from_a_list_with_an_error_message() -> None:
    sheet = opened(book_of(row(0), row(1)))["marks"]
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert set(rules) == {"F2:F3", "G2:G3", "H2:H3", "I2:I3"}
    for rule in rules.values():
        assert (rule.type, rule.formula1) == ("list", '"0,1,2,3"')
        assert rule.showErrorMessage and rule.error == "Give 0, 1, 2 or 3, or leave the cell empty."


def test_only_marks_and_comments_can_be_changed() -> None:
    sheet = opened(book_of(row(0)))["marks"]
    assert sheet.protection.sheet
    assert not sheet.protection.password
    unlocked = {cell.column_letter for cell in sheet[2] if not cell.protection.locked}
    assert unlocked == set("FGHIJ")
    assert all(cell.protection.locked for cell in sheet[1])


def test_the_second_sheet_has_the_wording_and_whose_it_is() -> None:
    sheet = opened(book_of(row(0)))["scheme"]
    rows = [tuple(cells) for cells in sheet.iter_rows(values_only=True)]
    assert rows[0] == ("annotator", "anna")
    assert ("3", "As good as one you would have written yourself.") in rows
    assert sheet.protection.sheet


@pytest.mark.parametrize(
    "text", ["=1+1", '=HYPERLINK("http://x")', "+1 for this", "-", "@me", "#N/A", "=", "'=quoted"]
)
def test_text_never_becomes_a_formula(text: str) -> None:
    book = book_of(row(0, post=text, explanation=text))
    cell = opened(book)["marks"]["B2"]
    assert (cell.value, cell.data_type) == (text, "s")
    assert cell.quotePrefix == text.startswith(("=", "+", "-", "@"))
    with zipfile.ZipFile(io.BytesIO(book.data)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_characters_excel_cannot_hold_are_replaced_visibly() -> None:
    sheet = opened(
        book_of(row(0, post="a\x00b\x1b[31mc\ud83dd\ufffee\x0bf", explanation="\u202ex"))
    )
    assert sheet["marks"]["B2"].value == "a\ufffdb\ufffd[31mc\ufffdd\ufffde\ufffdf"
    assert sheet["marks"]["E2"].value == "\ufffdx"


def test_a_text_that_excel_would_unescape_comes_back_as_it_was(tmp_path: Path) -> None:
    sample = sample_of([row(0, post="the code _x0041_ stays")])
    book = workbook(sample.items(), sample.scheme, "anna", sample.digest, "sample")
    assert opened(book)["marks"]["B2"].value == "the code _x005F_x0041_ stays"
    (tmp_path / "anna.xlsx").write_bytes(book.data)
    (read,) = read_sheet(tmp_path / "anna.xlsx").rows
    assert not edited(read, "post", sample.items()[0].post)


@pytest.mark.parametrize("text", ["x" * 40_000, "\U0001f600" * 20_000, "_x0041_" * 6_000])
def test_a_text_longer_than_a_cell_is_cut_and_said_to_be(text: str) -> None:
    book = book_of(row(0, post=text))
    assert book.cut == (("dreaddit/train-0", "post"),)
    cell = opened(book)["marks"]["B2"]
    assert len(cell.value.encode("utf-16-le")) // 2 <= CELL_LIMIT
    kept, _, note = fitted(text).rpartition("\n[cut: ")
    assert text.startswith(kept)
    assert note == f"{len(text) - len(kept)} more characters; the whole text is on the HTML page]"
    assert cell.value.endswith(note)


def test_a_text_that_just_fits_is_whole() -> None:
    book = book_of(row(0, post="x" * CELL_LIMIT))
    assert not book.cut
    assert opened(book)["marks"]["B2"].value == "x" * CELL_LIMIT


def test_annotators_have_orders_of_their_own_that_stay() -> None:
    items = sample_of([row(n) for n in range(20)]).items()
    anna, ben = (shuffled(items, 0, "digest", name) for name in ("anna", "ben"))
    assert anna != ben and sorted(anna, key=str) == sorted(ben, key=str)
    assert anna == shuffled(items, 0, "digest", "anna")
    assert anna != shuffled(items, 1, "digest", "anna")


def test_a_long_wording_of_a_mark_is_referred_to() -> None:
    scheme = sample_of([row(0)]).scheme
    long = scheme.criteria[0].model_copy(update={"marks": ("x" * 200,) * 4})
    book = workbook(
        sample_of([row(0)]).items(), replace(scheme, criteria=(long,)), "anna", "digest", "sample"
    )
    (rule,) = opened(book)["marks"].data_validations.dataValidation
    assert rule.prompt == "0 (worst) to 3 (best): see 'scheme'."


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = whole_files.importlib.import_module

    def missing(name: str, package: str | None = None) -> object:
        if name.startswith("openpyxl"):
            raise ModuleNotFoundError(name)
        return real(name, package)  # pydantic, too, looks names up so

    monkeypatch.setattr(whole_files.importlib, "import_module", missing)
    with pytest.raises(HarnessError, match=r"needs the package openpyxl.*\[build\]"):
        book_of(row(0))


@pytest.mark.parametrize("text", ["=1+1", "-1", "@x", "'tis", "plain", "", "'=x"])
def test_csv_cells_are_guarded_against_formulas_and_come_back(tmp_path: Path, text: str) -> None:
    whole_files.write_csv(tmp_path / "a.csv", ("text", "n"), [(text, 3)])
    stream = io.StringIO((tmp_path / "a.csv").read_text(encoding="utf-8-sig"))
    (cells,) = list(csv.reader(stream))[1:]
    assert not cells[0].startswith(("=", "+", "-", "@"))
    assert whole_files.unguarded(cells[0]) in {text, text.removeprefix("'")}
    assert cells[1] == "3"
    assert list(tmp_path.iterdir()) == [tmp_path / "a.csv"]

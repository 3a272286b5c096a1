"""Files that cannot be read, and files that are cut off or damaged, format by format: the file, what
was found and what to do are said in one line, and the good rows are kept."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from imhi._core.errors import DataError, HarnessError
from imhi._core.registry import Registry
from imhi.build.raw.files import format_of, read_file
from tests.imhi_build.raw.raw_tables import (
    WRITERS,
    own_preset,
    read_raw,
    texts_and_bad,
    write_csv,
    write_excel,
    write_parquet,
    write_table,
)


def refused(path: Path, **options: object) -> str:
    """Return why a file is refused as a whole, in one line that names it."""
    with pytest.raises(HarnessError) as caught:
        list(read_file(path, **options))  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
    return str(caught.value)


# --- files that cannot be read at all ------------------------------------------------------------


def test_a_file_that_is_not_there_a_folder_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "nowhere.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "found a folder, expected a file" in refused(tmp_path / "folder.csv")
    assert "found a folder, expected a file" in refused(tmp_path)
    for suffix in WRITERS:
        path = tmp_path / f"posts{suffix}"
        path.touch()
        assert "found an empty file, expected a table with a header" in refused(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "posts.csv", [{"text": "Soup", "label": 1}])
    path.chmod(0)
    assert "Permission denied" in refused(path)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("posts.txt", "format: csv"),
        ("posts", "format: csv"),
        ("posts.csv.gz", "unpack the file"),
        ("posts.ZIP", "unpack the file"),
        ("posts.xls", "save it as .xlsx"),
        ("posts.json", "one object a line"),
    ],
)
def test_an_unknown_suffix_is_told_with_what_to_do(name: str, advice: str) -> None:
    with pytest.raises(HarnessError, match=r"expected one of \.csv, \.tsv") as caught:
        format_of(Path(name))
    assert advice in str(caught.value)


@pytest.mark.parametrize("encoding", ["", "utf-9", "rot13", "undefined"])
def test_an_unknown_encoding_is_refused(encoding: str, tmp_path: Path) -> None:
    for suffix in (".csv", ".jsonl"):
        path = write_table(tmp_path / f"posts{suffix}", [{"text": "Soup", "label": 1}])
        said = refused(path, encoding=encoding)
        assert f"unknown encoding '{encoding}'" in said and "cp1252" in said


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_header_without_rows_is_refused(suffix: str, tmp_path: Path) -> None:
    path = write_table(tmp_path / f"posts{suffix}", [{"text": "Soup", "label": 1}])
    if suffix == ".jsonl":
        path.write_text("\n\n", encoding="utf-8")
    elif suffix == ".parquet":
        import pyarrow
        import pyarrow.parquet

        pyarrow.parquet.write_table(pyarrow.table({"text": [], "label": []}), path)
    elif suffix == ".xlsx":
        import openpyxl

        book = openpyxl.Workbook()
        book.active.append(["text", "label"])
        book.save(path)
    else:
        path.write_text("text,label\n", encoding="utf-8")
    assert "no rows, expected at least one row" in refused(path)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"text,label,text", "found the column 'text' more than once"),
        (b" text,text ", "found the column 'text' more than once"),
        (b",,", "found no header, expected column names"),
        (b'"text,label', "found the end of the file inside a quoted cell"),
        (b'"te"xt,label', "found text after a closing quote"),
        ("text,label".encode("utf-16-le"), "if the file is UTF-16, say so"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(header: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(header + b"\nSoup,1\n")
    assert said in refused(path)


def test_a_file_without_a_header_does_not_put_its_post_on_the_screen(
    tmp_path: Path, registry: Registry
) -> None:
    post = "I have told nobody about the letter and what was written in it"
    (tmp_path / "posts.csv").write_text(f"{post},1\n{post} again,0\n", encoding="utf-8")
    with pytest.raises(DataError, match="found the columns I have told") as caught:
        read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry)
    assert "written in it" not in str(caught.value)


# --- cut off and damaged files, format by format -------------------------------------------------

ROWS = [{"text": f"page {n} of the notebook", "label": n % 2} for n in range(6)]
TEXTS = {n: row["text"] for n, row in enumerate(ROWS)}


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_a_table_that_is_cut_off_loses_its_last_row(suffix: str, tmp_path: Path) -> None:
    path = write_table(tmp_path / f"posts{suffix}", ROWS)
    path.write_bytes(path.read_bytes()[:-5])
    good, bad = texts_and_bad(path)
    assert good == {n: TEXTS[n] for n in range(5)}
    assert list(bad) == [5]
    assert "found 1 cell, expected 2 (text, label)" in bad[5]


def test_a_csv_that_is_cut_off_inside_a_quoted_cell_loses_one_row(tmp_path: Path) -> None:
    rows = [
        *ROWS[:3],
        {"text": "It began.\nIt went on.\nAnd on, and on, and on.\nIt ended", "label": 1},
    ]
    path = write_csv(tmp_path / "posts.csv", rows)
    path.write_bytes(path.read_bytes()[:-12])
    good, bad = texts_and_bad(path)
    assert good == {n: TEXTS[n] for n in range(3)}
    assert list(bad) == [3]
    assert "the end of the file inside a quoted cell" in bad[3] and "cut off" in bad[3]
    assert bad[3].endswith("(lines 5 to 8 are left out)")


def test_a_jsonl_that_is_cut_off_loses_its_last_row(tmp_path: Path) -> None:
    path = write_table(tmp_path / "posts.jsonl", ROWS)
    path.write_bytes(path.read_bytes()[:-9])
    good, bad = texts_and_bad(path)
    assert good == {n: TEXTS[n] for n in range(5)}
    assert "found no JSON" in bad[5] and "expected one object a line" in bad[5]


def test_a_utf_16_file_that_is_cut_off_inside_a_character_loses_its_last_row(
    tmp_path: Path,
) -> None:
    path = tmp_path / "posts.csv"
    whole = "text,label\npage 0 of the notebook,0\npage 1 of the notebook,1".encode("utf-16")
    path.write_bytes(whole[:-1])
    good, bad = texts_and_bad(path)
    assert good == {0: TEXTS[0]}
    assert "column label: found the byte 0x31, expected utf-16" in bad[1]


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_what_stands_at_the_end_of_a_parquet_or_excel_file_is_needed_to_read_it(
    share: float, suffix: str, tmp_path: Path
) -> None:
    path = write_table(tmp_path / f"posts{suffix}", ROWS)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    said = refused(path)
    assert "cut off" in said and ("Parquet" in said or "Excel" in said)


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx"])
def test_another_file_under_their_name_is_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"posts{suffix}"
    path.write_text("text,label\nSoup,1\n", encoding="utf-8")
    assert "cannot be read as" in refused(path)


def test_an_old_excel_file_is_told_to_be_saved_anew(tmp_path: Path) -> None:
    path = tmp_path / "posts.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert "of the old .xls format: save it as .xlsx" in refused(path, format="excel")


def test_a_damaged_group_of_a_parquet_file_costs_its_own_rows(tmp_path: Path) -> None:
    import pyarrow.parquet

    rows = [{"text": f"page {n} of the notebook", "label": n % 2} for n in range(90)]
    path = write_parquet(tmp_path / "posts.parquet", rows, row_group_size=30)
    column = pyarrow.parquet.ParquetFile(path).metadata.row_group(1).column(0)
    start = column.dictionary_page_offset
    data = bytearray(path.read_bytes())
    data[start : start + 20] = b"\xff" * 20
    path.write_bytes(data)
    good, bad = texts_and_bad(path)
    assert sorted(good) == [*range(30), *range(60, 90)]
    assert good[60] == "page 60 of the notebook"
    assert sorted(bad) == list(range(30, 60))
    assert "the file is damaged: get it again" in bad[30]


def test_a_sheet_that_is_damaged_in_the_middle_keeps_the_rows_before(tmp_path: Path) -> None:
    rows = [{"text": n, "label": n % 2} for n in range(2000)]
    path = write_excel(tmp_path / "posts.xlsx", rows)
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    at = sheet.index(b'<row r="1802"')
    parts["xl/worksheets/sheet1.xml"] = sheet[:at] + b"<row <row" + sheet[at:]
    with zipfile.ZipFile(path, "w") as book:
        for name, part in parts.items():
            book.writestr(name, part)
    good, bad = texts_and_bad(path)
    # The XML parser reads in blocks: what stands in the damaged one is lost.
    assert 1000 < len(good) <= 1800 and list(good) == list(range(len(good)))
    assert list(bad) == [len(good)]
    assert "this row and those after it cannot be read" in bad[len(good)]


def test_a_sheet_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "posts.xlsx", ROWS, sheet="posts", before=["about"])
    said = refused(path, sheet="data")
    assert "found the sheets about, posts, expected 'data'; correct 'sheet'" in said

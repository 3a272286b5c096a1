"""CSV, TSV, JSONL, Parquet and Excel come out as the same rows of texts, whatever wrote them."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pytest

from imhi._core.row_files import TableRow
from imhi.build.raw.files import read_file
from tests.imhi_build.raw.raw_tables import (
    POSTS,
    WRITERS,
    Table,
    cells,
    write_csv,
    write_excel,
    write_jsonl,
    write_parquet,
    write_table,
)

ROWS = [{"text": post, "label": n % 2} for n, post in enumerate(POSTS)]
AS_TEXTS = [{"text": post, "label": str(n % 2)} for n, post in enumerate(POSTS)]


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_format_gives_the_same_rows(suffix: str, tmp_path: Path) -> None:
    path = write_table(tmp_path / f"posts{suffix}", ROWS)
    rows = list(read_file(path))
    assert [dict(row.cells) for row in rows if isinstance(row, TableRow)] == AS_TEXTS
    assert [row.number for row in rows] == [0, 1, 2]


@pytest.mark.parametrize(
    ("written", "named"),
    [(".csv", "posts.CSV"), (".tsv", "posts.tab"), (".jsonl", "posts.ndjson"), (".xlsx", "p.XLSX")],
)
def test_other_spellings_of_a_suffix_are_known(written: str, named: str, tmp_path: Path) -> None:
    path = write_table(tmp_path / f"written{written}", ROWS).rename(tmp_path / named)
    assert cells(path) == AS_TEXTS


@pytest.mark.parametrize(
    ("suffix", "format"),
    [(".csv", "csv"), (".tsv", "tsv"), (".jsonl", "jsonl"), (".parquet", "parquet"), (".xlsx", "excel")],
)  # fmt: skip
def test_a_format_that_is_named_outdoes_the_suffix(
    suffix: str, format: str, tmp_path: Path
) -> None:
    path = write_table(tmp_path / f"written{suffix}", ROWS).rename(tmp_path / "posts.data")
    assert cells(path, format=format) == AS_TEXTS


# --- CSV and TSV ---------------------------------------------------------------------------------

AWKWARD = (
    'She said "stay", I left',
    "One line\nand another, with a comma\n\nand a blank one",
    "a tab\there; and a semicolon",
    "a lone\rcarriage return, and\r\nboth",
    '"quoted from start to end"',
    " spaces around it ",
    "don’t, 🥞 and é",
)


@pytest.mark.parametrize("suffix", WRITERS)
def test_posts_come_through_as_they_are(suffix: str, tmp_path: Path) -> None:
    # Excel's XML makes one of the ways to end a line of all three.
    posts = [
        p.replace("\r\n", "\n").replace("\r", "\n") if suffix == ".xlsx" else p for p in AWKWARD
    ]
    path = write_table(tmp_path / f"posts{suffix}", [{"text": p, "label": 1} for p in posts])
    assert [row["text"] for row in cells(path)] == posts


def test_rows_and_lines_are_counted_apart(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(b'text,label\n"one\ntwo\nthree",1\n\nfour,0\n')
    rows = list(read_file(path))
    assert [(row.number, row.line) for row in rows if isinstance(row, TableRow)] == [(0, 2), (1, 6)]


def test_a_cell_may_be_longer_than_the_limit_of_the_csv_module(tmp_path: Path) -> None:
    long = "word " * 50_000
    path = write_csv(tmp_path / "posts.csv", [{"text": long, "label": 1}])
    assert len(long) > 131_072
    assert cells(path) == [{"text": long, "label": "1"}]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_csv_with_another_separator_is_told_by_its_header(
    separator: str, quoting: int, tmp_path: Path
) -> None:
    rows = [{"text": "Soup, and rain", "label": 1}, {"text": "a; b | c\td", "label": 0}]
    path = write_csv(tmp_path / "posts.csv", rows, separator, quoting=quoting)
    assert cells(path) == [{k: str(v) for k, v in row.items()} for row in rows]


def test_a_tsv_that_holds_commas_is_read_too(tmp_path: Path) -> None:
    assert cells(write_csv(tmp_path / "posts.tsv", ROWS)) == AS_TEXTS


def test_columns_without_a_name_are_called_by_their_place_as_pandas_does(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(",text, label ,,\n7,Soup,1,,\n", encoding="utf-8")
    (row,) = cells(path)
    assert list(row) == ["Unnamed: 0", "text", "label", "Unnamed: 3", "Unnamed: 4"]
    assert (row["Unnamed: 0"], row["label"], row["Unnamed: 4"]) == ("7", "1", "")


def test_an_index_that_was_saved_twice_leaves_both_columns(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(",Unnamed: 0,text\n7,3,Soup\n", encoding="utf-8")
    assert cells(path) == [{"Unnamed: 0.1": "7", "Unnamed: 0": "3", "text": "Soup"}]


def test_empty_lines_are_no_rows_before_the_header_and_after(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("\n\ntext,label\n\nSoup,1\n\n", encoding="utf-8")
    assert cells(path) == [{"text": "Soup", "label": "1"}]


# --- encodings -----------------------------------------------------------------------------------

CAFE: Table = [{"text": "café “quoted”", "label": "1"}]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl"])
@pytest.mark.parametrize("marked", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("said", ["utf-8", "cp1252"])
def test_a_byte_order_mark_outdoes_what_was_said(
    said: str, marked: str, suffix: str, tmp_path: Path
) -> None:
    path = write_table(tmp_path / f"posts{suffix}", CAFE)
    path.write_bytes(path.read_text(encoding="utf-8").encode(marked))
    assert cells(path, encoding=said) == CAFE


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "UTF8", "mac-roman"])
def test_an_encoding_that_is_said_is_read(encoding: str, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "posts.csv", CAFE, encoding=encoding)
    assert cells(path, encoding=encoding) == CAFE


# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".xlsx"])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 0, None], ["1", "0", ""]),
        ([1.0, 0.0, None], ["1", "0", ""]),
        ([0.5, 2.0, None], ["0.5", "2", ""]),
        ([True, False, None], ["true", "false", ""]),
        (["1", " x ", None], ["1", " x ", ""]),
    ],
)
def test_numbers_and_truth_values_become_texts(
    values: list, expected: list[str], suffix: str, tmp_path: Path
) -> None:
    rows = [{"text": "Soup", "label": value} for value in values]
    path = write_table(tmp_path / f"posts{suffix}", rows)
    assert [row["label"] for row in cells(path)] == expected


def test_not_a_number_is_empty(tmp_path: Path) -> None:
    rows = [{"text": "Soup", "label": float("nan")}]
    assert cells(write_parquet(tmp_path / "posts.parquet", rows))[0]["label"] == ""
    path = tmp_path / "posts.jsonl"
    path.write_text('{"text": "Soup", "label": NaN}\n', encoding="utf-8")
    assert cells(path)[0]["label"] == ""


def test_lists_and_objects_become_json(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "posts.jsonl", [{"text": ["a", "é"], "more": {"b": [1]}}])
    assert cells(path) == [{"text": '["a", "é"]', "more": '{"b": [1]}'}]


def test_texts_that_parquet_holds_as_bytes_or_as_a_dictionary_are_texts(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table(
        {
            "text": pyarrow.array(["café".encode(), None]),
            "label": pyarrow.array(["1", "0"]).dictionary_encode(),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "posts.parquet")
    assert cells(tmp_path / "posts.parquet") == [
        {"text": "café", "label": "1"},
        {"text": "", "label": "0"},
    ]


def test_parquet_is_counted_through_its_groups_of_rows(tmp_path: Path) -> None:
    rows = [{"text": f"page {n}", "label": n % 2} for n in range(2500)]
    path = write_parquet(tmp_path / "posts.parquet", rows, row_group_size=700)
    found = list(read_file(path))
    assert [row.number for row in found] == list(range(2500))
    last = found[-1]
    assert isinstance(last, TableRow) and last.cells["text"] == "page 2499"


# --- Excel ---------------------------------------------------------------------------------------


def test_the_first_sheet_is_read_or_the_one_that_is_named(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "posts.xlsx", ROWS, sheet="posts", before=["about"])
    assert cells(path, sheet="posts") == AS_TEXTS
    write_excel(tmp_path / "one.xlsx", ROWS, sheet="any name")
    assert cells(tmp_path / "one.xlsx") == AS_TEXTS


def test_excel_rows_are_counted_without_empty_ones_and_lines_as_in_the_sheet(
    tmp_path: Path,
) -> None:
    rows = [
        {"text": "Soup", "label": 1},
        {"text": None, "label": None},
        {"text": "Rain", "label": 0},
    ]
    found = list(read_file(write_excel(tmp_path / "posts.xlsx", rows)))
    assert [(row.number, row.line) for row in found if isinstance(row, TableRow)] == [
        (0, 2),
        (1, 4),
    ]


def test_empty_columns_at_the_side_of_a_sheet_do_no_harm(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["text", "label", None, None])
    book.active.append(["Soup", 1, None, None, "a remark at the side"])
    book.active.append(["Rain"])
    book.save(tmp_path / "posts.xlsx")
    first, second = cells(tmp_path / "posts.xlsx")
    assert (first["text"], first["label"]) == ("Soup", "1")
    assert (second["text"], second["label"]) == ("Rain", "")


def _edited(path: Path, old: bytes, new: bytes) -> Path:
    """Change the text of the parts of a workbook."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    assert any(old in part for part in parts.values())
    with zipfile.ZipFile(path, "w") as book:
        for name, part in parts.items():
            book.writestr(name, part.replace(old, new))
    return path


def test_a_wrong_extent_in_a_sheet_costs_no_rows(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "posts.xlsx", ROWS)
    _edited(path, b'<dimension ref="A1:B4"', b'<dimension ref="A1"')
    assert cells(path) == AS_TEXTS


def test_excels_own_spelling_of_a_carriage_return_is_one(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "posts.xlsx", [{"text": "SoupRain", "label": 1}])
    _edited(path, b"SoupRain", b"Soup_x000D_\nRain")
    assert cells(path)[0]["text"] == "Soup\r\nRain"

"""Broken CSV files give one line that says what was found, where, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.errors import DataError
from imhi._core.row_files import TableRow, read_table

COLUMNS = ("post", "label")


def table(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    return path


def error_of(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        list(read_table(path, COLUMNS, ("id",)))
    text = str(caught.value)
    assert text.startswith(str(path)) and "\n" not in text
    return text


def test_rows_are_counted_from_0_and_lines_from_1(tmp_path: Path) -> None:
    path = table(tmp_path, b'post,label\n"one\ntwo",yes\n\nthree,no\n')
    assert list(read_table(path, COLUMNS)) == [
        TableRow(0, 2, {"post": "one\ntwo", "label": "yes"}),
        TableRow(1, 5, {"post": "three", "label": "no"}),
    ]


def test_posts_longer_than_the_usual_limit_are_read(tmp_path: Path) -> None:
    path = table(tmp_path, b"post,label\n" + b"x" * 300_000 + b",yes\n")
    (row,) = read_table(path, COLUMNS)
    assert isinstance(row, TableRow) and len(row.cells["post"]) == 300_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found an empty file, expected the columns post, label"),
        (b"post,label\n", "found a header and no rows"),
        (b"post\nx\n", "missing: 'label'"),
        (b"post,label,mood\nx,y,z\n", "unknown: 'mood'"),
        (b"post,post,label\nx,y,z\n", "doubled: 'post'"),
        (b"post,label\nca\xe9,yes\n", "found the byte 0xe9 at position 13, expected UTF-8"),
        (b"post,label\nx,yes\ny\x00z,no\n", "line 3: found a NUL character at column 2"),
        (b'post,label\nx,yes\n"y,no\nz,no\n', "row 1 (line 3): found a quote that is never closed"),
        (b'post,label\n"x" y,no\n', "row 0 (line 2): found text after a closing quote"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in error_of(table(tmp_path, content))


def test_a_row_in_the_place_of_the_header_is_not_repeated(tmp_path: Path) -> None:
    text = error_of(table(tmp_path, b"i cannot sleep,yes\nnor i,yes\n"))
    assert "line 1: found 2 columns" in text and "expected the header post,label" in text
    assert "sleep" not in text


def test_the_position_of_a_wrong_byte_is_right_far_into_a_file(tmp_path: Path) -> None:
    before = b"post,label\n" + "é,yes\n".encode() * 400_000
    assert f"0xff at position {len(before)}" in error_of(table(tmp_path, before + b"\xff,no\n"))


def test_utf_16_is_refused_as_not_utf_8(tmp_path: Path) -> None:
    content = "post,label\nx,yes\n".encode("utf-16")
    assert "0xff at position 0" in error_of(table(tmp_path, content))


def test_a_row_with_too_many_cells_is_reported_and_the_next_one_read(tmp_path: Path) -> None:
    path = table(tmp_path, b"post,label\na,b,c\nx,yes\n")
    bad, good = read_table(path, COLUMNS)
    assert isinstance(bad, DataError)
    assert "row 0 (line 2): found 3 cells, expected 2 (post, label)" in str(bad)
    assert isinstance(good, TableRow) and good.number == 1


def test_a_folder_in_the_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    assert "cannot be read" in error_of(tmp_path)

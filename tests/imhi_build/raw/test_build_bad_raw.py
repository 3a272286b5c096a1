"""What a person sees of bad raw files: which rows, why, what is allowed; 1 for rows left out by
mistake, 2 for what cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Imhi
from tests.imhi_build.raw.raw_tables import own_preset

BAD = (
    b"text,label\n"
    b"Soup on the stove,1\n"
    b"Tiles, twice,0\n"  # a comma too many
    b"caf\xe9,1\n"  # not UTF-8
    b"Rain outside,maybe\n"  # unknown
    b"Nothing said,\n"  # no label
    b",1\n"  # no post
    b'"never closed,1\n'
    b"A last one,0\n"
)


@pytest.fixture
def bad_build(tmp_path: Path, imhi_here: Imhi) -> str:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "posts.csv").write_bytes(BAD)
    own_preset(tmp_path / "own.yaml")
    said = imhi_here("build", "new", "mine", "--raw", "own.yaml=raw")
    assert (said.code, said.out) == (0, ""), said.err
    return "mine"


def test_reading_a_bad_file_keeps_the_good_rows_and_leaves_with_1(
    bad_build: str, imhi_here: Imhi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    said = imhi_here("build", "read", bad_build)
    assert said.code == 1 and "Traceback" not in said.err
    table = said.out.splitlines()[1].split()
    assert table == ["DR", "own.yaml", "2", "0", "0", "6", "0"]
    assert "unreadable row 3" in said.out and "unmapped label 1" in said.out
    assert "no label 1" in said.out and "empty post 1" in said.out
    file = tmp_path / "raw" / "posts.csv"
    for line in (
        f"{file}: row 1 (line 3): found 3 cells, expected 2 (text, label)",
        f"{file}: row 2 (line 4): column text: found the byte 0xe9, expected utf-8",
        f"{file}: row 3 (line 5): column label: found 'maybe', expected one of '1', '0'",
        f"{file}: row 4 (line 6): column label: found nothing, expected one of '1', '0'",
        f"{file}: row 6 (line 8): found the end of the file inside a quoted cell",
    ):
        assert any(said_line.startswith(line) for said_line in said.err.splitlines()), line


def test_every_row_of_a_bad_file_is_kept_or_listed(
    bad_build: str, imhi_here: Imhi, tmp_path: Path
) -> None:
    from imhi.build.folder import BuildFolder

    assert imhi_here("build", "read", bad_build).code == 1
    folder = BuildFolder(tmp_path / bad_build)
    kept = [row.row for row in folder.posts("DR")]
    left_out = {removal.row: removal.reason for removal in folder.removed("DR")}
    assert kept == [0, 7]
    assert left_out == {
        1: "unreadable row",
        2: "unreadable row",
        3: "unmapped label",
        4: "no label",
        5: "empty post",
        6: "unreadable row",
    }


def test_a_raw_folder_that_cannot_be_read_leaves_with_2_and_one_line(
    bad_build: str, imhi_here: Imhi, tmp_path: Path
) -> None:
    file = tmp_path / "raw" / "posts.csv"
    for content, line in {
        b"body,label\nSoup,1\n": "found the columns body, label, expected text, label (missing: text)",
        b"text,label\n": "found a header and no rows",
        b"": "found an empty file",
        b"text,label\nSoup,maybe\n": "no row is left (unmapped label 1), expected at least one; the "
        "first: ",
        b"text,label\n,1\n": "no row is left (empty post 1), expected at least one",
    }.items():
        file.write_bytes(content)
        said = imhi_here("build", "read", bad_build)
        assert said.code == 2, said
        assert said.out == "" and len(said.err.splitlines()) == 1
        assert line in said.complaint
    file.unlink()
    said = imhi_here("build", "read", bad_build)
    assert said.code == 2 and "found nothing, expected one of posts.*" in said.complaint
    file.parent.rmdir()
    said = imhi_here("build", "read", bad_build)
    assert said.code == 2 and f"there is no {file.parent}" in said.complaint


def test_two_files_that_fit_are_told_apart_by_the_user(
    bad_build: str, imhi_here: Imhi, tmp_path: Path
) -> None:
    (tmp_path / "raw" / "older").mkdir()
    (tmp_path / "raw" / "older" / "posts.csv").write_bytes(BAD)
    said = imhi_here("build", "read", bad_build)
    assert said.code == 2
    assert (
        "found 2 files for 'posts.*' (older/posts.csv, posts.csv), expected one" in said.complaint
    )

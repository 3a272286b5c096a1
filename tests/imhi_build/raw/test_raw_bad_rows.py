"""A row that cannot be read costs itself: file, row, what was found and what is allowed are said in
one line, and the rows after it are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.registry import Registry
from tests.imhi_build.raw.raw_tables import (
    WANTED,
    good_and_bad,
    own_preset,
    read_raw,
    texts_and_bad,
    write_excel,
    write_table,
)


def test_a_row_with_too_few_or_too_many_cells_is_told(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("text,label\nSoup, and rain,1\nTiles,0\nBus\n", encoding="utf-8")
    good, bad = texts_and_bad(path)
    assert good == {1: "Tiles"}
    assert bad[0].startswith(f"{path}: row 0 (line 2): found 3 cells, expected 2 (text, label)")
    assert "found 1 cell, expected 2" in bad[2]


BROKEN_QUOTES = {
    # name: (lines after the header, posts that are read, rows that are not)
    "not doubled": (['"She said "stay" and left",1', "Soup,0"], {1: "Soup"}, [0]),
    "never closed": (['"Soup,1', "Rain,0", "Tiles,1"], {1: "Rain", 2: "Tiles"}, [0]),
    "closed by the next cell that is quoted": (
        ['"Soup,1', "Rain,0", '"Tiles, twice",1', "Bus,0"],
        {1: "Rain", 2: "Tiles, twice", 3: "Bus"},
        [0],
    ),
    "not doubled in a post of several lines": (
        ['"She said "stay', "and I left", 'for "good"",1', "Soup,0"],
        {1: "Soup"},
        [0],
    ),
    "never closed before a post of several lines": (
        ['"Soup,1', '"Rain', 'and thunder",0', "Tiles,1"],
        {1: "Rain\nand thunder", 2: "Tiles"},
        [0],
    ),
    "two rows after another": (
        ['"She said "stay" and left",1', '"He said "go" and stayed",1', "Soup,0"],
        {2: "Soup"},
        [0, 1],
    ),
    "the end of a broken post is no row": (
        ['"One "two" three', 'four "five" six', 'seven",1', "Soup,0"],
        {1: "Soup"},
        [0],
    ),
}


@pytest.mark.parametrize("name", BROKEN_QUOTES)
def test_broken_quotes_cost_the_rows_they_stand_in_and_no_others(name: str, tmp_path: Path) -> None:
    lines, posts, lost = BROKEN_QUOTES[name]
    path = tmp_path / "posts.csv"
    path.write_text("\n".join(["text,label", *lines, ""]), encoding="utf-8")
    good, bad = texts_and_bad(path)
    assert (good, list(bad)) == (posts, lost)
    assert all("quote" in said for said in bad.values())


def test_a_piece_of_a_broken_post_that_looks_like_a_row_has_no_label_and_is_left_out(
    tmp_path: Path, registry: Registry
) -> None:
    (tmp_path / "posts.csv").write_text(
        'text,label\nSoup,1\n"She said "stay\nbut I, of course\nleft",1\nRain,0\n', encoding="utf-8"
    )
    read = read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry)
    assert read.labels() == {"Soup": "yes", "Rain": "no"}
    assert read.reasons() == {"unreadable row": 2, "unmapped label": 1}


def test_a_quote_inside_a_cell_without_quotes_is_one_while_quoting_is_sound(
    tmp_path: Path,
) -> None:
    path = tmp_path / "posts.csv"
    path.write_text('text,label\nIt is 5" long,1\nShe said "stay",0\n', encoding="utf-8")
    good, bad = texts_and_bad(path)
    assert (good, bad) == ({0: 'It is 5" long', 1: 'She said "stay"'}, {})


def test_bytes_of_another_encoding_cost_the_rows_that_hold_them(tmp_path: Path) -> None:
    for suffix, lines in {
        ".csv": [b"text,label", b"caf\xe9,1", b"Soup,0", "café,1".encode()],
        ".tsv": [b"text\tlabel", b"caf\xe9\t1", b"Soup\t0", "café\t1".encode()],
        ".jsonl": [
            b'{"text": "caf\xe9", "label": 1}',
            b'{"text": "Soup", "label": 0}',
            '{"text": "café", "label": 1}'.encode(),
        ],
    }.items():
        path = tmp_path / f"posts{suffix}"
        path.write_bytes(b"\n".join(lines))
        good, bad = texts_and_bad(path)
        assert good == {1: "Soup", 2: "café"}
        assert "column text: found the byte 0xe9, expected utf-8" in bad[0]
        assert "encoding: cp1252" in bad[0]


def test_parquet_texts_that_are_not_utf_8_cost_the_rows_that_hold_them(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    offsets = pyarrow.py_buffer(b"".join(n.to_bytes(4, "little") for n in (0, 4, 8)))
    text = pyarrow.Array.from_buffers(
        pyarrow.string(), 2, [None, offsets, pyarrow.py_buffer(b"Soupcaf\xe9")]
    )
    path = tmp_path / "posts.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"text": text, "label": [1, 0]}), path)
    good, bad = texts_and_bad(path)
    assert good == {0: "Soup"}
    assert "column text: found the byte 0xe9, expected utf-8" in bad[1]


def test_what_is_broken_in_a_column_that_nobody_needs_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(b"text,label,caf\xe9\nSoup,1,caf\xe9\n")
    good, bad = good_and_bad(path, wanted=WANTED)
    assert (good, bad) == ({0: {"text": "Soup", "label": "1", "caf�": "caf�"}}, {})
    _, bad = good_and_bad(path)
    assert "found the byte 0xe9" in bad[0]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_a_nul_character_costs_its_row(suffix: str, tmp_path: Path) -> None:
    rows = [{"text": "Soup\0", "label": 1}, {"text": "Rain", "label": 0}]
    good, bad = texts_and_bad(write_table(tmp_path / f"posts{suffix}", rows))
    assert good == {1: "Rain"}
    assert "found a NUL character, expected text" in bad[0]


JSONL_LINES = {
    "[1, 2]": "found a JSON list, expected an object",
    '"Soup"': "found a JSON str, expected an object",
    "null": "found a JSON NoneType, expected an object",
    "{'text': 'Soup'}": "found no JSON",
    '{"text": "Soup"}, ': "found no JSON",
    "[" * 100_000: "found no JSON (too deep)",
    '{"text": "half of a \\ud83d", "label": 1}': "found half of a character (\\ud83d)",
}


@pytest.mark.parametrize("line", JSONL_LINES, ids=[line[:30] for line in JSONL_LINES])
def test_a_line_of_jsonl_that_is_no_row_costs_itself(line: str, tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text(f'{line}\n{{"text": "Rain", "label": 0}}\n', encoding="utf-8")
    good, bad = texts_and_bad(path)
    assert good == {1: "Rain"}
    assert JSONL_LINES[line] in bad[0]


def test_what_excel_made_of_a_post_that_it_took_for_a_formula_is_no_post(tmp_path: Path) -> None:
    rows = [{"text": "#NAME?", "label": 1}, {"text": "Rain", "label": 0}]
    good, bad = texts_and_bad(write_excel(tmp_path / "posts.xlsx", rows))
    assert good == {1: "Rain"}
    assert "column text: found the error value #NAME?" in bad[0] and "formula" in bad[0]

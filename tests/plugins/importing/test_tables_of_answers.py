"""Tables of answers in every form that spreadsheets and programs leave behind are read alike."""

from __future__ import annotations

import json
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from imhi import DataError, HarnessError
from imhi.plugins.importing.files import find_answer_files
from tests.plugins.importing.answer_files import DATASETS, delimited, jsonl, read, texts, workbook

GOLD = "No, the poster does not suffer from depression. Reasoning: joy; and hope."
ANSWERS = [
    "Yes.",
    'She said "no; never", she\nleft\tearly; a | b, c',
    "",
    "Ça va – naïve “quotes” \N{GRINNING FACE}\r\nnext",
    "=yes, the poster suffers",
    '""',
    "x" * 200_000,
]
ROWS = [(GOLD, answer) for answer in ANSWERS]


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("DR.csv", delimited(",")),
        ("DR.csv", delimited(";")),
        ("DR.csv", delimited("|")),
        ("DR.csv", delimited("\t")),
        ("DR.tsv", delimited("\t")),
        ("DR.csv", delimited(";", "utf-8-sig")),
        ("DR.csv", delimited(";", opening="sep=;\r\n")),
        ("DR.txt", delimited("\t", "utf-16")),
        ("DR.csv", delimited(",", "utf-16-le")),
        ("DR.csv", delimited(",", "utf-16-be")),
        ("DR.csv.gz", delimited(",")),
    ],
)
def test_separators_and_encodings_make_no_difference(
    tmp_path: Path, name: str, write: Callable[..., Path]
) -> None:
    found, remarks = read(write(tmp_path / name, ROWS))
    assert [parts.text for parts in found] == ANSWERS
    assert {parts.gold for parts in found} == {GOLD}
    assert remarks == []


@pytest.mark.parametrize("indent", [None, 1])
def test_a_json_array_is_read_as_a_table(tmp_path: Path, indent: int | None) -> None:
    rows = [{"target": GOLD, "prediction": answer, "n": {"a": [1, "]"]}} for answer in ANSWERS]
    path = tmp_path / "DR.json"
    path.write_text(json.dumps(rows, indent=indent), encoding="utf-8")
    assert texts(path) == ANSWERS


@pytest.mark.parametrize("column", ["response", "prediction", "output", "generated_text"])
def test_jsonl_is_read_by_its_usual_names(tmp_path: Path, column: str) -> None:
    rows = [{"id": f"test-{n}", column: answer} for n, answer in enumerate(ANSWERS)]
    found, _ = read(jsonl(tmp_path / "DR.jsonl", rows))
    assert [(parts.id, parts.text) for parts in found] == [
        (f"test-{n}", answer) for n, answer in enumerate(ANSWERS)
    ]


def test_excel_is_read_as_a_table(tmp_path: Path) -> None:
    rows = [(GOLD, answer.replace("\r", "")) for answer in ANSWERS[:6]]
    found, remarks = read(workbook(tmp_path / "DR.xlsx", rows))
    assert [parts.text for parts in found] == [answer for _, answer in rows]
    assert remarks == [
        "DR.xlsx: 1 cells that begin with '=' were stored as formulas; their text was read"
    ]


def test_what_excel_has_cut_off_is_said(tmp_path: Path) -> None:
    path = workbook(tmp_path / "DR.xlsx", [(GOLD, "x" * 40_000)])
    found, (remark,) = read(path)
    assert len(found[0].text) == 32_767
    assert "1 cells hold 32,767 characters, the most that Excel keeps" in remark


def test_a_value_that_excel_computed_is_read(tmp_path: Path) -> None:
    stored = workbook(tmp_path / "DR.xlsx", [(GOLD, "=A2")])
    with zipfile.ZipFile(stored) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    # As Excel writes it once it has computed the formula.
    computed, changes = re.subn(
        r'<c r="B2"[^>]*>.*?</c>', '<c r="B2" t="str"><f>A2</f><v>Yes.</v></c>', sheet
    )
    assert changes == 1
    path = tmp_path / "computed" / "DR.xlsx"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(name, computed if name.endswith("sheet1.xml") else data)
    found, remarks = read(path)
    assert ([parts.text for parts in found], remarks) == (["Yes."], [])


def test_windows_1252_is_read_and_said(tmp_path: Path) -> None:
    path = delimited(";", "cp1252")(tmp_path / "DR.csv", [(GOLD, "It’s naïve – “yes”")])
    found, remarks = read(path)
    assert found[0].text == "It’s naïve – “yes”"
    assert remarks == ["DR.csv is not UTF-8; it was read as Windows-1252 (cp1252)"]


def test_a_damaged_utf8_file_is_not_taken_for_windows_1252(tmp_path: Path) -> None:
    path = delimited(",")(tmp_path / "DR.csv", [(GOLD, "naïve"), (GOLD, "cut")])
    path.write_bytes(path.read_bytes().replace(b"cut", b"c\xe9t"))
    with pytest.raises(DataError, match=r"the byte 0xe9 at position \d+, expected UTF-8"):
        read(path)


@pytest.mark.parametrize("header", [("Goldens", "Generated Text"), ("GOLD", "generated-text")])
def test_names_of_columns_are_read_in_any_case(tmp_path: Path, header: tuple[str, str]) -> None:
    found, _ = read(delimited(",")(tmp_path / "DR.csv", [(GOLD, "Yes.")], header))
    assert (found[0].gold, found[0].text) == (GOLD, "Yes.")


@pytest.mark.parametrize("name", ["DR.CSV", "dr.csv", "Dr.Jsonl"])
def test_names_of_files_are_read_in_any_case(tmp_path: Path, name: str) -> None:
    if name.endswith("l"):
        path = jsonl(tmp_path / name, [{"id": "test-0", "response": "Yes."}])
    else:
        path = delimited(",")(tmp_path / name, [(GOLD, "Yes.")])
    assert texts(tmp_path, dataset=None) == texts(path) == ["Yes."]


def test_other_columns_do_no_harm_and_two_answers_do(tmp_path: Path) -> None:
    row = {"id": "test-0", "text": "the post", "response": "Yes.", "seconds": 1.5}
    assert texts(jsonl(tmp_path / "DR.jsonl", [row])) == ["Yes."]
    both = jsonl(tmp_path / "both" / "DR.jsonl", [{**row, "output": "No."}])
    with pytest.raises(HarnessError, match=r"response and output, .* --column text=response"):
        texts(both)
    assert texts(both, columns={"text": "output"}) == ["No."]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "goldens;generated_text\na;b;c\n",
            r"row 0 \(line 2\): found 3 cells, expected 2 .*semicolon",
        ),
        ("goldens;generated_text\na\n", r"row 0 \(line 2\): found 1 cell, expected 2"),
        ('goldens;generated_text\na;"b\n', r"row 0 \(line 2\): found a quote that is never closed"),
        ('goldens,generated_text\na,"b \\"c\\" d"\n', r"row 0 .*text after a closing quote"),
        ("goldens;generated_text\n", "found no rows"),
        ("", "found an empty file"),
        ("a;generated_text;generated_text\n1;2;3\n", "the column 'generated_text' more than once"),
        ("goldens;words\na;b\n", "found the columns goldens, words, expected"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "DR.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("DR.jsonl", '{"id": "a", "response": "b"}\n{"id": ', r"row 1 \(line 2\): found no JSON"),
        ("DR.jsonl", "[1]\n", r"row 0 \(line 1\): found a JSON list, expected an object"),
        (
            "DR.json",
            '[{"id": "a", "response": "b"}',
            r"row 1: found the end of the file, expected \]",
        ),
        ("DR.json", '[{"id": "a", "response": "b"}, {"i', r"row 1: found no JSON .* cut off"),
        ("DR.json", '{\n"a": []\n}', "one JSON object over several lines, expected an array"),
        ("DR.xlsx", "no workbook", "cannot be read as Excel"),
        ("DR.csv.gz", "not packed", "cannot be unpacked"),
        ("DR.xls", "old", r"found the suffix '\.xls', .* save it as \.xlsx"),
    ],
)
def test_damaged_files_are_refused_in_one_line(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(HarnessError, match=message) as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["DR.csv", "DR.jsonl", "DR.json", "DR.csv.gz"])
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, name: str) -> None:
    """Ten times the rows, the same peak: rows without ids leave nothing behind."""
    peaks = []
    for count in (300, 3000):
        path = tmp_path / str(count) / name
        rows = [(GOLD, f"{n} " + "x" * 2000) for n in range(count)]
        if "json" in name:
            objects = [dict(zip(("gold", "output"), row, strict=True)) for row in rows]
            jsonl(path, objects)
            if name == "DR.json":
                path.write_text(json.dumps(objects), encoding="utf-8")
        else:
            delimited(",")(path, rows)
        file = find_answer_files(path, DATASETS).files["DR"]
        tracemalloc.start()
        assert sum(1 for _ in file.answers()) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2_000_000  # the texts alone are 6 MB

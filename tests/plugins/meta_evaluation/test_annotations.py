"""Reading annotation files: what is read, and what is said where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotated_files import row, write

from imhi._core.errors import DataError, HarnessError
from imhi.plugins.meta_evaluation.annotations import read_annotations


def test_the_published_files_are_two_systems_with_three_annotators(imhi: Path) -> None:
    rows = read_annotations([imhi / "human_evaluation" / "DR_annotation"])
    systems = [found.system for found in rows]
    assert systems.count("chatgpt_data") == 121
    assert systems.count("chatgpt_false_data") == 43
    assert {len(marks) for found in rows for marks in found.marks.values()} == {3}


def test_marks_are_read_as_json_or_python_with_gaps(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        [row(1, overall="[3, null, 2]"), row(2, overall="[1, None, 2.5]")],
        encoding="utf-8-sig",
    )
    marks = {found.post[21]: found.marks["overall"] for found in read_annotations([path])}
    assert marks == {"1": (3.0, None, 2.0), "2": (1.0, None, 2.5)}


def test_a_file_given_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row(1), row(2)])
    assert len(read_annotations([path, tmp_path, path])) == 2


def test_a_column_system_names_the_systems_of_one_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row(1, system="big"), row(2, system="small")])
    assert [found.system for found in read_annotations([path])] == ["big", "small"]


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    rows = [row(number) for number in range(9)]
    forth = read_annotations([write(tmp_path / "a.csv", rows)])
    back = read_annotations([write(tmp_path / "a.csv", rows[::-1])])
    assert [found.post for found in forth] == [found.post for found in back]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("good", r"row 1 \(line 3\): column 'overall': found 'good', expected a list of marks"),
        ("[3, 'x', 2]", r"found '\[3, 'x', 2\]', expected a list of marks from 0 to 3"),
        ("[]", r"found '\[\]', expected a list"),
        ("[3, true, 2]", "expected a list of marks"),
        ("__import__('os').getcwd()", "expected a list of marks"),
        ("[3, 4, 2]", r"found the mark 4 in '\[3, 4, 2\]'.*--scale LOW:HIGH"),
        ("[3, NaN, 2]", "found the mark nan"),
        ("[3, 2]", r"found 2 marks, expected 3 as in .*write null"),
    ],
)
def test_a_wrong_cell_is_named_with_what_was_expected(
    tmp_path: Path, cell: str, expected: str
) -> None:
    path = write(tmp_path / "a.csv", [row(0), row(1, overall=cell)])
    with pytest.raises(DataError, match=expected) as caught:
        read_annotations([path])
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_scale_lets_other_marks_through(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [row(0, overall="[9, 4, 2]")])
    assert read_annotations([path], scale=(0, 10))[0].marks["overall"] == (9.0, 4.0, 2.0)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        [{name: cell for name, cell in row(0).items() if name != "reliability"}],
    )
    with pytest.raises(DataError, match="missing: 'reliability'"):
        read_annotations([path])


def test_other_columns_can_hold_answers_and_marks(tmp_path: Path) -> None:
    cells = {"text": "An invented post.", "label": "1", "mine": "Yes. So it is.", "tone": "[1, 2]"}
    path = write(tmp_path / "a.csv", [cells])
    (found,) = read_annotations([path], answer_column="mine", marks=["tone"])
    assert (found.answer, found.marks) == ("Yes. So it is.", {"tone": (1.0, 2.0)})


def test_missing_paths_and_empty_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="no such file or folder"):
        read_annotations([tmp_path / "nowhere.csv"])
    with pytest.raises(HarnessError, match=r"found no \.csv file"):
        read_annotations([tmp_path])

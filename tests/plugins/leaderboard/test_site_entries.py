"""Entries come from strangers: what is refused, what is made harmless."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imhi._core.errors import HarnessError
from imhi.plugins.leaderboard.site.board import read_board
from imhi.plugins.leaderboard.site.entries import read_entries
from imhi.plugins.leaderboard.site.texts import file_name, harmless, web_link
from tests.plugins.leaderboard.entries import a_board, an_entry


@pytest.fixture
def board(tmp_path: Path) -> Path:
    return a_board(tmp_path / "board")


def changed(board: Path, name: str, file: str, change: Any) -> Path:
    """Change an entry's file by hand."""
    path = board / "entries" / name / file
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    return path


@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        ("entry.json", lambda v: v.pop("name"), "'name' is a required property"),
        ("entry.json", lambda v: v.update(surprise=1), "surprise"),
        ("entry.json", lambda v: v.update(id="other-00000000"), "expected the folder's name"),
        ("entry.json", lambda v: v.update(verified="2026-13-01T00:00:00Z"), "expected a time such as"),
        ("entry.json", lambda v: v["datasets"]["DR"]["scores"].clear(), "found no weighted_f1"),
        ("entry.json", lambda v: v["datasets"]["DR"].update(unparsed=999), "999 unparsed"),
        ("entry.json", lambda v: v["averages"][0].update(value=float("nan")), "the number NaN"),
        ("answers.json", lambda v: v["datasets"].pop("DR"), r"datasets.DR.right: found NoneType"),
        ("answers.json", lambda v: v["datasets"]["DR"].update(right="01"), "found 2 answers"),
        ("answers.json", lambda v: v["datasets"]["DR"].update(right="x" * 60), "expected a text of 0"),
    ],
)  # fmt: skip
def test_an_entry_that_is_not_as_it_should_be_is_refused_with_file_and_reason(
    board, file, change, reason
) -> None:
    path = changed(board, an_entry(board, "Model"), file, change)
    with pytest.raises(HarnessError, match=reason) as refused:
        read_entries(board)
    assert str(path) in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("file", ["entry.json", "answers.json"])
def test_a_missing_or_torn_file_is_refused(board: Path, file: str) -> None:
    path = board / "entries" / an_entry(board, "Model") / file
    path.write_text('{"format": 1,')
    with pytest.raises(HarnessError, match="not JSON"):
        read_entries(board)
    path.unlink()
    with pytest.raises(HarnessError, match="cannot be read"):
        read_entries(board)


def test_texts_are_made_harmless_keys_too() -> None:
    hostile = {"a\x1b[31m": ["\u202egnp.exe", "one\ntwo", "\ud800", 1.5, None]}
    assert harmless(hostile) == {"a�[31m": ["�gnp.exe", "one two", "�", 1.5, None]}


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//host",
        "https://",
        "https://[",
        "ftp://host/",
        "",
    ],
)
def test_what_is_no_address_of_the_web_is_no_link(text: str) -> None:
    assert web_link(text) == ""
    assert web_link("https://example.org/a?b=c#d") == "https://example.org/a?b=c#d"


def test_a_page_is_named_by_letters_and_digits_alone() -> None:
    assert file_name("T-SID") == "t-sid"
    assert file_name("depression/suicide cause detection") == "depression-suicide-cause-detection"


def test_which_answers_are_right_is_read_as_it_was_written(board: Path) -> None:
    name = an_entry(board, "Model", full_size=True)
    answers = json.loads((board / "entries" / name / "answers.json").read_text())
    (entry,) = read_entries(board)
    for dataset, column in answers["datasets"].items():
        expected = np.array(list(column["right"])) == "1"
        assert (entry.right[dataset] == expected).all()


def test_a_change_of_either_file_of_an_entry_is_seen(board: Path) -> None:
    name = an_entry(board, "Model")
    first = read_entries(board)[0]
    assert read_entries(board)[0].record == first.record
    changed(board, name, "entry.json", lambda v: v.update(name="Renamed"))
    assert read_entries(board)[0].name == "Renamed"
    flip = lambda v: v["datasets"]["DR"].update(right="01" * 30)  # noqa: E731
    changed(board, name, "answers.json", flip)
    assert read_entries(board)[0].right["DR"].sum() == 30


def test_an_entry_goes_with_its_folder(board: Path) -> None:
    name = an_entry(board, "Model")
    assert [entry.id for entry in read_entries(board)] == [name]
    shutil.rmtree(board / "entries" / name)
    assert read_entries(board) == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"titel": "x"}, r"unknown field 'titel': did you mean 'title'\?"),
        ({"url": "ftp://x"}, "expected https://"),
        ({"datasets": ["DR", "DR"]}, "found DR twice"),
        ({"datasets": []}, "at least 1"),
        ({"data": {"DR": "abc"}}, "data.DR"),
        ({"data": {"XX": "a" * 64}}, "found XX, expected names that 'datasets' lists"),
    ],
)
def test_a_board_that_is_not_as_it_should_be_is_refused_in_one_line(
    tmp_path: Path, fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(HarnessError, match=reason):
        read_board(a_board(tmp_path, **fields))


def test_a_folder_without_a_board_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="imhi leaderboard init FOLDER"):
        read_board(tmp_path)

"""``own`` serves the rows that datasets declare: a file or a factory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imhi._core.declarations import Dataset, Label, Question
from imhi._core.errors import DataError, HarnessError
from imhi.plugins.sources.own import OwnSource

LABELS = (Label("yes", "Yes, the poster is bored."), Label("no", "No, the poster is not bored."))


def source(rows: Any, *questions: Question) -> OwnSource:
    asked = questions or (Question("Is the poster bored?"),)
    return OwnSource("", {"bored": Dataset("bored", LABELS, asked, rows=rows)})


def jsonl(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "bored.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def error_of(rows: Any, *questions: Question) -> str:
    with pytest.raises(DataError) as caught:
        list(source(rows, *questions).examples("bored", "test"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def as_file(suffix: str) -> Callable[[Path], Any]:
    def write(tmp_path: Path) -> Path:
        path = tmp_path / f"bored{suffix}"
        text = {
            ".jsonl": '{"post": "so dull", "label": "yes"}\n\n{"post": "fun!", "label": "no"}\n',
            ".csv": "post,label\nso dull,yes\nfun!,no\n",
        }[suffix]
        path.write_text(text, encoding="utf-8")
        return path

    return write


def made_rows() -> list[dict[str, str]]:
    return [{"post": "so dull", "label": "yes"}, {"post": "fun!", "label": "no"}]


@pytest.mark.parametrize(
    "make",
    [as_file(".jsonl"), as_file(".csv"), lambda _: made_rows, lambda _: f"{__name__}:made_rows"],
    ids=["jsonl", "csv", "callable", "module:attribute"],
)
def test_rows_come_from_a_file_or_a_factory(
    tmp_path: Path, make: Callable[[Path], Any], request: pytest.FixtureRequest
) -> None:
    opened = source(make(tmp_path))
    found = [(e.id, e.post, e.label, e.question) for e in opened.examples("bored", "test")]
    assert found == [
        ("test-0", "so dull", "yes", "Is the poster bored?"),
        ("test-1", "fun!", "no", "Is the poster bored?"),
    ]
    assert opened.splits("bored") == ["test"]
    assert len(opened.checksum("bored", "test")) == 64


def test_all_columns_are_used(tmp_path: Path) -> None:
    social, work = (
        Question("Bored of people?", aspect="social"),
        Question("Of work?", aspect="work"),
    )
    row = {"id": "a7", "split": "train", "post": "meh", "aspect": "work", "label": "yes"}
    path = jsonl(tmp_path, {**row, "explanation": "A shrug."}, {**row, "id": 8, "split": "test"})
    opened = source(path, social, work)
    assert opened.splits("bored") == ["train", "test"]
    (example,) = opened.examples("bored", "train")
    assert (example.id, example.aspect, example.question) == ("a7", "work", "Of work?")
    assert example.explanation == "A shrug."
    assert [e.id for e in opened.examples("bored", "test")] == ["8"]


@pytest.mark.parametrize(
    "line",
    [
        '{"post": "late", "label": "yes", "split": "train"}',
        r'{"post": "late", "label": "yes", "\u0073plit": "train"}',
    ],
    ids=["plain", "escaped"],
)
def test_a_split_is_found_wherever_the_file_names_one(tmp_path: Path, line: str) -> None:
    path = tmp_path / "bored.jsonl"
    first = '{"post": "a split second", "label": "no"}'
    path.write_text(f"{first}\n{line}\n", encoding="utf-8")
    assert source(path).splits("bored") == ["test", "train"]


def test_a_file_that_names_no_split_is_not_parsed_to_its_end_for_them(tmp_path: Path) -> None:
    path = tmp_path / "bored.jsonl"
    path.write_text('["no row"]\n{"post": "x", "label": "yes"}\n{"post": \n', encoding="utf-8")
    assert source(path).splits("bored") == ["test"]
    assert "row 0 (line 1): found a list" in error_of(path)


def test_a_label_may_be_written_as_its_sentence(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"post": "x", "label": "No, the poster is not bored."})
    assert [e.label for e in source(path).examples("bored", "test")] == ["no"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"post": "x"}, "missing label"),
        ({"post": "x", "label": "yes", "mood": "y"}, "unknown mood"),
        (
            {"post": "x", "label": "perhaps"},
            "found an unknown label of 7 characters, expected one of yes, no",
        ),
        (
            {"post": "x", "label": "yes", "aspect": "work"},
            "found an unknown aspect of 4 characters, expected one of",
        ),
        ({"post": "  ", "label": "yes"}, "found an empty post"),
        ({"post": ["x"], "label": "yes"}, "post: expected a text"),
        (["x", "yes"], "found a list, expected an object"),
    ],
)
def test_a_bad_row_is_named_by_file_row_and_line(tmp_path: Path, row: object, message: str) -> None:
    path = jsonl(tmp_path, {"post": "fine", "label": "no"}, row)
    text = error_of(path)
    assert text.startswith(f"{path}: row 1 (line 2): ") and message in text


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bored.jsonl"
    path.write_text('{"post": "x", "label": "yes"}\n{"post": \n', encoding="utf-8")
    assert "row 1 (line 2): found no JSON" in error_of(path)


def test_a_file_without_one_readable_row_has_no_splits_but_an_error(tmp_path: Path) -> None:
    path = tmp_path / "bored.jsonl"
    path.write_text('{"post": "x"\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"row 0 \(line 1\): found no JSON"):
        source(path).splits("bored")


def test_ids_must_be_unique(tmp_path: Path) -> None:
    row = {"id": "a", "post": "x", "label": "yes"}
    assert "found the id of an earlier row" in error_of(jsonl(tmp_path, row, row))


def test_several_questions_need_an_aspect(tmp_path: Path) -> None:
    questions = (Question("A?", aspect="a"), Question("B?", aspect="b"))
    path = jsonl(tmp_path, {"post": "x", "label": "yes"})
    assert "found no aspect, expected one of a, b" in error_of(path, *questions)


def test_a_missing_file_and_an_absent_split_are_named(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"there is no file .*gone\.jsonl"):
        source(str(tmp_path / "gone.jsonl")).splits("bored")
    path = jsonl(tmp_path, {"post": "x", "label": "yes"})
    with pytest.raises(HarnessError, match="no split 'train'; its rows have test"):
        list(source(path).examples("bored", "train"))


def test_only_datasets_with_rows_are_served(tmp_path: Path) -> None:
    without = Dataset("calm", LABELS, (Question("Calm?"),))
    opened = OwnSource("", {"calm": without})
    assert opened.datasets() == []
    with pytest.raises(HarnessError, match=r"declare Dataset\(..., rows=FILE\)"):
        list(opened.examples("calm", "test"))

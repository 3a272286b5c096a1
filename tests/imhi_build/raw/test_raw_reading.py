"""From cells to labelled rows: what the preset says and nothing else, with where each row is from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import DataError
from imhi._core.registry import Registry
from tests.imhi_build.raw.raw_tables import (
    POSTS,
    own_preset,
    read_raw,
    write_csv,
    write_excel,
    write_jsonl,
    write_parquet,
    write_table,
)

YES_NO = {"1": "yes", "0": "no"}


def labelled(values: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"column": "label", "values": values, **more}


# --- labels --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "label"),
    [
        ("1", "yes"), ("0", "no"), ("1.0", "yes"), ("0.", "no"), (" 1 ", "yes"), ("1.00", "yes"),
        ("True", "yes"), ("false", "no"), ("YES", "yes"), ("No", "no"),
    ],
)  # fmt: skip
def test_every_spelling_of_a_truth_value_is_the_same_label(
    found: str, label: str, tmp_path: Path, registry: Registry
) -> None:
    write_csv(tmp_path / "posts.csv", [{"text": "Soup", "label": found}])
    (row,) = read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry).rows
    assert row.label == row.human_label == label
    assert row.raw_label == ("" if found == label else found.strip())


@pytest.mark.parametrize("ones_and_zeros", [(1, 0), (1.0, 0.0), (True, False), ("1", "0")])
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".xlsx"])
def test_numbers_and_truth_values_of_any_format_are_labels(
    suffix: str, ones_and_zeros: tuple[Any, Any], tmp_path: Path, registry: Registry
) -> None:
    rows = [{"text": POSTS[n], "label": label} for n, label in enumerate(ones_and_zeros)]
    write_table(tmp_path / f"posts{suffix}", rows)
    read = read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry)
    assert read.labels() == {POSTS[0]: "yes", POSTS[1]: "no"}


def test_case_and_spaces_do_not_tell_labels_apart(tmp_path: Path, registry: Registry) -> None:
    rows = [
        {"text": p, "label": x} for p, x in zip(POSTS, ("SAD", " very  Sad", "Fine"), strict=True)
    ]
    write_csv(tmp_path / "posts.csv", rows)
    label = labelled({"sad": "yes", "very sad": "yes", "fine": "no"})
    read = read_raw(own_preset(tmp_path / "own.yaml", label=label), tmp_path, registry)
    assert list(read.labels().values()) == ["yes", "yes", "no"]


def test_a_code_among_many_is_no_truth_value(tmp_path: Path, registry: Registry) -> None:
    rows = [{"selftext": POSTS[0], "cause": 1, "inference": ""},
            {"selftext": POSTS[1], "cause": "yes", "inference": ""},
            {"selftext": POSTS[2], "cause": "false", "inference": ""}]  # fmt: skip
    write_csv(tmp_path / "added_CAMS_data.csv", rows)
    read = read_raw("cams", tmp_path, registry)
    assert read.labels() == {POSTS[0]: "bias or abuse"}
    assert read.reasons() == {"unmapped label": 2}


def test_a_label_that_the_preset_does_not_know_is_told_with_those_it_knows(
    tmp_path: Path, registry: Registry
) -> None:
    path = write_csv(
        tmp_path / "posts.csv",
        [{"text": p, "label": x} for p, x in zip(POSTS, ("1", "2", ""), strict=True)],
    )
    read = read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry)
    assert read.labels() == {POSTS[0]: "yes"}
    unmapped, nothing = read.removals
    assert (unmapped.reason, unmapped.row) == ("unmapped label", 1)
    assert unmapped.detail == (
        f"{path}: row 1 (line 3): column label: found '2', expected one of '1', '0'"
    )
    assert (nothing.reason, nothing.row) == ("no label", 2)
    assert "column label: found nothing, expected one of '1', '0'" in nothing.detail
    assert read.raw.problems == [unmapped.detail, nothing.detail]


def test_labels_that_the_preset_leaves_out_are_listed_and_no_mistake(
    tmp_path: Path, registry: Registry
) -> None:
    rows = [{"text": p, "label": x} for p, x in zip(POSTS, ("1", "unsure", ""), strict=True)]
    write_csv(tmp_path / "posts.csv", rows)
    label = labelled({**YES_NO, "Unsure": None, "": None})
    read = read_raw(own_preset(tmp_path / "own.yaml", label=label), tmp_path, registry)
    assert read.labels() == {POSTS[0]: "yes"}
    assert read.reasons() == {"left out by the preset": 2}
    assert read.raw.problems == []


# --- posts ---------------------------------------------------------------------------------------


def test_several_post_columns_are_joined_by_line_breaks_without_empty_ones(
    tmp_path: Path, registry: Registry
) -> None:
    rows = [
        {"title": "The bus", "text": "It was late.", "label": 1},
        {"title": "  ", "text": "Only a body ", "label": 0},
        {"title": "Only a title", "text": "", "label": 0},
        {"title": "", "text": " ", "label": 0},
    ]
    write_csv(tmp_path / "posts.csv", rows)
    preset = own_preset(tmp_path / "own.yaml", post=["title", "text"])
    read = read_raw(preset, tmp_path, registry)
    assert [row.post for row in read.rows] == [
        "The bus\nIt was late.",
        "Only a body ",
        "Only a title",
    ]
    assert read.reasons() == {"empty post": 1}


@pytest.mark.parametrize("post", ["", "   ", "\n\t", None])
def test_rows_without_a_post_are_left_out_and_listed(
    post: str | None, tmp_path: Path, registry: Registry
) -> None:
    write_jsonl(
        tmp_path / "posts.jsonl", [{"text": post, "label": 1}, {"text": "Soup", "label": 1}]
    )
    read = read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry)
    assert read.labels() == {"Soup": "yes"}
    assert read.reasons() == {"empty post": 1}
    assert read.removals[0].row == 0
    assert read.raw.problems == []


def test_explanations_of_the_raw_data_are_taken_with_where_they_are_from(
    tmp_path: Path, registry: Registry
) -> None:
    rows = [
        {"text": POSTS[0], "label": 1, "why": "It names waiting."},
        {"text": POSTS[1], "label": 0, "why": " "},
    ]
    write_csv(tmp_path / "posts.csv", rows)
    preset = own_preset(tmp_path / "own.yaml", explanation="why")
    first, second = read_raw(preset, tmp_path, registry).rows
    assert (first.explanation, first.explained_by) == ("It names waiting.", "column why")
    assert second.explained_by == ""


# --- where rows are from -------------------------------------------------------------------------


def test_every_row_leads_back_to_its_file_its_row_and_its_name_there(
    tmp_path: Path, registry: Registry
) -> None:
    files = {"train": {"path": "a/posts.csv"}, "test": {"path": "b/posts.csv"}}
    for folder in ("a", "b"):
        rows = [
            {"key": f"{folder}-{n}", "text": f"{p} ({folder})", "label": n % 2}
            for n, p in enumerate(POSTS)
        ]
        write_table(tmp_path / folder / "posts.csv", rows)
    read = read_raw(own_preset(tmp_path / "own.yaml", files=files, id="key"), tmp_path, registry)
    assert [(row.id, row.file, row.row, row.source_id) for row in read.rows] == [
        ("train-0", "a/posts.csv", 0, "a-0"),
        ("train-1", "a/posts.csv", 1, "a-1"),
        ("train-2", "a/posts.csv", 2, "a-2"),
        ("test-0", "b/posts.csv", 0, "b-0"),
        ("test-1", "b/posts.csv", 1, "b-1"),
        ("test-2", "b/posts.csv", 2, "b-2"),
    ]
    described = read.raw.describe()
    assert described.files["test"].path == "b/posts.csv"
    assert len(described.files["test"].sha256) == 64


def test_rows_about_one_post_share_its_key_whatever_their_question(
    tmp_path: Path, registry: Registry
) -> None:
    row = {"text": POSTS[0], "belong": 1, "belong_exp": "", "burden": 0, "burden_exp": ""}
    write_csv(tmp_path / "test_data.csv", [row, {**row, "text": POSTS[0].upper()}])
    read = read_raw("irf", tmp_path, registry)
    assert len(read.rows) == 4
    assert len({one.post_id for one in read.rows}) == 1
    assert [one.id for one in read.rows] == ["test-0", "test-1", "test-2", "test-3"]


# --- columns -------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet", ".xlsx"])
def test_a_file_without_a_column_of_the_preset_is_refused_with_what_it_has(
    suffix: str, tmp_path: Path, registry: Registry
) -> None:
    path = write_table(tmp_path / f"posts{suffix}", [{"body": "Soup", "label": 1}])
    with pytest.raises(DataError) as caught:
        read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry)
    assert f"{path}: found the columns body, label, expected text, label" in str(caught.value)
    assert "(missing: text)" in str(caught.value)
    assert f"imhi build inspect {path}" in str(caught.value)


def test_the_names_of_rows_and_what_people_marked_may_be_missing(
    tmp_path: Path, registry: Registry
) -> None:
    write_csv(tmp_path / "posts.csv", [{"text": "Soup", "label": 1}])
    preset = own_preset(tmp_path / "own.yaml", id="key", label=labelled(YES_NO, evidence="passage"))
    (row,) = read_raw(preset, tmp_path, registry).rows
    assert (row.source_id, row.evidence) == ("", "")


def test_a_line_of_jsonl_may_leave_out_what_it_has_not_but_neither_post_nor_label(
    tmp_path: Path, registry: Registry
) -> None:
    rows = [
        {"label": 1},
        {"text": POSTS[0], "label": 1},
        {"text": POSTS[1], "why": "It is quiet."},
        {"text": POSTS[2], "label": 0, "why": "It counts."},
    ]
    path = write_jsonl(tmp_path / "posts.jsonl", rows)
    preset = own_preset(tmp_path / "own.yaml", explanation="why")
    read = read_raw(preset, tmp_path, registry)
    assert read.labels() == {POSTS[0]: "yes", POSTS[2]: "no"}
    assert [row.explanation for row in read.rows] == ["", "It counts."]
    assert read.reasons() == {"unreadable row": 2}
    assert read.removals[1].detail == (
        f"{path}: row 2 (line 3): found no label, expected text, label, why"
    )


def test_a_column_that_no_line_of_jsonl_has_is_missing(tmp_path: Path, registry: Registry) -> None:
    write_jsonl(tmp_path / "posts.jsonl", [{"text": POSTS[0], "label": 1}])
    preset = own_preset(tmp_path / "own.yaml", explanation="why")
    with pytest.raises(DataError, match=r"missing: why"):
        read_raw(preset, tmp_path, registry)


def test_encoding_sheet_and_format_are_those_of_the_preset(
    tmp_path: Path, registry: Registry
) -> None:
    preset = own_preset(tmp_path / "own.yaml", encoding="cp1252")
    write_csv(tmp_path / "posts.csv", [{"text": "café", "label": 1}], encoding="cp1252")
    assert read_raw(preset, tmp_path, registry).labels() == {"café": "yes"}
    book = write_excel(tmp_path / "posts.csv", [{"text": "Soup", "label": 0}], "data", ["about"])
    preset = own_preset(tmp_path / "own.yaml", format="excel", sheet="data")
    assert book.suffix == ".csv"
    assert read_raw(preset, tmp_path, registry).labels() == {"Soup": "no"}


# --- limits --------------------------------------------------------------------------------------


def test_a_limit_counts_posts_of_each_split(tmp_path: Path, registry: Registry) -> None:
    for split in ("train", "test"):
        rows = [
            {"text": f"{split} {n}", "belong": 1, "belong_exp": "", "burden": 0, "burden_exp": ""}
            for n in range(5)
        ]
        write_csv(tmp_path / f"{split}_data.csv", rows)
    read = read_raw("irf", tmp_path, registry, limit=2)
    assert read.raw.counts == {"train": 4, "test": 4}
    assert {row.post for row in read.rows} == {"train 0", "train 1", "test 0", "test 1"}
    assert read.removals == []


def test_a_whole_batch_and_more_is_read(tmp_path: Path, registry: Registry) -> None:
    rows = [{"text": f"page {n}", "label": n % 2} for n in range(3000)]
    write_parquet(tmp_path / "posts.parquet", rows)
    read = read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry)
    assert [row.row for row in read.rows] == list(range(3000))
    assert read.rows[2999].post == "page 2999"

"""Which rows are which split: files, ranges of rows, a column, or a seeded draw by post."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import DataError
from imhi._core.registry import Registry
from imhi.build.raw.splits import draw_splits
from tests.imhi_build.raw.raw_tables import (
    POSTS,
    Table,
    own_preset,
    read_raw,
    write_csv,
    write_table,
)

ALL = {"all": {"path": "posts.csv"}}


def labelled_posts(count: int, share_of_yes: float = 0.2) -> Table:
    return [
        {"text": f"page {n} of the notebook", "label": int(n < share_of_yes * count)}
        for n in range(count)
    ]


# --- files and ranges ----------------------------------------------------------------------------


def test_a_file_of_each_split_is_found_by_its_pattern_in_any_case_and_folder(
    tmp_path: Path, registry: Registry
) -> None:
    files = {"train": {"path": ["train-*.csv", "learn.csv"]}, "test": {"path": "deep/test.csv"}}
    write_table(
        tmp_path / "some" / "folder" / "Train-0001.CSV".lower(), [{"text": "a", "label": 1}]
    )
    write_table(tmp_path / "deep" / "test.csv", [{"text": "b", "label": 1}])
    read = read_raw(own_preset(tmp_path / "own.yaml", files=files), tmp_path, registry)
    assert read.splits() == {"a": "train", "b": "test"}


def test_a_name_with_brackets_is_found_as_it_is_written(tmp_path: Path, registry: Registry) -> None:
    write_csv(tmp_path / "posts [1].csv", [{"text": "a", "label": 1}])
    files = {"train": {"path": "posts [1].csv"}}
    read = read_raw(own_preset(tmp_path / "own.yaml", files=files), tmp_path, registry)
    assert read.splits() == {"a": "train"}


def test_what_a_mac_and_an_open_spreadsheet_leave_beside_a_file_is_passed_over(
    tmp_path: Path, registry: Registry
) -> None:
    write_csv(tmp_path / "posts.csv", [{"text": "a", "label": 1}])
    for rest in ("._posts.csv", "~$posts.csv"):
        (tmp_path / "__MACOSX").mkdir(exist_ok=True)
        (tmp_path / "__MACOSX" / rest).write_bytes(b"\0\5\x16")
    files = {"train": {"path": "*posts.csv"}}
    read = read_raw(own_preset(tmp_path / "own.yaml", files=files), tmp_path, registry)
    assert read.splits() == {"a": "train"}


def test_several_files_for_one_split_are_refused(tmp_path: Path, registry: Registry) -> None:
    for folder in ("a", "b"):
        write_table(tmp_path / folder / "posts.csv", [{"text": "a", "label": 1}])
    with pytest.raises(DataError, match=r"found 2 files for 'posts\.\*'.*expected one; name"):
        read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry)


def test_a_split_without_a_file_is_said(tmp_path: Path, registry: Registry) -> None:
    write_csv(tmp_path / "train.csv", [{"text": "a", "label": "self.Anxiety"}])
    read = read_raw("swmh", tmp_path, registry)
    assert read.splits() == {"a": "train"}
    assert read.raw.notes == [
        f"SWMH (preset swmh): {tmp_path}: found no val.csv: there will be no val",
        f"SWMH (preset swmh): {tmp_path}: found no test.csv: there will be no test",
    ]


def test_no_file_at_all_is_refused_with_what_is_there(tmp_path: Path, registry: Registry) -> None:
    write_csv(tmp_path / "posts.csv", [{"text": "a", "label": 1}])
    with pytest.raises(DataError, match=r"found posts\.csv, expected one of train\.csv, val\.csv"):
        read_raw("swmh", tmp_path, registry)
    with pytest.raises(DataError, match=r"there is no .*nowhere; expected the folder"):
        read_raw("swmh", tmp_path / "nowhere", registry)


def test_the_only_file_of_a_dataset_may_be_named_itself(tmp_path: Path, registry: Registry) -> None:
    path = write_csv(tmp_path / "my own name.csv", labelled_posts(10))
    read = read_raw("dr", path, registry)
    assert len(read.rows) == 10
    assert read.rows[0].file == "my own name.csv"


def test_ranges_of_rows_divide_a_file(tmp_path: Path, registry: Registry) -> None:
    write_csv(tmp_path / "posts.csv", [{"text": str(n), "label": n % 2} for n in range(10)])
    files = {
        "train": {"path": "posts.csv", "rows": [0, 6]},
        "val": {"path": "posts.csv", "rows": [6, 7]},
        "test": {"path": "posts.csv", "rows": [7, None]},
    }
    read = read_raw(own_preset(tmp_path / "own.yaml", files=files), tmp_path, registry)
    assert read.raw.counts == {"train": 6, "val": 1, "test": 3}
    assert read.splits() == {
        str(n): "train" if n < 6 else "val" if n < 7 else "test" for n in range(10)
    }


def test_a_row_that_cannot_be_read_counts_in_its_range_once_and_moves_no_other(
    tmp_path: Path, registry: Registry
) -> None:
    lines = [f"{n},{n % 2}" for n in range(6)]
    lines[1] = "1,too,many"
    lines[4] = '"4,0'
    (tmp_path / "posts.csv").write_text("\n".join(["text,label", *lines, ""]), encoding="utf-8")
    files = {
        "val": {"path": "posts.csv", "rows": [0, 3]},
        "test": {"path": "posts.csv", "rows": [3, None]},
    }
    read = read_raw(own_preset(tmp_path / "own.yaml", files=files), tmp_path, registry)
    assert read.splits() == {"0": "val", "2": "val", "3": "test", "5": "test"}
    assert [removal.row for removal in read.removals] == [1, 4]


# --- a column ------------------------------------------------------------------------------------


def by_column(path: Path, values: dict[str, str]) -> Path:
    return own_preset(path, files=ALL, split={"column": "part", "values": values})


def test_a_column_says_the_split_in_any_case(tmp_path: Path, registry: Registry) -> None:
    parts = ("Training", " dev ", "TEST")
    write_csv(
        tmp_path / "posts.csv",
        [{"text": p, "label": 1, "part": x} for p, x in zip(POSTS, parts, strict=True)],
    )
    preset = by_column(tmp_path / "own.yaml", {"training": "train", "Dev": "val", "test": "test"})
    read = read_raw(preset, tmp_path, registry)
    assert read.splits() == dict(zip(POSTS, ("train", "val", "test"), strict=True))


@pytest.mark.parametrize("parts", [(0, 1), (0.0, 1.0), (False, True)])
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".xlsx"])
def test_a_column_of_numbers_or_truth_values_says_the_split(
    suffix: str, parts: tuple[Any, Any], tmp_path: Path, registry: Registry
) -> None:
    rows = [{"text": p, "label": 1, "part": x} for p, x in zip(POSTS, parts, strict=False)]
    write_table(tmp_path / f"posts{suffix}", rows)
    preset = own_preset(
        tmp_path / "own.yaml",
        files={"all": {"path": "posts.*"}},
        split={"column": "part", "values": {"0": "train", "1": "test"}},
    )
    assert read_raw(preset, tmp_path, registry).splits() == {POSTS[0]: "train", POSTS[1]: "test"}


def test_a_row_with_an_unknown_split_is_left_out_and_told(
    tmp_path: Path, registry: Registry
) -> None:
    rows = [
        {"text": p, "label": 1, "part": x} for p, x in zip(POSTS, ("tr", "extra", ""), strict=True)
    ]
    path = write_csv(tmp_path / "posts.csv", rows)
    preset = by_column(tmp_path / "own.yaml", {"tr": "train", "te": "test"})
    read = read_raw(preset, tmp_path, registry)
    assert read.splits() == {POSTS[0]: "train"}
    assert read.reasons() == {"unknown split": 2}
    assert read.raw.problems == [
        f"{path}: row 1 (line 3): column part: found 'extra', expected one of 'tr', 'te'",
        f"{path}: row 2 (line 4): column part: found nothing, expected one of 'tr', 'te'",
    ]


def test_where_files_are_split_the_column_that_says_the_split_is_not_needed(
    tmp_path: Path, registry: Registry
) -> None:
    write_csv(tmp_path / "train.csv", [{"text": "a", "label": 1}])
    preset = own_preset(
        tmp_path / "own.yaml",
        files={"train": {"path": "train.csv"}, **ALL},
        split={"column": "part", "values": {"tr": "train"}},
    )
    assert read_raw(preset, tmp_path, registry).splits() == {"a": "train"}


# --- a draw --------------------------------------------------------------------------------------

SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}


def drawn(path: Path, **split: Any) -> Path:
    return own_preset(path, files=ALL, split={"shares": SHARES, **split})


def test_a_draw_is_the_same_for_a_seed_and_another_for_another(
    tmp_path: Path, registry: Registry
) -> None:
    write_csv(tmp_path / "posts.csv", labelled_posts(200))
    preset = drawn(tmp_path / "own.yaml")
    first = read_raw(preset, tmp_path, registry).splits()
    assert read_raw(preset, tmp_path, registry).splits() == first
    of_build = read_raw(preset, tmp_path, registry, seed=1).splits()
    of_preset = read_raw(drawn(tmp_path / "own.yaml", seed=1), tmp_path, registry).splits()
    assert of_build == of_preset != first


def test_a_draw_is_what_it_was_when_this_was_written() -> None:
    found = draw_splits([(str(n), "") for n in range(10)], SHARES, seed=0, stratify=True)
    assert {n: s for n, s in found.items() if s != "train"} == {
        "0": "test",
        "5": "val",
        "8": "test",
    }


def test_every_split_has_its_share_of_each_label(tmp_path: Path, registry: Registry) -> None:
    write_csv(tmp_path / "posts.csv", labelled_posts(200))
    rows = read_raw(drawn(tmp_path / "own.yaml"), tmp_path, registry).rows
    assert Counter((row.split, row.label) for row in rows) == {
        ("train", "yes"): 28, ("val", "yes"): 4, ("test", "yes"): 8,
        ("train", "no"): 112, ("val", "no"): 16, ("test", "no"): 32,
    }  # fmt: skip


def test_without_strata_only_the_whole_is_divided_in_shares(
    tmp_path: Path, registry: Registry
) -> None:
    write_csv(tmp_path / "posts.csv", labelled_posts(200))
    rows = read_raw(drawn(tmp_path / "own.yaml", stratify=False), tmp_path, registry).rows
    assert Counter(row.split for row in rows) == {"train": 140, "val": 20, "test": 40}
    assert Counter((row.split, row.label) for row in rows)["val", "yes"] != 4


def test_rows_about_one_post_fall_into_one_split(tmp_path: Path, registry: Registry) -> None:
    posts = labelled_posts(60)
    again = [{**row, "text": f"  {str(row['text']).upper()}", "label": 1} for row in posts]
    write_csv(tmp_path / "posts.csv", [*posts, *again])
    read = read_raw(drawn(tmp_path / "own.yaml"), tmp_path, registry)
    assert len(read.rows) == 120
    by_post: dict[str, set[str]] = {}
    for row in read.rows:
        by_post.setdefault(row.post_id, set()).add(row.split)
    assert len(by_post) == 60
    assert all(len(splits) == 1 for splits in by_post.values())


def test_a_draw_does_not_depend_on_what_cannot_be_read(tmp_path: Path, registry: Registry) -> None:
    path = write_csv(tmp_path / "posts.csv", labelled_posts(50))
    preset = drawn(tmp_path / "own.yaml")
    first = read_raw(preset, tmp_path, registry).splits()
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text(
        "\n".join([*lines[:20], "one,two,three", ",1", *lines[20:], '"cut off']), "utf-8"
    )
    read = read_raw(preset, tmp_path, registry)
    assert read.splits() == first
    assert read.reasons() == {"unreadable row": 2, "empty post": 1}


@pytest.mark.parametrize("count", [1, 2, 3, 7, 10_001])
def test_every_post_is_drawn_however_few_there_are_and_however_shares_are_rounded(
    count: int,
) -> None:
    shares = {"train": 0.333, "val": 0.333, "test": 0.333}
    posts = [(str(n), str(n % 3)) for n in range(count)]
    found = draw_splits(posts, shares, 0, True)  # type: ignore[arg-type]
    assert set(found) == {key for key, _ in posts}


def test_of_a_post_that_occurs_twice_the_first_row_is_drawn() -> None:
    posts = [(str(n), str(n % 2)) for n in range(100)]
    again = [(key, "another label") for key, _ in posts[:60]]
    first = draw_splits(posts, SHARES, 0, True)  # type: ignore[arg-type]
    assert draw_splits([*posts, *again], SHARES, 0, True) == first  # type: ignore[arg-type]


def test_a_split_without_a_share_gets_nothing() -> None:
    posts = [(str(n), "") for n in range(101)]
    found = draw_splits(posts, {"train": 0.5, "val": 0.5, "test": 0.0}, 0, True)
    assert set(found.values()) == {"train", "val"}

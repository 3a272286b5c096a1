"""Cleaning: personal data masked and counted, repeated posts left out and listed; or neither, as the
released data are."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi.build.raw.cleaning import Cleaner
from imhi.build.raw.preset import PROFILES
from tests.imhi_build.raw.raw_tables import POSTS, own_preset, read_raw, write_csv

PERSONAL = (
    "Ask @lena_k or u/night-owl, see https://example.org/bridges?id=3 and write to "
    "lena@example.org or call +1 212 555 2368."
)
MASKED = "Ask @user or @user, see <url> and write to <email> or call <phone>."


def test_strict_cleaning_masks_and_counts_by_kind(tmp_path: Path, registry: Registry) -> None:
    rows = [{"text": PERSONAL, "label": 1}, {"text": POSTS[0], "label": 0}]
    write_csv(tmp_path / "posts.csv", rows)
    preset = own_preset(tmp_path / "own.yaml")
    read = read_raw(preset, tmp_path, registry, clean="strict")
    assert [row.post for row in read.rows] == [MASKED, POSTS[0]]
    assert read.raw.masked == {"users": 2, "links": 1, "emails": 1, "phones": 1}


def test_what_was_masked_once_is_not_masked_again() -> None:
    cleaner = Cleaner(PROFILES["strict"])
    once = cleaner.clean(PERSONAL)
    counted = dict(cleaner.masked)
    assert once == MASKED
    assert cleaner.clean(once) == once
    assert dict(cleaner.masked) == counted


def test_published_posts_stay_byte_by_byte(tmp_path: Path, registry: Registry) -> None:
    post = f"  {PERSONAL}\n\n "
    write_csv(tmp_path / "posts.csv", [{"text": post, "label": 1}, {"text": post, "label": 1}])
    read = read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry, clean="published")
    assert [row.post for row in read.rows] == [post, post]
    assert read.raw.masked == {} and read.removals == []


def test_the_words_that_people_marked_and_explanations_are_masked_as_the_post_is(
    tmp_path: Path, registry: Registry
) -> None:
    row = {"text": "I miss @lena_k so", "label": 1, "why": "It names @lena_k.", "mark": "@lena_k"}
    write_csv(tmp_path / "posts.csv", [row])
    label = {"column": "label", "values": {"1": "yes"}, "evidence": "mark"}
    preset = own_preset(tmp_path / "own.yaml", explanation="why", label=label)
    (made,) = read_raw(preset, tmp_path, registry, clean="strict").rows
    assert (made.post, made.explanation, made.evidence) == (
        "I miss @user so",
        "It names @user.",
        "@user",
    )
    assert made.evidence in made.post


def test_a_preset_may_say_itself_what_is_masked(tmp_path: Path, registry: Registry) -> None:
    write_csv(tmp_path / "posts.csv", [{"text": PERSONAL, "label": 1}] * 2)
    preset = own_preset(tmp_path / "own.yaml", clean={"mask": ["users"], "duplicates": "keep"})
    read = read_raw(preset, tmp_path, registry)
    assert len(read.rows) == 2
    assert read.rows[0].post == PERSONAL.replace("@lena_k", "@user").replace("u/night-owl", "@user")
    assert read.raw.masked == {"users": 4}


# --- repeated posts ------------------------------------------------------------------------------


def test_a_repeated_post_is_left_out_but_for_the_first_and_says_which_it_repeats(
    tmp_path: Path, registry: Registry
) -> None:
    rows = [
        {"text": "Soup on the stove", "label": 1},
        {"text": "Rain outside", "label": 0},
        {"text": " soup ON  the\nstove ", "label": 1},
        {"text": "Rain outside", "label": 1},
    ]
    path = write_csv(tmp_path / "posts.csv", rows)
    preset = own_preset(tmp_path / "own.yaml")
    read = read_raw(preset, tmp_path, registry, clean="strict")
    assert read.labels() == {"Soup on the stove": "yes", "Rain outside": "no"}
    assert read.reasons() == {"duplicate": 2}
    assert [removal.detail for removal in read.removals] == [
        f"{path}: row 2 (line 4): the post of train-0 again",
        f"{path}: row 3 (line 6): the post of train-1 again, which has the label 'no'",
    ]
    assert read.raw.problems == []


def test_posts_that_differ_only_in_what_is_masked_are_repeated(
    tmp_path: Path, registry: Registry
) -> None:
    rows = [{"text": f"Thank you @{name} for the soup", "label": 1} for name in ("lena", "omar")]
    write_csv(tmp_path / "posts.csv", rows)
    read = read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry, clean="strict")
    assert [row.post for row in read.rows] == ["Thank you @user for the soup"]
    assert read.reasons() == {"duplicate": 1}


def test_a_post_may_stand_in_two_splits_and_under_two_questions(
    tmp_path: Path, registry: Registry
) -> None:
    row = {"text": POSTS[0], "belong": 1, "belong_exp": "", "burden": 0, "burden_exp": ""}
    write_csv(tmp_path / "train_data.csv", [row])
    write_csv(tmp_path / "test_data.csv", [row, row])
    read = read_raw("irf", tmp_path, registry, clean="strict")
    assert read.raw.counts == {"train": 2, "test": 2}
    assert read.reasons() == {"duplicate": 2}
    assert {removal.aspect for removal in read.removals} == {
        "thwarted belongingness",
        "perceived burdensomeness",
    }


def test_a_repeated_post_whose_first_row_has_no_label_is_kept(
    tmp_path: Path, registry: Registry
) -> None:
    rows = [{"text": "Soup", "label": "?"}, {"text": "Soup", "label": 1}]
    write_csv(tmp_path / "posts.csv", rows)
    read = read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry, clean="strict")
    assert [(row.row, row.label) for row in read.rows] == [(1, "yes")]
    assert read.reasons() == {"unmapped label": 1}


@pytest.mark.parametrize("clean", ["published", "strict"])
def test_rows_are_numbered_without_gaps_whatever_is_left_out(
    clean: str, tmp_path: Path, registry: Registry
) -> None:
    rows = [{"text": t, "label": x} for t, x in [("a", 1), ("a", 1), ("", 1), ("b", "?"), ("c", 0)]]
    write_csv(tmp_path / "posts.csv", rows)
    read = read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry, clean=clean)
    assert [row.id for row in read.rows] == [f"train-{n}" for n in range(len(read.rows))]
    assert len(read.rows) + len(read.removals) == len(rows)


@pytest.mark.parametrize(("clean", "left"), [("strict", 1), ("published", 3)])
def test_what_a_platform_left_of_a_deleted_post_is_no_post(
    tmp_path: Path, registry: Registry, clean: str, left: int
) -> None:
    rows = [{"text": text, "label": 1} for text in ("[deleted]", " [Removed] ", "[deleted] it all")]
    write_csv(tmp_path / "posts.csv", rows)
    read = read_raw(own_preset(tmp_path / "own.yaml"), tmp_path, registry, clean=clean)
    assert len(read.rows) == left
    assert [removal.reason for removal in read.removals] == ["empty post"] * (3 - left)

"""Released against human labels: rows are joined with raw rows by what they say."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from imhi._core.plugin_manager import load_plugins
from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi.build.audit.auditing import Auditing
from imhi.build.audit.raw_files import open_raw_files
from imhi.build.audit.records import Join
from tests.imhi_build.audit.audit_moods import POSTS, Audited, mood_rows, write_task
from tests.imhi_build.raw_demo import demo_rows, write_dr

OTHER = {"yes": "no", "no": "yes"}


@pytest.fixture
def tested(registry: Registry) -> list[Example]:
    return [row for row in demo_rows(registry, "DR") if row.split == "test"]


def relabelled(row: Example, label: str, post: str | None = None) -> Example:
    return dataclasses.replace(row, label=label, post=row.post if post is None else post)


def audited(registry: Registry, folder: Path, raw: list[Example]) -> Audited:
    """Audit the demo test rows of DR beside raw rows."""
    name, source = open_source("demo", registry)
    files = open_raw_files([f"dr={write_dr(folder / 'raw', raw)}"], registry)
    auditing = Auditing(name, source, registry, files, ["DR"], ["test"])
    return Audited(auditing.run(folder / "audit"), folder / "audit")


def join(found: Audited) -> Join:
    split = found.audit.split("DR", "test")
    assert split is not None and split.join is not None
    return split.join


def test_labels_that_differ_are_counted_listed_and_kept_with_each_row(
    registry: Registry, tmp_path: Path, tested: list[Example]
) -> None:
    changed = [relabelled(row, OTHER[row.label]) for row in tested[:3]]
    found = audited(registry, tmp_path, [*changed, *tested[3:]])
    counted = join(found)
    assert (counted.matched, counted.exact, counted.differ) == (16, 16, 3)
    assert sum(counted.changes.values()) == 3
    assert found.kinds("test")["label-not-human"] == tuple(row.id for row in tested[:3])
    verdicts = found.verdicts("DR", "test")
    assert [verdicts[row.id]["human"] for row in changed] == [row.label for row in changed]
    assert all(verdicts[row.id]["human"] == row.label for row in tested[3:])


def test_case_and_white_space_do_not_matter_where_the_exact_post_is_not_there(
    registry: Registry, tmp_path: Path, tested: list[Example]
) -> None:
    posts = [f"  {'  '.join(row.post.upper().split())}" for row in tested[:2]]
    raw = [
        relabelled(row, OTHER[row.label], post) for row, post in zip(tested, posts, strict=False)
    ]
    counted = join(audited(registry, tmp_path, [*raw, *tested[2:]]))
    assert (counted.exact, counted.normalised, counted.differ) == (14, 2, 2)


def test_the_exact_post_counts_before_one_that_is_spelt_otherwise(
    registry: Registry, tmp_path: Path, tested: list[Example]
) -> None:
    other = relabelled(tested[0], OTHER[tested[0].label], tested[0].post.upper())
    counted = join(audited(registry, tmp_path, [other, *tested]))
    assert (counted.exact, counted.ambiguous, counted.differ) == (16, 0, 0)


def test_raw_rows_that_disagree_about_a_post_give_no_human_label(
    registry: Registry, tmp_path: Path, tested: list[Example]
) -> None:
    found = audited(registry, tmp_path, [*tested, relabelled(tested[5], OTHER[tested[5].label])])
    assert (join(found).matched, join(found).ambiguous) == (15, 1)
    assert found.kinds("test")["human-ambiguous"] == (tested[5].id,)
    assert found.verdicts("DR", "test")[tested[5].id]["human"] is None
    assert not found.audit.incomplete


def test_raw_rows_of_the_same_split_count_before_those_of_others(
    registry: Registry, tmp_path: Path, tested: list[Example]
) -> None:
    elsewhere = dataclasses.replace(tested[0], split="val", label=OTHER[tested[0].label])
    counted = join(audited(registry, tmp_path, [*tested, elsewhere]))
    assert (counted.matched, counted.differ, counted.ambiguous) == (16, 0, 0)


def test_rows_without_a_partner_are_listed_on_both_sides(
    registry: Registry, tmp_path: Path, tested: list[Example]
) -> None:
    stray = relabelled(tested[0], "yes", "Nobody has released this post about a red canoe.")
    found = audited(registry, tmp_path, [stray, *tested[2:]])
    assert (join(found).matched, join(found).unmatched) == (14, 2)
    rows = found.kinds("test")
    assert rows["human-unmatched"] == (tested[0].id, tested[1].id)
    assert rows["raw-unmatched"] == ("test.csv:0",)


CAUSES = ("none", "bias or abuse", "jobs and career", "medication", "relationship", "alienation")


def cams(registry: Registry, folder: Path, rows: list[Example]) -> Audited:
    """Audit the demo test rows of CAMS beside raw rows in one file, as its authors give it."""
    folder.mkdir(exist_ok=True)
    with (folder / "added_CAMS_data.csv").open("w", encoding="utf-8", newline="") as stream:
        table: Any = csv.writer(stream)
        table.writerow(["selftext", "cause", "inference"])
        table.writerows((row.post, CAUSES.index(row.label), "") for row in rows)
    name, source = open_source("demo", registry)
    files = open_raw_files([f"cams={folder}"], registry)
    auditing = Auditing(name, source, registry, files, ["CAMS"], ["test"])
    return Audited(auditing.run(folder / "audit"), folder / "audit")


def test_rows_are_joined_whatever_split_a_preset_has_drawn_for_them(
    registry: Registry, tmp_path: Path
) -> None:
    rows = demo_rows(registry, "CAMS")
    tested = [row for row in rows if row.split == "test"]
    other = next(label for label in CAUSES if label != tested[0].label)
    found = cams(registry, tmp_path / "raw", [*rows, relabelled(tested[0], other)])
    split = found.audit.split("CAMS", "test")
    assert split is not None and split.join is not None
    # A post with two labels has none, into whichever split its rows were drawn.
    assert (split.join.exact, split.join.ambiguous) == (len(tested) - 1, 1)
    assert split.join.differ == split.join.unmatched == 0
    kinds = {f.kind: f for f in found.audit.findings if f.dataset == "CAMS"}
    assert "raw-unmatched" not in kinds
    assert kinds["raw-own-split"].severity == "info"
    assert kinds["raw-own-split"].text == (
        "split of the preset's own making; joined with all splits: "
        f"{len(tested) + 1} of {len(rows) + 1} raw rows have a released row here"
    )


def test_raw_rows_of_a_drawn_split_that_fit_nothing_are_said(
    registry: Registry, tmp_path: Path
) -> None:
    row = demo_rows(registry, "CAMS")[0]
    strange = relabelled(row, "none", "Nobody has released this post about a red canoe.")
    found = cams(registry, tmp_path / "raw", [strange])
    (sentence,) = found.audit.incomplete
    assert sentence.startswith("--raw cams: CAMS: none of 1 raw rows has the post and question")
    (told,) = [f for f in found.audit.findings if f.kind == "raw-unmatched"]
    assert told.rows == ("added_CAMS_data.csv:0",)


def test_raw_training_rows_stand_in_for_those_a_source_lacks(
    registry: Registry, tmp_path: Path, tested: list[Example]
) -> None:
    # The demo rows have no val: what the raw val file holds would have been trained on.
    leak = dataclasses.replace(tested[4], split="val")
    found = audited(registry, tmp_path, [*tested, leak])
    flagged = [id for id, row in found.verdicts("DR", "test").items() if "leaked" in row["flags"]]
    assert flagged == [tested[4].id]
    (shared,) = [s for s in found.audit.leaks if s.other == "DR" and s.split == "test"]
    assert (shared.equal, shared.raw) == (1, True)


def test_raw_rows_of_a_dataset_that_a_source_lacks_are_compared_with(tmp_path: Path) -> None:
    rows = mood_rows()
    registry = load_plugins([write_task(tmp_path, rows)]).registry
    name, source = open_source("own", registry)
    (row,) = [r for r in demo_rows(registry, "DR") if r.id == "train-1"]
    raw = [relabelled(row, "yes", POSTS["test-first"])]
    files = open_raw_files([f"dr={write_dr(tmp_path / 'raw', raw)}"], registry)
    audit = Auditing(name, source, registry, files).run(tmp_path / "audit")
    (found,) = [f for f in audit.findings if f.kind == "leak-across"]
    assert (found.rows, found.dataset) == (("test-first", "test-again"), "mood")
    assert "stand in DR train (known from the raw files)" in found.text
    assert {split.dataset for split in audit.splits} == {"mood"}


def test_posts_are_compared_as_they_are_whatever_a_build_would_mask(
    registry: Registry, tmp_path: Path
) -> None:
    (files,) = open_raw_files([f"dr={_named(tmp_path / 'raw')}"], registry).values()
    (row,) = files.rows()
    assert row.post == "Ask @some_user, see https://example.net/p"


def _named(folder: Path) -> Path:
    folder.mkdir()
    with (folder / "test.csv").open("w", encoding="utf-8", newline="") as stream:
        table: Any = csv.writer(stream)
        table.writerows([["text", "label"], ["Ask @some_user, see https://example.net/p", "1"]])
    return folder

"""What is drawn for annotators: shares, strata, posts, and what is recorded of it."""

from __future__ import annotations

import json
import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from annotation_samples import (
    again,
    build_of,
    demo_build,
    demo_rows,
    drawn,
    fill,
    quarantine,
    row,
)

from imhi._core.errors import DataError, HarnessError
from imhi._core.plugin_manager import PluginManager
from imhi.build.human_evaluation.drawing import draw
from imhi.build.human_evaluation.sampling import annotator_names
from imhi.build.human_evaluation.scheme import load_scheme, scheme_digest
from imhi.build.human_evaluation.shares import allocate
from imhi.build.records import BuiltRow

STRATA = {("big", "yes"): 900, ("big", "no"): 60, ("small", "yes"): 30, ("small", "no"): 10}


def test_proportional_shares_follow_the_rows() -> None:
    assert allocate(STRATA, 100, "proportional") == {
        ("big", "yes"): 90,
        ("big", "no"): 6,
        ("small", "yes"): 3,
        ("small", "no"): 1,
    }


def test_equal_shares_are_equal_by_dataset_and_proportional_within() -> None:
    found = allocate(STRATA, 40, "equal")
    assert found["big", "yes"] + found["big", "no"] == 20
    assert found == {
        ("big", "yes"): 19,
        ("big", "no"): 1,
        ("small", "yes"): 15,
        ("small", "no"): 5,
    }


def test_a_dataset_that_has_not_its_equal_share_leaves_it_to_the_others() -> None:
    found = allocate(STRATA, 200, "equal")
    assert found["small", "yes"] + found["small", "no"] == 40
    assert sum(found.values()) == 200


@pytest.mark.parametrize("shares", ["proportional", "equal"])
@pytest.mark.parametrize("size", [1, 3, 4, 5, 17, 200, 999, 1000, 5000])
def test_shares_sum_to_the_size_and_no_stratum_is_left_out_where_the_size_allows(
    shares: str, size: int
) -> None:
    found = allocate(STRATA, size, shares)  # type: ignore[arg-type]
    assert sum(found.values()) == min(size, 1000)
    assert all(count <= STRATA[stratum] for stratum, count in found.items())
    assert size < len(STRATA) or min(found.values()) >= 1


def draw_from(rows: list[BuiltRow], size: int, seed: int = 0) -> list[str]:
    found = draw(lambda dataset: [r for r in rows if r.dataset == dataset], ["d", "e"], size, seed,
                 "proportional")  # fmt: skip
    return [one.key for one in found.rows]


def many(dataset: str, count: int) -> list[BuiltRow]:
    return [row(n, dataset, "yes" if n % 3 else "no") for n in range(count)]


def test_the_same_seed_draws_the_same_rows_whatever_their_order() -> None:
    rows = [*many("d", 300), *many("e", 50)]
    assert draw_from(rows, 40) == draw_from(rows, 40)
    assert sorted(draw_from(rows[::-1], 40)) == sorted(draw_from(rows, 40))
    assert draw_from(rows, 40, seed=1) != draw_from(rows, 40)


def test_every_row_has_the_same_chance() -> None:
    rows = [row(n, "d") for n in range(50)]
    hits = Counter(key for seed in range(400) for key in draw_from(rows, 10, seed))
    # 400 draws of 10 from 50: each is expected 80 times, with a standard deviation of 8.
    assert len(hits) == 50
    assert all(48 <= count <= 112 for count in hits.values())


def test_rows_without_an_explanation_are_not_drawn() -> None:
    rows = [row(n, "d", explanation="" if n % 2 else " \n") for n in range(20)]
    rows += [row(20, "d")]
    assert draw_from(rows, 10) == ["d/train-20"]
    with pytest.raises(HarnessError, match="no row of d, e has an explanation"):
        draw_from(rows[:20], 10)


def test_a_post_is_drawn_once_also_across_datasets() -> None:
    rows = [
        row(n, dataset, label, post=f"One post for {n // 2}, under many questions.")
        for dataset in ("d", "e")
        for label in ("yes", "no")
        for n in (range(40) if label == "yes" else range(40, 80))
    ]
    found = draw(lambda name: [r for r in rows if r.dataset == name], ["d", "e"], 30, 0, "equal")
    posts = [one.post for one in found.rows]
    assert len(set(posts)) == len(posts) == 30
    assert found.doubled == 0


def test_a_post_is_drawn_again_only_where_no_other_is_left() -> None:
    rows = [row(n, "d", post=f"Post {n % 3}") for n in range(12)]
    found = draw(lambda _: rows, ["d"], 5, 0, "proportional")
    assert len(found.rows) == 5
    assert found.doubled == 2


class Watched(BuiltRow):
    """A row that can be counted."""


def test_rows_are_streamed_and_not_held() -> None:
    alive: weakref.WeakSet[Watched] = weakref.WeakSet()
    most = 0

    def rows(dataset: str) -> Iterator[BuiltRow]:
        nonlocal most
        for number in range(3000):
            given = row(number, dataset)
            one = Watched(**{name: getattr(given, name) for name in BuiltRow.__slots__})
            alive.add(one)
            most = max(most, len(alive))
            yield one

    found = draw(rows, ["d"], 7, 0, "proportional")
    assert len(found.rows) == 7
    assert most < 20


def test_a_sample_is_recorded_so_that_it_can_be_read_again(
    tmp_path: Path, manager: PluginManager
) -> None:
    written = drawn(demo_build(tmp_path / "build"), manager, size=30, seed=5, shares="equal")
    record = json.loads((written.folder / "sample.json").read_text())
    assert record["seed"] == 5
    assert record["size"] == record["items"] == 30
    assert record["shares"] == "equal"
    assert record["scheme"]["digest"] == scheme_digest(load_scheme())
    assert sum(stratum["drawn"] for stratum in record["strata"]) == 30
    assert [one.key for one in again(written).rows] == [one.key for one in written.sample.rows]
    assert again(written).digest == written.sample.digest == record["digest"]
    assert again(written).scheme.criteria == load_scheme().criteria
    lines = (written.folder / "sample.jsonl").read_text().splitlines()
    assert len(lines) == 30 and json.loads(lines[0])["explanation"]


def test_sheets_are_readable_by_their_owner_only(tmp_path: Path, manager: PluginManager) -> None:
    written = drawn(demo_build(tmp_path / "build"), manager)
    assert written.folder.stat().st_mode & 0o077 == 0
    assert {path.stat().st_mode & 0o077 for path in written.files} == {0}
    assert {path.name for path in written.files} == {
        "anna.xlsx", "anna.html", "ben.xlsx", "ben.html",
    }  # fmt: skip


def test_quarantined_rows_are_drawn_only_when_all_are_asked_for(
    tmp_path: Path, manager: PluginManager
) -> None:
    build = demo_build(tmp_path / "build")
    out = {one.id for one in demo_rows("dreaddit")[5:]}
    quarantine(build, "dreaddit", out)
    kept = drawn(build, manager, datasets=("dreaddit",), size=200)
    assert len(kept.sample.rows) == 5
    assert any("5 rows have an explanation, fewer than the 200" in note for note in kept.notes)
    every = drawn(build, manager, datasets=("dreaddit",), size=200, of="all", name="every")
    assert len(every.sample.rows) == len(demo_rows("dreaddit"))


def test_the_same_command_again_leaves_sheets_alone_and_adds_new_annotators(
    tmp_path: Path, manager: PluginManager
) -> None:
    build = demo_build(tmp_path / "build")
    written = drawn(build, manager)
    filled = fill(written.folder / "anna.xlsx", 2).read_bytes()
    later = drawn(build, manager, annotators=("cem", "Anna"))
    assert (written.folder / "anna.xlsx").read_bytes() == filled
    assert {path.name for path in later.files} == {"cem.xlsx", "cem.html"}
    assert later.sample.annotators == ("anna", "ben", "cem")


@pytest.mark.parametrize("changed", [{"seed": 1}, {"size": 13}, {"shares": "equal"}])
def test_another_sample_of_the_same_name_is_refused(
    tmp_path: Path, manager: PluginManager, changed: dict[str, object]
) -> None:
    build = demo_build(tmp_path / "build")
    drawn(build, manager)
    with pytest.raises(HarnessError, match=r"with other items.*choose another --name"):
        drawn(build, manager, **changed)
    drawn(build, manager, name="second", **changed)


def test_another_scheme_under_the_same_name_is_refused(
    tmp_path: Path, manager: PluginManager
) -> None:
    build = demo_build(tmp_path / "build")
    drawn(build, manager)
    with pytest.raises(HarnessError, match="with another wording"):
        drawn(build, manager, scheme=replace(load_scheme(), instruction="Otherwise."))


def test_a_sample_that_was_edited_is_refused(tmp_path: Path, manager: PluginManager) -> None:
    written = drawn(demo_build(tmp_path / "build"), manager)
    path = written.folder / "sample.jsonl"
    path.write_text(path.read_text().replace('"post":"', '"post":"Really. ', 1))
    with pytest.raises(DataError, match=r"found other rows than sample\.json was written for"):
        again(written)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    with pytest.raises(DataError, match="expected the 12 that were drawn"):
        again(written)
    (written.folder / "sample.json").write_text("{")
    with pytest.raises(HarnessError, match="not JSON"):
        again(written)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"datasets": ("dreadit",)}, "unknown dataset 'dreadit': did you mean 'dreaddit'?"),
        ({"name": "../out"}, "--name ../out: expected up to 60 letters"),
        ({"name": ".hidden"}, "--name .hidden"),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path, manager: PluginManager, changes: dict[str, object], complaint: str
) -> None:
    with pytest.raises(HarnessError) as caught:
        drawn(demo_build(tmp_path / "build"), manager, **changes)
    assert complaint in str(caught.value)


def test_a_label_nobody_registered_is_named(tmp_path: Path, manager: PluginManager) -> None:
    build = build_of(tmp_path / "build", {"dreaddit": [row(0, label="maybe")]})
    with pytest.raises(HarnessError, match="'dreaddit' has no label 'maybe'"):
        drawn(build, manager)


def test_annotators_are_a_number_or_names() -> None:
    assert annotator_names("2") == ("annotator-1", "annotator-2")
    assert annotator_names("Anna, Zoë K.") == ("Anna", "Zoë K.")
    for text in ("0", "51", "", "a,,b", "a/b", "../a", "a,A", ".a", "x" * 41):
        with pytest.raises(HarnessError, match="--annotators: found"):
            annotator_names(text)


def test_a_size_below_the_number_of_strata_is_said(tmp_path: Path, manager: PluginManager) -> None:
    written = drawn(demo_build(tmp_path / "build"), manager, size=4)
    assert len(written.sample.rows) == 4
    assert any("strata gave no row" in note for note in written.notes)

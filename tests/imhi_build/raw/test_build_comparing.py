"""``imhi build compare``: rows, queries, labels and explanations held against another source."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from imhi._core.records import Example
from imhi._core.registry import Registry
from tests.conftest import Imhi
from tests.imhi_build.raw.raw_tables import write_csv
from tests.imhi_build.raw_demo import demo_rows, write_dr


@pytest.fixture
def rows(registry: Registry) -> list[Example]:
    return demo_rows(registry, "DR")


def built(tmp_path: Path, imhi_here: Imhi, rows: list[Example]) -> None:
    """Make the build ``mine`` of rows of DR, and read it."""
    write_dr(tmp_path / "raw", rows)
    assert imhi_here("build", "new", "mine", "--raw", "dr=raw").code == 0
    assert imhi_here("build", "read", "mine").code == 0


def by_split(said: str) -> dict[str, list[str]]:
    """Return the cells of the table by split."""
    lines = [line.split() for line in said.splitlines()]
    return {line[1]: line[2:] for line in lines if line[:1] == ["DR"] and len(line) == 8}


def test_a_build_of_the_same_rows_has_no_differences(
    rows: list[Example], tmp_path: Path, imhi_here: Imhi
) -> None:
    built(tmp_path, imhi_here, rows)
    said = imhi_here("build", "compare", "mine", "demo")
    assert said.code == 0
    of_split = Counter(row.split for row in rows)
    assert by_split(said.out) == {split: [*[str(n)] * 5, "-"] for split, n in of_split.items()}
    assert "differ" not in said.out + said.err


def test_rows_labels_and_their_places_are_told_apart(
    rows: list[Example], tmp_path: Path, imhi_here: Imhi
) -> None:
    import dataclasses

    test = [row for row in rows if row.split == "test"]
    train = [row for row in rows if row.split == "train"]
    other = {"yes": "no", "no": "yes"}
    changed = [
        dataclasses.replace(test[0], label=other[test[0].label]),
        dataclasses.replace(test[1], post=f"{test[1].post} "),
        *test[2:],
    ]
    built(tmp_path, imhi_here, [*train[1:], *changed])
    said = imhi_here("build", "compare", "mine", "demo", "--list", "differences.csv")
    n, m = len(test), len(train)
    assert by_split(said.out) == {
        "train": [str(m - 1), str(m), str(m - 1), str(m - 1), str(m - 1), "-"],
        "test": [str(n), str(n), str(n - 1), str(n - 1), str(n - 2), "-"],
    }
    here, there = other[test[0].label], test[0].label
    assert f"DR test: labels differ: {here} here and {there} there 1" in said.out
    assert "wrote 4 differences to differences.csv" in said.err
    with (tmp_path / "differences.csv").open(encoding="utf-8", newline="") as stream:
        listed = [tuple(row.values()) for row in csv.DictReader(stream)]
    assert listed == [
        ("DR", "train", "only there", "", train[0].id, "", ""),
        ("DR", "test", "label", "test-0", test[0].id, here, there),
        ("DR", "test", "only here", "test-1", "", "", ""),
        ("DR", "test", "only there", "", test[1].id, "", ""),
    ]
    text = (tmp_path / "differences.csv").read_text(encoding="utf-8")
    assert not any(row.post in text for row in rows)


def test_posts_that_stand_several_times_are_paired_one_by_one(
    rows: list[Example], tmp_path: Path, imhi_here: Imhi
) -> None:
    test = [row for row in rows if row.split == "test"]
    built(tmp_path, imhi_here, [*test, test[0], test[0]])
    said = imhi_here("build", "compare", "mine", "demo")
    n = len(test)
    assert by_split(said.out) == {"test": [str(n + 2), str(n), str(n), str(n), str(n), "-"]}


def test_explanations_are_compared_once_there_are_any(
    rows: list[Example], tmp_path: Path, imhi_here: Imhi
) -> None:
    built(tmp_path, imhi_here, rows)
    assert imhi_here("build", "explain", "mine", "--given", "demo").code == 0
    said = imhi_here("build", "compare", "mine", "demo")
    assert {cells[-1] for cells in by_split(said.out).values()} == {
        str(n) for n in Counter(row.split for row in rows).values()
    }
    found = imhi_here("build", "compare", "mine", "built:mine", "--json").json
    assert all(one["explained"] and one["same_explanation"] == one["both"] for one in found)


def test_splits_that_only_one_side_has_are_told(
    rows: list[Example], tmp_path: Path, imhi_here: Imhi
) -> None:
    import dataclasses

    test = [row for row in rows if row.split == "test"]
    built(tmp_path, imhi_here, [*test, *(dataclasses.replace(row, split="val") for row in test)])
    said = imhi_here("build", "compare", "mine", "demo")
    assert said.code == 0 and list(by_split(said.out)) == ["test"]
    assert "not compared, as demo has none: DR val" in said.err
    assert "not compared, as the build has none: DR train" in said.err


def test_a_source_with_none_of_the_splits_is_refused(
    rows: list[Example], tmp_path: Path, imhi_here: Imhi
) -> None:
    built(tmp_path, imhi_here, rows)
    write_csv(tmp_path / "mood.csv", [{"post": "Sun on the balcony.", "label": "happy"}])
    (tmp_path / "mood.yaml").write_text(
        "task: mood\nsummary: mood\ndataset: mood\nrows: mood.csv\nquestion: Mood?\n"
        "labels: {happy: This post shows happiness., sad: This post shows sadness.}\n",
        encoding="utf-8",
    )
    said = imhi_here("build", "compare", "mine", "own", "--plugin", "mood.yaml")
    assert (said.code, said.out) == (2, "")
    assert "own: found no split of this build in it, expected one of DR train" in said.complaint


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", "demo"], "not a build folder"),
        (["mine", "nope"], "unknown source 'nope'"),
        (["mine", "official:nowhere"], "no such folder"),
        (["mine", "built:nowhere"], "not a build folder"),
        (["mine", "built:mine"], "run: imhi build explain mine"),
        (["mine", "demo", "--list", "no/such/folder.csv"], "no/such/folder.csv: cannot write"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(
    words: list[str], said: str, rows: list[Example], tmp_path: Path, imhi_here: Imhi
) -> None:
    built(tmp_path, imhi_here, rows[:3])
    found = imhi_here("build", "compare", *words)
    assert found.code == 2
    assert said in found.complaint and len(found.err.splitlines()) == 1


def test_a_build_that_was_not_read_is_told_to_be_read(
    rows: list[Example], tmp_path: Path, imhi_here: Imhi
) -> None:
    write_dr(tmp_path / "raw", rows)
    assert imhi_here("build", "new", "mine", "--raw", "dr=raw").code == 0
    said = imhi_here("build", "compare", "mine", "demo")
    assert said.code == 2 and "run: imhi build read mine" in said.complaint

"""What runs are called: short, by what tells them apart, and never two alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.run_store import RunFolder
from imhi._core.run_store.telling_apart import distinct_names, distinct_runs

ONE, OTHER = "x-test-d52f15bcdd", "x-test-7ca2949270"


def named(*runs: tuple[str, str, str]) -> list[str]:
    return distinct_names(list(runs))


@pytest.mark.parametrize(
    ("runs", "names"),
    [
        ([("a", "plain", f"/r/{ONE}")], ["a"]),
        ([("a", "plain", f"/r/{ONE}"), ("b", "plain", f"/r/{OTHER}")], ["a", "b"]),
        (
            [("a", "plain", f"/r/{ONE}"), ("a", "polite", f"/r/{OTHER}")],
            ["a (plain)", "a (polite)"],
        ),
        (
            [("a", "plain", f"/r/{ONE}"), ("a", "plain", f"/r/{OTHER}")],
            ["a (d52f15)", "a (7ca294)"],
        ),
        (
            [("a", "plain", f"/ra/{ONE}"), ("a", "plain", f"/rb/{ONE}")],
            ["a (ra)", "a (rb)"],
        ),
        (
            [("a", "plain", f"/mon/runs/{ONE}"), ("a", "plain", f"/tue/runs/{ONE}")],
            ["a (mon)", "a (tue)"],
        ),
        (
            [("a", "plain", f"/r/{ONE}"), ("a", "plain", "/r/by-hand")],
            ["a (d52f15)", "a (by-hand)"],
        ),
        (
            [(f"x-{digits}", "", f"/r/x-test-{digits}") for digits in ("d52f15aaaa", "d52f15bbbb")],
            ["x-d52f15aaaa", "x-d52f15bbbb"],
        ),
        (
            [("a", "", "/r/x-test-d52f15aaaa"), ("a", "", "/r/x-test-d52f15bbbb")],
            ["a (d52f15aaaa)", "a (d52f15bbbb)"],
        ),
    ],
)
def test_a_run_is_called_as_its_model_and_what_tells_it_apart(runs, names) -> None:
    assert named(*runs) == names
    assert named(*reversed(runs)) == names[::-1]


def test_what_no_one_thing_tells_apart_is_told_apart_by_several() -> None:
    runs = [
        ("a", style, f"/{place}/{run}")
        for place in ("ra", "rb")
        for style, run in (("plain", ONE), ("polite", OTHER))
    ]
    assert named(*runs) == ["a (plain, ra)", "a (polite, ra)", "a (plain, rb)", "a (polite, rb)"]


def test_names_that_are_alike_once_they_are_harmless_are_told_apart_too() -> None:
    models = [("hf:/home/one/model", "", f"/r/{ONE}"), ("hf:/home/two/model", "", f"/r/{OTHER}")]
    names = distinct_names(models, lambda text: text.rpartition("/")[2])
    assert names == ["model (d52f15)", "model (7ca294)"]
    assert distinct_names(models, lambda text: "*") == ["* (*)", "* (*) [2]"]


def test_a_folder_given_twice_is_one_run_by_whatever_path(tmp_path: Path) -> None:
    (tmp_path / "runs" / ONE).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "runs")
    paths = [f"runs/{ONE}", f"link/{ONE}", f"runs/../runs/{ONE}/", f"runs/{ONE}"]
    folders, notes = distinct_runs([RunFolder(tmp_path / path) for path in paths])
    assert [folder.path for folder in folders] == [tmp_path / "runs" / ONE]
    assert notes == [
        f"{tmp_path}/link/{ONE}: given twice, also as {tmp_path}/runs/{ONE}; it is one run and "
        "counts once",
        f"{tmp_path}/runs/../runs/{ONE}: given twice, also as {tmp_path}/runs/{ONE}; it is one run "
        "and counts once",
        f"{tmp_path}/runs/{ONE}: given twice; it is one run and counts once",
    ]

"""Ranks and their ranges, means, paired tests, and what may stand in one table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imhi._core.errors import HarnessError
from imhi._core.registry import Registry
from imhi._core.statistics.significance import mcnemar_p
from imhi.plugins.leaderboard.site.board import read_board
from imhi.plugins.leaderboard.site.entries import Score, read_entries
from imhi.plugins.leaderboard.site.paired_tests import compared, opponents
from imhi.plugins.leaderboard.site.ranking import Place, mean_over_datasets, mean_over_tasks, places
from imhi.plugins.leaderboard.site.standings import Standings, stand
from tests.plugins.leaderboard.entries import DATASETS, a_board, an_entry

FIVE = ("DR", "dreaddit", "SAD", "MultiWD", "IRF")


@pytest.fixture
def board(tmp_path: Path) -> Path:
    return a_board(tmp_path / "board")


def stood(board: Path, registry: Registry) -> Standings:
    return stand(read_board(board), read_entries(board), registry)


# --- ranks and means -----------------------------------------------------------------------------


def test_a_range_of_ranks_counts_intervals_that_lie_wholly_above_and_below() -> None:
    scores = {
        "second": Score(80, 76, 84),
        "first": Score(85, 82, 88),
        "alone": Score(60, 58, 62),
        "third": Score(78, 70, 81),
    }
    assert places(scores) == {
        "first": Place(1, 1, 2),  # only third and alone lie wholly below 82
        "second": Place(2, 1, 3),
        "third": Place(3, 2, 3),  # first lies wholly above 81
        "alone": Place(4, 4, 4),
    }
    assert list(places(scores)) == ["first", "second", "third", "alone"]


def test_equal_values_share_the_better_rank_and_nobody_is_an_empty_table() -> None:
    scores = {
        name: Score(value, value, value) for name, value in zip("abc", (5, 7, 7), strict=True)
    }
    assert {name: place.rank for name, place in places(scores).items()} == {"b": 1, "c": 1, "a": 3}
    assert places({}) == {}


def test_the_interval_of_a_mean_is_narrower_than_those_it_is_made_of() -> None:
    assert mean_over_datasets([Score(60, 56, 63), Score(70, 66, 73)]) == pytest.approx(
        (65, 65 - 8**0.5, 65 + 4.5**0.5)
    )


def test_a_mean_over_tasks_gives_tasks_equal_weight() -> None:
    scores = {"a": Score(10, 10, 10), "b": Score(20, 20, 20), "c": Score(60, 60, 60)}
    assert mean_over_tasks(scores, {"one": ["a", "b"], "two": ["c"]}).value == pytest.approx(37.5)


# --- what is comparable --------------------------------------------------------------------------


def test_entries_without_all_datasets_are_partial_and_have_no_overall_rank(board, registry) -> None:
    whole = an_entry(board, "Whole", 0.6, number=1)
    part = an_entry(board, "Part", 0.9, number=2, datasets=FIVE)
    found = stood(board, registry)
    assert list(found.overall) == [whole]
    assert not found.standings[part].complete
    assert list(found.by_dataset["DR"]) == [part, whole]
    assert list(found.by_task["depression detection"]) == [whole]  # needs CLP, too


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"synthetic": True}, "fictional posts"),
        ({"split": "val"}, "split val, not test"),
        ({"labeler": {"name": "strict", "version": "1"}}, "labels read by strict, not by hybrid"),
        ({"data": dict.fromkeys(DATASETS, "f" * 64)}, "other examples of DR"),
    ],
)
def test_what_is_not_comparable_is_in_no_table_and_the_reason_is_said(
    board, registry, fields, reason
) -> None:
    usual = an_entry(board, "Usual", number=1)
    other = an_entry(board, "Other", number=2, **fields)
    found = stood(board, registry)
    assert list(found.standings) == list(found.overall) == [usual]
    assert all(other not in table for table in found.by_dataset.values())
    assert reason in [one.reason for one in found.left_out if one.entry.id == other]


def test_other_examples_of_one_dataset_keep_an_entry_out_of_that_table_alone(
    board, registry
) -> None:
    an_entry(board, "First", number=1)
    other = an_entry(board, "Other", number=2, data={"DR": "a" * 64})
    found = stood(board, registry)
    assert other not in found.by_dataset["DR"] and other in found.by_dataset["SAD"]
    assert other not in found.overall
    assert [(one.entry.id, one.dataset) for one in found.left_out] == [(other, "DR")]


def test_a_pinned_checksum_decides_whichever_entry_came_first(tmp_path, registry) -> None:
    board = a_board(tmp_path / "board", data={"DR": "a" * 64})
    first = an_entry(board, "First", number=1)
    other = an_entry(board, "Other", number=2, data={"DR": "a" * 64})
    found = stood(board, registry)
    assert list(found.by_dataset["DR"]) == [other]
    assert first not in found.overall


def test_a_synthetic_board_takes_fictional_posts_and_nothing_else(tmp_path, registry) -> None:
    board = a_board(tmp_path / "board", synthetic=True)
    demo = an_entry(board, "Demo", number=1, synthetic=True)
    an_entry(board, "Real", number=2)
    found = stood(board, registry)
    assert list(found.overall) == [demo]
    assert [one.reason for one in found.left_out] == ["real posts on a synthetic board"]


def test_only_a_later_entry_supersedes_so_two_cannot_remove_each_other(board, registry) -> None:
    one = an_entry(board, "One", number=1)
    two = an_entry(board, "Two", number=2, supersedes=one)
    an_entry(board, "Zero", number=0, supersedes=two)
    found = stood(board, registry)
    assert found.superseded == {one: two}
    assert one not in found.standings and two in found.standings


def test_means_are_those_verified_unless_the_entry_has_datasets_beside_the_boards(
    tmp_path, registry
) -> None:
    small = a_board(tmp_path / "small", datasets=FIVE)
    exact = an_entry(small, "Exact", number=1, datasets=FIVE)
    more = an_entry(small, "More", number=2)
    found = stood(small, registry)
    assert found.means["datasets"][exact] == found.entries[exact].average("datasets")
    values = [found.standings[more].scores[name].value for name in FIVE]
    assert found.means["datasets"][more].value == pytest.approx(np.mean(values))
    assert found.means["datasets"][more].value != found.entries[more].average("datasets").value


def test_a_dataset_that_no_plugin_and_no_entry_knows_is_refused(tmp_path, registry) -> None:
    board = a_board(tmp_path / "board", datasets=["DR", "dredit"])
    with pytest.raises(HarnessError, match=r"unknown dataset 'dredit'.*no entry has it either"):
        stood(board, registry)


# --- paired tests --------------------------------------------------------------------------------


def test_mcnemar_for_many_is_mcnemar_one_at_a_time() -> None:
    drawn = np.random.default_rng(0)
    a, b = drawn.integers(0, 400, (2, 200))
    one_by_one = [mcnemar_p(int(x), int(y)) for x, y in zip(a, b, strict=True)]
    assert mcnemar_p(a, b) == pytest.approx(one_by_one)
    assert mcnemar_p([0], [0]) == [1.0]


def test_a_test_counts_the_examples_that_one_alone_has_right(board, registry) -> None:
    one, two = an_entry(board, "One", 0.9, number=1), an_entry(board, "Two", 0.5, number=2)
    found = stood(board, registry)
    rows = compared(found.standings[one], found.standings[two])
    assert [row.dataset for row in rows] == list(DATASETS)
    right = found.entries[one].right["DR"], found.entries[two].right["DR"]
    assert rows[0].only_own == sum(right[0] & ~right[1])
    assert rows[0].only_own - rows[0].only_other == right[0].sum() - right[1].sum()
    raw = mcnemar_p(rows[0].only_own, rows[0].only_other)
    assert rows[0].p_holm >= raw and any(row.significant for row in rows)


def test_an_entry_meets_its_neighbours_and_the_best_and_a_partial_one_the_best(
    board, registry
) -> None:
    ids = [an_entry(board, f"M{n}", 0.9 - 0.15 * n, number=n) for n in range(4)]
    part = an_entry(board, "Part", number=9, datasets=FIVE)
    found = opponents(stood(board, registry))
    assert found[ids[0]] == [("below", ids[1])]
    assert found[ids[1]] == [("above", ids[0]), ("below", ids[2])]
    assert found[ids[3]] == [("above", ids[2]), ("best", ids[0])]
    assert found[part] == [("best", ids[0])]

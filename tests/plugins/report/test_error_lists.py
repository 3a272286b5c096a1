"""What runs get wrong, counted and listed: invented answers to invented examples."""

from __future__ import annotations

import math
from typing import Any

import pytest
from error_rows import example, run

from imhi._core.errors import HarnessError
from imhi._core.run_store.columns import Columns
from imhi.plugins.report.error_analysis.analysis import analyse
from imhi.plugins.report.error_analysis.result import ErrorAnalysis

LABELS = {"DR": ("yes", "no"), "dreaddit": ("yes", "no")}
FOUR = [example(0, "yes"), example(1, "yes"), example(2, "no"), example(3, "no")]


def lists_of(**columns: Columns) -> ErrorAnalysis:
    runs = {name: {"DR": one} for name, one in columns.items()}
    return analyse(runs, LABELS, with_posts=False, with_clusters=False)


def ids(rows: Any) -> list[str]:
    return [row.id for row in rows]


def test_every_example_is_right_for_all_missed_by_all_or_a_flip() -> None:
    found = lists_of(
        a=run(FOUR, ["yes", "no", "no", "yes"]), b=run(FOUR, ["yes", "no", "yes", None])
    )
    (counts,) = found.counts
    assert ids(found.missed_by_all) == ["test-1", "test-3"]
    assert ids(found.flips) == ["test-2"]
    assert counts.missed_by == [1, 1, 2]
    assert (counts.right_by_all, counts.flips, counts.missed_by_all) == (1, 1, 2)


def test_an_example_missed_by_all_says_what_each_run_answered() -> None:
    found = lists_of(a=run(FOUR, ["no", "yes", "no", "no"]), b=run(FOUR, [None, "yes", "no", "no"]))
    (missed,) = found.missed_by_all
    assert missed.answers == {"a": "no", "b": "(unparsed)"}
    assert not missed.unread


def test_answers_that_nobody_could_read_are_marked_and_counted() -> None:
    found = lists_of(
        a=run(FOUR, [None, "yes", "no", "yes"]), b=run(FOUR, [None, "yes", "no", "yes"])
    )
    assert {row.id: row.unread for row in found.missed_by_all} == {"test-0": True, "test-3": False}
    assert found.counts[0].unread_by_all == 1
    assert found.counts[0].runs["a"].unparsed == 1


def test_what_chance_would_give_is_the_product_of_shares_within_a_gold_label() -> None:
    # Of the two "yes" a misses one and b both; of the two "no" a misses none.
    found = lists_of(a=run(FOUR, ["yes", "no", "no", "no"]), b=run(FOUR, ["no", "no", "yes", "no"]))
    (counts,) = found.counts
    assert math.isclose(counts.expected_missed_by_all, 2 * (0.5 * 1) + 2 * (0 * 0.5))
    assert math.isclose(counts.expected_right_by_all, 2 * (0.5 * 0) + 2 * (1 * 0.5))
    assert found.missed_by_all[0].chance == 0.5


def test_missed_examples_begin_with_the_least_expected() -> None:
    examples = [example(n, "no") for n in range(4)] + [example(n, "yes") for n in range(4, 14)]
    # "no" is missed three times in four, "yes" once in ten.
    labels = ["yes", "yes", "yes", "no", *["yes"] * 9, "no"]
    found = lists_of(a=run(examples, labels), b=run(examples, labels))
    assert ids(found.missed_by_all) == ["test-13", "test-0", "test-1", "test-2"]


def test_flips_of_two_runs_begin_with_what_the_better_misses_and_the_weaker_gets_right() -> None:
    found = lists_of(
        weak=run(FOUR, ["no", "no", "yes", "no"]), strong=run(FOUR, ["yes", "yes", "no", "yes"])
    )
    assert ids(found.flips)[0] == "test-3"
    assert found.flips[0].right == ["weak"]
    assert found.flips[0].inversions == 1
    assert [flip.inversions for flip in found.flips[1:]] == [0, 0, 0]
    assert found.counts[0].runs["strong"].only_right == 3
    assert found.counts[0].runs["weak"].only_right == 1


def test_flips_of_many_runs_begin_where_the_better_half_is_wrong() -> None:
    examples = [example(n) for n in range(10)]

    def missing(*wrong: int) -> Columns:
        return run(examples, ["no" if n in wrong else "yes" for n in range(10)])

    found = lists_of(
        best=missing(0, 1),
        good=missing(0, 5, 6),
        poor=missing(2, 3, 7, 8),
        worst=missing(2, 3, 4, 5, 9),
    )
    assert ids(found.flips)[:2] == ["test-0", "test-1"]
    assert found.flips[0].wrong == ["best", "good"]
    assert found.flips[0].inversions == 4
    assert found.flips[1].inversions == 3


def test_a_run_alone_has_errors_and_no_flips() -> None:
    found = lists_of(a=run(FOUR, ["yes", "no", "no", "yes"]))
    assert ids(found.missed_by_all) == ["test-1", "test-3"]
    assert found.flips == []


def test_an_explanation_that_argues_for_another_label_is_a_contradiction() -> None:
    found = lists_of(
        a=run(FOUR, ["no", "yes", "no", "no"], argued=["yes", None, None, None]),
    )
    (row,) = found.contradictions
    assert (row.between, row.label, row.other, row.right) == ("explanation", "no", "yes", "other")
    assert found.counts[0].runs["a"].contradictions == 1


def test_a_label_that_the_model_gave_itself_is_held_against_the_one_that_was_read() -> None:
    own = ["yes", "no", "no", "no"]
    found = lists_of(a=run(FOUR, ["yes", "yes", None, "no"], own_labels=own))
    assert [(row.id, row.between, row.label, row.other) for row in found.contradictions] == [
        ("test-1", "model", "yes", "no"),
        ("test-2", "model", "(unparsed)", "no"),
    ]


def test_an_example_that_a_run_lacks_is_left_out_and_counted_whatever_the_order() -> None:
    shuffled = [FOUR[3], FOUR[0], FOUR[1]]
    found = lists_of(a=run(FOUR, ["no"] * 4), b=run(shuffled, ["no", "no", "yes"]))
    (counts,) = found.counts
    assert (counts.examples, counts.left_out) == (3, 1)
    assert ids(found.missed_by_all) == ["test-0"]
    assert ids(found.flips) == ["test-1"]


def test_another_gold_label_for_one_example_names_both_runs_and_the_example() -> None:
    other = [*FOUR[:3], example(3, "yes")]
    with pytest.raises(HarnessError) as refused:
        lists_of(one=run(FOUR, ["no"] * 4), two=run(other, ["no"] * 4))
    assert str(refused.value).startswith(
        "DR/test-3: the gold label is 'no' in one and 'yes' in two, expected one"
    )


def test_another_question_for_one_example_is_refused() -> None:
    other = [*FOUR[:3], example(3, "no", aspect="social")]
    with pytest.raises(HarnessError, match="DR/test-3: the question is '' in one and 'social' in"):
        lists_of(one=run(FOUR, ["no"] * 4), two=run(other, ["no"] * 4))


def test_a_gold_label_that_the_dataset_does_not_have_is_refused() -> None:
    with pytest.raises(HarnessError, match="DR/test-9: the gold label is 'perhaps', expected one"):
        lists_of(a=run([example(9, "perhaps")], ["yes"]))


def test_a_dataset_that_is_not_in_every_run_is_left_out_and_named() -> None:
    one = run(FOUR, ["no"] * 4)
    found = analyse({"a": {"DR": one, "dreaddit": one}, "b": {"DR": one}}, LABELS)
    assert [counts.dataset for counts in found.counts] == ["DR"]
    assert "dreaddit: not in b" in found.left_out


def test_runs_with_nothing_in_common_are_refused() -> None:
    one, other = run(FOUR, ["no"] * 4), run([example(8)], ["no"])
    with pytest.raises(HarnessError, match=r"no example in common \(DR: no example is in all runs"):
        lists_of(a=one, b=other)


def test_posts_are_there_only_when_they_are_asked_for() -> None:
    columns = {
        "a": {"DR": run(FOUR, ["no", "yes", "yes", "no"], argued=["yes", None, None, None])},
        "b": {"DR": run(FOUR, ["no", "yes", "no", "no"])},
    }
    silent = analyse(columns, LABELS)
    open_ = analyse(columns, LABELS, with_posts=True)
    for name in ("missed_by_all", "flips", "contradictions"):
        assert [row.post for row in getattr(silent, name)] == [""]
        assert all(row.post.startswith("post ") for row in getattr(open_, name))
    assert "post 0" not in str(silent.to_json())

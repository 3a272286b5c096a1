"""Explanations that exist already are taken from a source, row for row."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from imhi._core.fingerprints import post_key
from imhi._core.records import Example
from imhi._core.run_store.jsonl import write_rows
from imhi.build.explanations.given import GivenAnswer, GivenAnswers
from imhi.build.records import BuiltRow
from tests.conftest import Imhi
from tests.faulty_server import FaultyServer
from tests.imhi_build.explanations.explaining_server import agreeing, model, rows_of


def test_given_explanations_do_not_outlive_their_source(dr_build, imhi_here: Imhi) -> None:
    folder, _ = dr_build(given="demo")
    imhi_here("build", "explain", folder.path)
    assert all(row.explained_by == "given by demo" for row in rows_of(folder))
    with FaultyServer(agreeing) as server:
        words = ["build", "explain", folder.path, "-m", model(server)]
        assert imhi_here(*words, "--set", "explain.given=null").code == 0
    assert len(server.asked) == len(rows_of(folder))
    assert {row.explained_by for row in rows_of(folder)} == {model(server)}


def test_of_repeated_given_rows_the_nearest_is_taken_first(tmp_path: Path) -> None:
    path = tmp_path / "DR.jsonl"
    rows = [
        {"split": "train", "key": "p", "aspect": "", "label": "yes", "explanation": "one"},
        {"split": "test", "key": "p", "aspect": "", "label": "no", "explanation": "two"},
        {"split": "train", "key": "p", "aspect": "", "label": "no", "explanation": "three"},
    ]
    write_rows(path, rows)
    row = BuiltRow("train-0", "DR", "train", "a post", "?", "no", "no", post_id="p")
    with GivenAnswers(path) as answers:
        taken = [answers.take(row) for _ in range(4)]
        other = answers.take(replace(row, split="test"))
    # Its own split and label first; then its split; then it shares what is another split's.
    assert [found and found.explanation for found in taken] == ["three", "one", "two", "two"]
    assert other is not None and other.explanation == "two"


def test_given_explanations_are_taken_and_a_model_is_asked_for_the_rest(
    dr_build, demo_dr: list[Example], imhi_here: Imhi
) -> None:
    others = [replace(row, post=row.post + " Or so it was.") for row in demo_dr[:4]]
    folder, _ = dr_build(rows=[*demo_dr, *others], given="demo")
    with FaultyServer(agreeing) as server:
        said = imhi_here("build", "explain", folder.path, "-m", model(server), "--json")
    assert said.code == 0, said.err
    assert said.json["given"] == len(demo_dr) and len(server.asked) == len(others)
    by = Counter(row.explained_by for row in rows_of(folder))
    assert by == {"given by demo": len(demo_dr), model(server): len(others)}
    given = {row.post: row.explanation for row in demo_dr}
    assert all(row.explanation == given[row.post] for row in rows_of(folder) if row.post in given)


def test_repeated_posts_get_given_explanations_in_their_order(
    dr_build, demo_dr: list[Example]
) -> None:
    """Published rows repeat posts, some of them with opposite labels and explanations."""
    one = next(row for row in demo_dr if row.split == "train")
    other = {"yes": "no", "no": "yes"}[one.label]
    rows = [one, replace(one, label=other, explanation="the other way round")]
    rows += [row for row in demo_dr if row.split == "train"][1:4]
    folder, _ = dr_build(rows=rows)
    write_rows(
        folder.file("explanations/given", "DR"),
        (
            {"split": r.split, "key": post_key(r.post), "aspect": "", "label": r.label,
             "explanation": r.explanation}
            for r in rows
        ),
    )  # fmt: skip
    with GivenAnswers(folder.file("explanations/given", "DR")) as answers:
        taken = [answers.take(row) for row in folder.posts("DR")]
    assert taken == [GivenAnswer(row.label, row.explanation) for row in rows]

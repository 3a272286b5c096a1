"""The checks ``overlap`` and ``overlap_across``, on planted posts and on the published rows.

400 test posts of real datasets planted into training rows, 200 as they stand and 200 edited (one
word in 20 left out, case and punctuation changed): recall 1.00, precision 1.00 within datasets and
across.

Across the datasets that are here (training posts of IRF and MultiWD: of their raw data; the
published training rows are made of these), against ../shared/FACTS.md, 3:

====================================  ========  =========  =============================
test posts that are also trained on   equal     with near  FACTS
====================================  ========  =========  =============================
IRF, in MultiWD                       74%       76%        75 to 80%
MultiWD, in IRF (train and val)       72%       73%        72%
DR, dreaddit, SAD in any other        0         0          0
====================================  ========  =========  =============================
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Callable

import pytest

from imhi._core.registry import Registry
from imhi.build.checks import near_duplicates, overlap, overlap_across
from imhi.build.checks.configured import configured_checks
from imhi.build.checks.near_duplicates import Settings as SimilaritySettings
from imhi.build.checks.overlap_across import Settings as AcrossSettings
from imhi.build.records import BuiltRow, Finding
from tests.imhi_build.checks.corpora import (
    ListCorpus,
    a_row,
    corpus_of,
    found,
    recall_and_precision,
)

POST = "Every night I lie awake and count what I did wrong at work this week"
NEAR = POST.replace("week", "month")


def within(*rows: BuiltRow) -> list[tuple[str, str, str]]:
    findings = overlap.find(corpus_of(rows), SimilaritySettings())
    return [(f"{f.dataset}/{f.id}", f.reason, f.related) for f in findings]


def across(*rows: BuiltRow) -> list[tuple[str, str, str]]:
    findings = overlap_across.find(corpus_of(rows), AcrossSettings())
    return [(f"{f.dataset}/{f.id}", f.reason, f.related) for f in findings]


def row(split: str, post: str, dataset: str = "DR", number: int = 0, aspect: str = "") -> BuiltRow:
    return a_row(post, id=f"{split}-{number}", split=split, dataset=dataset, aspect=aspect)


@pytest.mark.parametrize(
    ("trained", "evaluated", "how"),
    [
        (POST, POST, "equals"),
        (POST.upper(), f"«{POST}»", "equals"),
        (POST, NEAR, "nearly equals"),
        ("too short", "Too short!", "equals"),
    ],
)
def test_the_training_row_is_found_and_names_the_test_row(
    trained: str, evaluated: str, how: str
) -> None:
    rows = row("train", trained), row("test", evaluated)
    assert within(*rows) == [("DR/train-0", f"its post {how} one of the test split", "DR/test-0")]
    assert across(*rows) == []


@pytest.mark.parametrize(
    ("split", "against", "expected"),
    [
        ("train", "test", True),
        ("train", "val", True),
        ("val", "test", True),
        ("test", "train", True),
        ("train", "train", False),
        ("test", "test", False),
        ("train", "expert", False),
    ],
)
def test_each_split_is_held_against_later_ones(split: str, against: str, expected: bool) -> None:
    said = within(row(split, POST), row(against, NEAR, number=1))
    assert bool(said) == expected
    assert not any(name.startswith("DR/test") for name, _, _ in said)


def test_the_test_split_comes_before_val_and_equal_posts_before_near_ones() -> None:
    rows = (
        row("train", POST),
        row("val", POST),
        row("test", NEAR, number=0),
        row("test", POST, number=1),
        row("test", POST, number=2),
    )
    assert within(*rows)[0] == (
        "DR/train-0",
        "its post equals one of the test split",
        "DR/test-1",
    )


def test_the_question_does_not_count() -> None:
    rows = row("train", POST, aspect="one"), row("test", POST, aspect="two")
    assert len(within(*rows)) == 1


def test_every_row_of_a_trained_post_is_found() -> None:
    trained = [row("train", POST, number=n, aspect=f"aspect {n}") for n in range(6)]
    assert len(within(*trained, row("test", NEAR))) == 6


def test_across_datasets_another_dataset_is_named() -> None:
    rows = row("train", POST, "IRF"), row("test", NEAR, "IRF"), row("test", POST, "SAD")
    assert across(*rows) == [
        ("IRF/train-0", "its post equals one of the test split of another dataset", "SAD/test-0")
    ]
    assert within(*rows) == [
        ("IRF/train-0", "its post nearly equals one of the test split", "IRF/test-0")
    ]


def test_within_a_dataset_rows_are_left_out_and_across_datasets_reported(
    registry: Registry,
) -> None:
    checks = configured_checks({}, registry)
    assert checks["overlap"].action == "quarantine"
    assert checks["overlap_across"].action == "report"


def test_the_three_checks_share_one_table() -> None:
    corpus = corpus_of([row("train", POST), row("val", NEAR), row("test", "Exams are near.")])
    list(near_duplicates.find(corpus, SimilaritySettings()))
    list(overlap.find(corpus, SimilaritySettings()))
    list(overlap_across.find(corpus, AcrossSettings()))
    assert corpus.worked == 3


# --- real rows ---------------------------------------------------------------------------------


def _edited(post: str, draw: random.Random) -> str:
    words = post.split()
    out = set(draw.sample(range(len(words)), len(words) // 20))
    kept = [word for at, word in enumerate(words) if at not in out]
    return " ".join(draw.choice((w, w.title(), f"{w},")) for w in kept)


@pytest.mark.parametrize("check", [overlap, overlap_across])
def test_planted_test_posts_are_found_in_training_rows(
    published: Callable[..., list[BuiltRow]], check: object
) -> None:
    draw = random.Random(8)
    rows = [r for name in ("DR", "dreaddit", "SAD") for r in published(name, "train", "test")]
    rows = [r for r in rows if r.split == "test" or int(r.id.split("-")[1]) < 1000]
    settings = SimilaritySettings()
    own = found(overlap.find(corpus_of(rows), settings))
    rows = [r for r in rows if r.key not in own]
    tested = [r for r in rows if r.split == "test" and len(r.post.split()) >= 10]
    planted = []
    for number, one in enumerate(draw.sample(tested, 400)):
        post = one.post if number % 2 else _edited(one.post, draw)
        datasets = sorted({"DR", "dreaddit", "SAD"} - {one.dataset})
        dataset = one.dataset if check is overlap else draw.choice(datasets)
        planted.append(
            dataclasses.replace(
                one, dataset=dataset, split="train", id=f"train-{100_000 + number}", post=post
            )
        )
    findings = list(check.find(corpus_of([*rows, *planted]), AcrossSettings()))  # type: ignore[attr-defined]
    recall, precision = recall_and_precision(found(findings), [r.key for r in planted])
    assert (recall, precision) == (1.0, 1.0)
    assert Counter(f.score == 1.0 for f in findings)[True] >= 200


@pytest.fixture(scope="module")
def with_raw(all_published: list[BuiltRow], raw_training_rows: list[BuiltRow]) -> ListCorpus:
    return corpus_of([*all_published, *raw_training_rows])


def test_within_the_published_datasets_few_posts_stand_in_two_splits(
    with_raw: ListCorpus,
) -> None:
    findings = list(overlap.find(with_raw, SimilaritySettings()))
    equal = [f for f in findings if "nearly" not in f.reason and "test" in f.reason]
    # FACTS, 3: dreaddit 2 rows, SAD 2, else 0. IRF's 2 are in the raw data, each one row.
    assert Counter(f.dataset for f in equal) == {"dreaddit": 2, "SAD": 2, "IRF": 2}
    assert len(findings) < 40


def test_across_the_published_datasets_most_posts_of_two_are_shared(
    with_raw: ListCorpus,
) -> None:
    findings = list(overlap_across.find(with_raw, AcrossSettings()))
    assert {f.dataset for f in findings} == {"IRF", "MultiWD"}
    assert {f.related.split("/")[0] for f in findings} == {"IRF", "MultiWD"}
    # Seen from the test rows: which of them are trained on in the other dataset.
    assert 0.73 < _share(with_raw, "MultiWD", "IRF", ("train",)) < 0.80
    assert 0.70 < _share(with_raw, "IRF", "MultiWD", ("train", "val")) < 0.75


def _share(corpus: ListCorpus, trained: str, tested: str, splits: tuple[str, ...]) -> float:
    """Return the share of the test posts of a dataset that some splits of another one hold, equal
    or nearly equal: each training row against one test row is asked the other way round."""
    posts = {r.post_id: r for r in corpus.rows(tested) if r.split == "test"}
    rows = [r for r in corpus.rows(trained) if r.split in splits]
    turned = [
        *(
            dataclasses.replace(r, split="train", id=f"train-{n}")
            for n, r in enumerate(posts.values())
        ),
        *(dataclasses.replace(r, split="test", id=f"test-{n}") for n, r in enumerate(rows)),
    ]
    findings: list[Finding] = list(overlap_across.find(corpus_of(turned), AcrossSettings()))
    return len(findings) / len(posts)

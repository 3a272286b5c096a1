"""Clusters of errors: found where they were planted, and not where errors are chance."""

from __future__ import annotations

import random

import numpy as np
import pytest
from error_rows import SUBJECTS, example, posts, run

from imhi._core.records import Example
from imhi._core.run_store.columns import Columns
from imhi.plugins.report.error_analysis.analysis import analyse
from imhi.plugins.report.error_analysis.log_odds import prior, z_scores
from imhi.plugins.report.error_analysis.result import ErrorAnalysis
from imhi.plugins.report.error_analysis.vocabulary import read_words

LABELS = {"DR": ("yes", "no")}
OTHER = {"yes": "no", "no": "yes"}


def rows(number: int = 400, aspects: tuple[str, ...] = ("",)) -> list[tuple[str, Example]]:
    """Examples about invented posts, each with its subject: every other one is a "yes"."""
    return [
        (subject, example(place * len(aspects) + n, gold, text, aspect, f"post-{place}"))
        for place, (subject, text) in enumerate(posts(number))
        for gold in ["yes" if (place // 4) % 2 else "no"]
        for n, aspect in enumerate(aspects)
    ]


def answered(examples: list[Example], wrong: list[bool]) -> Columns:
    labels = [OTHER[e.label] if w else e.label for e, w in zip(examples, wrong, strict=True)]
    return run(examples, labels)


def analysed(**columns: Columns) -> ErrorAnalysis:
    return analyse({name: {"DR": one} for name, one in columns.items()}, LABELS)


def planted(seed: int = 0) -> tuple[list[tuple[str, Example]], Columns]:
    """A run that misses half the depression in posts about rent, and a tenth of everything else."""
    drawn = random.Random(seed)
    made = rows()
    wrong = [
        drawn.random() < (0.5 if (subject, e.label) == ("rent", "yes") else 0.1)
        for subject, e in made
    ]
    return made, answered([e for _, e in made], wrong)


def test_a_subject_that_is_missed_is_found_with_its_words_its_label_and_its_examples() -> None:
    made, columns = planted()
    found = analysed(model=columns)
    (cluster,) = found.clusters
    assert (cluster.gold, cluster.predicted, cluster.run) == ("yes", "no", "model")
    assert len(cluster.words) == 8
    assert set(cluster.words) <= set(SUBJECTS["rent"].split())
    subject_of = {e.id: subject for subject, e in made}
    assert {subject_of[id] for id in cluster.ids} == {"rent"}
    assert cluster.missed == len(cluster.ids)
    assert 40 <= cluster.missed + cluster.right <= 50  # of fifty such posts
    assert cluster.share > 0.35 > 0.2 > cluster.share_others


def test_the_numbers_of_a_cluster_add_up_to_its_question_and_label() -> None:
    _, columns = planted()
    (cluster,) = analysed(model=columns).clusters
    inside, outside = cluster.missed + cluster.right, cluster.missed_others + cluster.right_others
    assert inside + outside == sum(e.label == "yes" for e in columns.examples)


def test_words_mark_what_is_missed() -> None:
    _, columns = planted()
    words = {row.word for row in analysed(model=columns).words}
    assert words
    assert words <= set(SUBJECTS["rent"].split())


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_errors_at_random_make_no_clusters_and_mark_no_words(share: float) -> None:
    examples = [e for _, e in rows()]
    drawn = random.Random(7)
    found = 0
    for _ in range(20):
        wrong = [drawn.random() < share for _ in examples]
        analysis = analysed(model=answered(examples, wrong))
        found += bool(analysis.clusters) + bool(analysis.words)
    # Two lists, each wrong at most once in twenty: more than 6 of 40 has a chance below 1 in 100.
    assert found <= 6


def test_errors_on_whole_posts_at_random_mark_no_words() -> None:
    examples = [e for _, e in rows(200, aspects=("a", "b", "c", "d", "e", "f"))]
    drawn = random.Random(3)
    found = 0
    for _ in range(10):
        missed = {e.post_id for e in examples if drawn.random() < 0.08}
        wrong = [e.post_id in missed for e in examples]
        found += bool(analysed(model=answered(examples, wrong)).words)
    assert found <= 3


def test_a_label_that_is_missed_as_such_makes_no_cluster() -> None:
    # Every other "rent" is a "no", as is every other "exam": the label is hard, no subject is.
    examples = [e for _, e in rows()]
    drawn = random.Random(5)
    wrong = [drawn.random() < (0.9 if e.label == "no" else 0.05) for e in examples]
    found = analysed(model=answered(examples, wrong))
    assert (found.clusters, found.words) == ([], [])


def test_what_several_runs_miss_is_found_for_the_runs_together() -> None:
    _, one = planted()
    found = analysed(a=one, b=one, c=answered(list(one.examples), [False] * len(one.examples)))
    assert {cluster.run for cluster in found.clusters} == {"", "a", "b"}


def test_questions_about_a_post_are_looked_at_one_by_one() -> None:
    made = rows(aspects=("social", "physical"))
    drawn = random.Random(1)
    wrong = [
        drawn.random() < (0.6 if (subject, e.aspect) == ("exam", "social") else 0.1)
        for subject, e in made
    ]
    found = analysed(model=answered([e for _, e in made], wrong))
    assert {cluster.aspect for cluster in found.clusters} == {"social"}


def test_the_same_runs_give_the_same_clusters() -> None:
    _, columns = planted()
    assert analysed(model=columns).to_json() == analysed(model=columns).to_json()


def test_a_word_that_could_tell_whose_post_it_is_is_never_shown() -> None:
    made, columns = planted()
    vocabulary = read_words([e for _, e in made])
    assert not [word for word in vocabulary.words if word.startswith("only")]
    texts = [set(e.post.split()) for _, e in made]
    for word in vocabulary.words:
        assert sum(word in text for text in texts) >= 5
    shown = analysed(model=columns).to_json()
    assert all(e.post not in str(shown) for _, e in made)


def test_one_text_under_several_questions_is_one_post() -> None:
    text = "the heron stands in the reeds"
    examples = [example(n, post=text, aspect=str(n)) for n in range(6)]
    assert read_words(examples).words == []


def test_wrongly_decoded_and_curly_apostrophes_are_apostrophes() -> None:
    texts = [f"{word} {n}" for n in range(2) for word in ("don't", "don’t", "don‚Äôt")]
    vocabulary = read_words([example(n, post=text) for n, text in enumerate(texts)])
    assert vocabulary.words == ["don't"]


def test_few_posts_have_no_clusters_and_it_is_said() -> None:
    examples = [e for _, e in rows(20)]
    found = analysed(model=answered(examples, [True] * 20))
    assert found.clusters == []
    assert "no clusters where there are fewer than 40 different posts" in found.left_out[0]
    assert "DR (20)" in found.left_out[0]


def test_log_odds_by_hand() -> None:
    # One word in 8 of 10, then in 2 of 10 words, prior of one half each (Monroe et al. 2008, eq. 22).
    z = z_scores(np.array([[8.0, 2.0]]), np.array([[2.0, 8.0]]), np.array([0.5, 0.5]))
    difference = np.log(8.5 / 2.5) - np.log(2.5 / 8.5)
    assert z[0] == pytest.approx(difference / np.sqrt(1 / 8.5 + 1 / 2.5))
    assert z[1] == pytest.approx(-z[0])


def test_two_strata_of_equal_counts_are_surer_than_one() -> None:
    first, second = np.array([8.0, 2.0]), np.array([2.0, 8.0])
    alpha = np.array([0.5, 0.5])
    one = z_scores(first[None], second[None], alpha)
    two = z_scores(np.stack([first, first]), np.stack([second, second]), alpha)
    assert two[0] == pytest.approx(one[0] * np.sqrt(2))


def test_the_prior_is_as_heavy_as_ten_texts() -> None:
    counts = np.array([50.0, 30.0, 20.0])  # words of 20 texts, five each
    assert prior(counts, 20).sum() == pytest.approx(10 * 5)

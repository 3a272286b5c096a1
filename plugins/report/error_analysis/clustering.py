"""Which posts runs miss, told by their words.

Clusters are made of all posts of a dataset, right or missed, by non-negative matrix factorisation
of their TF-IDF (D. D. Lee and H. S. Seung 1999, Nature 401): which posts belong together is settled
before errors are looked at, so errors can be tested afterwards. Fisher's exact test says whether a
cluster is missed more often than other posts of the same question and gold label. Clusters and
single words are kept as long as at most one in twenty of them is expected to be there by chance
(Y. Benjamini and Y. Hochberg 1995, Journal of the Royal Statistical Society B 57).
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from imhi import Array
from imhi.plugins.report.error_analysis.aligning import AlignedDataset, shown_label
from imhi.plugins.report.error_analysis.distinctive_words import distinctive_words
from imhi.plugins.report.error_analysis.log_odds import prior, z_scores
from imhi.plugins.report.error_analysis.result import MOST_RUNS, Cluster, DistinctiveWord
from imhi.plugins.report.error_analysis.vocabulary import Vocabulary, read_words

FALSE_DISCOVERIES = 0.05
_POSTS_PER_CLUSTER = 60
_MOST_CLUSTERS = 8
_BELONGS = 0.25  # the share of a post's words that makes it belong to a cluster
_FEWEST_POSTS = 40  # fewer cannot show that a cluster is missed more than others
_SMALLEST_CLUSTER = 8  # examples
_FEWEST_MISSED = 5  # examples of a question and a gold label
_WORDS_SHOWN = 8

Found = TypeVar("Found", Cluster, DistinctiveWord)


def find_clusters(
    datasets: Sequence[AlignedDataset],
) -> tuple[list[Cluster], list[DistinctiveWord], list[str]]:
    """Return clusters and words that mark what is missed, the clearest first, and a sentence on
    where none can be looked for."""
    clusters: list[Cluster] = []
    words: list[DistinctiveWord] = []
    too_few = []
    for one in datasets:
        vocabulary = read_words(one.examples)
        posts = vocabulary.presence.shape[0]
        if posts < _FEWEST_POSTS or len(_subjects(vocabulary)) < 2:
            too_few.append(f"{one.dataset} ({posts})")
            continue
        members, names = _cluster_posts(vocabulary)
        clusters += _tested_clusters(one, vocabulary.post_of, members, names)
        words += distinctive_words(one, vocabulary)
    left_out = (
        f"no clusters where there are fewer than {_FEWEST_POSTS} different posts with words in common: "
        f"{', '.join(too_few)}"
    )
    return _discoveries(clusters), _discoveries(words), [left_out] if too_few else []


def _subjects(vocabulary: Vocabulary) -> list[int]:
    """Return the places of the words that say what a post is about; "the" and "don't" do not."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return [
        place
        for place, word in enumerate(vocabulary.words)
        if len(word) > 2 and "'" not in word and word not in ENGLISH_STOP_WORDS
    ]


def _cluster_posts(vocabulary: Vocabulary) -> tuple[Array, list[list[str]]]:
    """Return which posts belong to which cluster, shape (posts, clusters), and each one's words.

    A post may belong to several clusters, or to none.
    """
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_extraction.text import TfidfTransformer

    kept = _subjects(vocabulary)
    presence = vocabulary.presence[:, kept]
    number = presence.shape[0] // _POSTS_PER_CLUSTER
    number = min(max(2, number), _MOST_CLUSTERS, *presence.shape)
    with warnings.catch_warnings():
        # The last digits of the factors change no cluster.
        warnings.simplefilter("ignore", ConvergenceWarning)
        weights = NMF(number, init="nndsvda", random_state=0, max_iter=60).fit_transform(
            TfidfTransformer().fit_transform(presence)
        )
    members = weights > _BELONGS * weights.sum(axis=1, keepdims=True)
    total = np.asarray(presence.sum(axis=0)).ravel()
    alpha = prior(total, presence.shape[0])
    names = []
    for cluster in range(number):
        inside = np.asarray(presence[members[:, cluster]].sum(axis=0)).ravel()
        z = z_scores(inside[None], (total - inside)[None], alpha)
        best = np.argsort(-z, kind="stable")[:_WORDS_SHOWN]
        names.append([vocabulary.words[kept[index]] for index in best if z[index] > 0])
    return members, names


def _tested_clusters(
    one: AlignedDataset, post_of: Array, members: Array, names: Sequence[Sequence[str]]
) -> Iterator[Cluster]:
    """Yield every cluster that is worth a test, by each run, question and gold label, with its own
    p value. Whether it is worth one is settled by the sizes alone, not by how many are missed."""
    from scipy.stats import hypergeom

    answers = [[shown_label(prediction) for prediction in own] for own in one.predictions]
    for run, flags in one.wrong_by_run().items():
        for (aspect, gold), stratum in one.strata.items():
            # A post that occurs twice says nothing new the second time.
            rows = np.array(stratum)[np.unique(post_of[stratum], return_index=True)[1]]
            wrong = np.array([flags[row] for row in rows])
            inside = members[post_of[rows]]
            sizes = inside.sum(axis=0)
            missed = inside[wrong].sum(axis=0)
            if not _FEWEST_MISSED <= wrong.sum() < len(rows):
                continue
            p = hypergeom.sf(missed - 1, len(rows), wrong.sum(), sizes)
            worth = (sizes >= _SMALLEST_CLUSTER) & (sizes < len(rows))
            for cluster in np.flatnonzero(worth).tolist():
                gone = sorted(rows[inside[:, cluster] & wrong].tolist())
                yield Cluster(
                    dataset=one.dataset,
                    run=run,
                    aspect=aspect,
                    gold=gold,
                    predicted=_usual_answer(one, run, gone, answers),
                    words=names[cluster],
                    missed=len(gone),
                    right=int(sizes[cluster]) - len(gone),
                    missed_others=int(wrong.sum()) - len(gone),
                    right_others=int((~wrong).sum()) - (int(sizes[cluster]) - len(gone)),
                    p=float(p[cluster]),
                    ids=[one.examples[row].id for row in gone],
                )


def _usual_answer(
    one: AlignedDataset, run: str, rows: Sequence[int], answers: Sequence[Sequence[str]]
) -> str:
    """Return the wrong answer that is given most often to these examples; empty where there are no
    such examples. ``answers``: by run, then example."""
    given = Counter(
        own[row]
        for name, own, wrong in zip(one.runs, answers, one.wrong, strict=True)
        if run in (MOST_RUNS, name)
        for row in rows
        if wrong[row]
    )
    return given.most_common(1)[0][0] if given else ""


def _discoveries(found: Sequence[Found]) -> list[Found]:
    """Return what is left of all that was tested, p values corrected, the clearest first."""
    from scipy.stats import false_discovery_control

    if not found:
        return []
    corrected = false_discovery_control([one.p for one in found])
    order = sorted(range(len(found)), key=lambda index: found[index].p)
    return [
        replace(found[index], p=float(corrected[index]))
        for index in order
        if corrected[index] < FALSE_DISCOVERIES
    ]

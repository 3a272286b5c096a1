"""How well a bag of words tells the label: of the post alone, of the explanation alone.

The recipe is that of ``baseline:tfidf`` (TF-IDF of 1-2 grams, balanced logistic regression, one
model per question), learnt from the train and val rows without posts that stand in the split, so
the value for posts is the baseline's score. Where a source has no training rows it is cross-fitted
on the split, by post. At most ``LEARN_FROM`` rows of each question are learnt from (drawn at
random), so that memory does not grow with the source; no published question but SWMH's has more.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from imhi import digest
from imhi.build.audit.corpus import TRAINING, SourceCorpus

Part = Literal["post", "explanation"]
PARTS: tuple[Part, ...] = ("post", "explanation")
LEARN_FROM = 10_000
FOLDS = 5
_BATCH = 1000
_SMALL = 200  # on fewer rows rare phrases are kept


@dataclass(frozen=True)
class Text:
    """One row as it is learnt from: the words of one part, what they tell, whose post they are."""

    aspect: str
    label: str
    text: str
    post: str


Tell = Callable[[Sequence[str]], list[str]]  # a label for each text


def _learnt(rows: Sequence[Text]) -> Tell | None:
    """Return what tells labels by these rows; None where no phrase is left to learn from: texts of
    stop signs, or of one word each."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    labels = [row.label for row in rows]
    if len(set(labels)) == 1:
        return lambda texts: labels[:1] * len(texts)
    pipeline = make_pipeline(
        TfidfVectorizer(
            ngram_range=(1, 2), min_df=2 if len(rows) >= _SMALL else 1, sublinear_tf=True
        ),
        LogisticRegression(C=4, class_weight="balanced", max_iter=2000),
    )
    try:
        pipeline.fit([row.text for row in rows], labels)
    except ValueError:
        return None
    return lambda texts: [str(label) for label in pipeline.predict(texts)]


@dataclass(frozen=True)
class Predicted:
    """The label predicted for each row of a split, in its order; None where nothing could be
    learnt. ``trained`` is the number of rows learnt from, 0 where cross-fitted."""

    labels: list[str | None]
    trained: int


def predict(
    corpus: SourceCorpus, dataset: str, split: str, part: Part, own: Collection[str]
) -> Predicted | None:
    """Return what a bag of words says about each row; ``own`` are the posts of the split, which are
    not learnt from. None where the part has no words at all, or where there are too few posts."""
    training = _drawn(corpus, dataset, split, part, own)
    if training:
        tells = {aspect: _learnt(rows) for aspect, rows in training.items()}
        labels: list[str | None] = []
        rows = _texts(corpus, dataset, (split,), part)
        while batch := list(islice(rows, _BATCH)):
            labels += _told(batch, tells)
        return Predicted(labels, sum(map(len, training.values())))
    texts = list(_texts(corpus, dataset, (split,), part))[:LEARN_FROM]
    if not any(row.text.strip() for row in texts) or len(own) < FOLDS:
        return None
    return Predicted(_cross_fitted(dataset, texts), 0)


def _texts(corpus: SourceCorpus, dataset: str, splits: Sequence[str], part: Part) -> Iterator[Text]:
    there = corpus.splits(dataset)
    for split in splits:
        if split in there:
            for row in corpus.examples(dataset, split):
                text = row.post if part == "post" else row.explanation
                yield Text(row.aspect, row.label, text, row.post_id or row.id)


def _drawn(
    corpus: SourceCorpus, dataset: str, split: str, part: Part, own: Collection[str]
) -> dict[str, list[Text]]:
    """Return the training rows of each question, at most ``LEARN_FROM`` (a reservoir sample)."""
    draw = random.Random(f"{corpus.seed}/{dataset}/{split}")
    kept: dict[str, list[Text]] = {}
    seen: dict[str, int] = {}
    for row in _texts(corpus, dataset, [s for s in TRAINING if s != split], part):
        if row.post in own or not row.text.strip():
            continue
        rows = kept.setdefault(row.aspect, [])
        number = seen[row.aspect] = seen.get(row.aspect, 0) + 1
        if len(rows) < LEARN_FROM:
            rows.append(row)
        elif (place := draw.randrange(number)) < LEARN_FROM:
            rows[place] = row
    return kept


def _told(rows: Sequence[Text], tells: Mapping[str, Tell | None]) -> list[str | None]:
    """Return a label for each row, by what was learnt of its question."""
    labels: list[str | None] = [None] * len(rows)
    for aspect, tell in tells.items():
        places = [place for place, row in enumerate(rows) if row.aspect == aspect]
        if tell is not None and places:
            for place, label in zip(places, tell([rows[p].text for p in places]), strict=True):
                labels[place] = label
    return labels


def _cross_fitted(dataset: str, rows: Sequence[Text]) -> list[str | None]:
    posts = sorted({row.post for row in rows}, key=lambda post: digest([dataset, post]))
    fold_of = {post: place % FOLDS for place, post in enumerate(posts)}
    labels: list[str | None] = [None] * len(rows)
    for fold in range(FOLDS):
        places = [place for place, row in enumerate(rows) if fold_of[row.post] == fold]
        training: dict[str, list[Text]] = {}
        for row in rows:
            if fold_of[row.post] != fold:
                training.setdefault(row.aspect, []).append(row)
        tells = {aspect: _learnt(learnt) for aspect, learnt in training.items()}
        for place, label in zip(places, _told([rows[p] for p in places], tells), strict=True):
            labels[place] = label
    return labels

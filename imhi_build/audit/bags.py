"""How well a bag of words tells the label: of the post alone, of the explanation alone.

The recipe is that of ``baseline:tfidf`` (TF-IDF of 1-2 grams, balanced logistic regression, one
model per question), learnt from the train and val rows without posts that stand in the split, so
the value for posts is the baseline's score. Where a source has no training rows it is cross-fitted
on the split, by post. At most ``LEARN_FROM`` rows of each question are learnt from (drawn at
random), so that memory does not grow with the source; no published question but SWMH's has more.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

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


class Bag:
    """TF-IDF and logistic regression; one label where there is only one."""

    def __init__(self, rows: Sequence[Text]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        labels = [row.label for row in rows]
        self.only = labels[0] if len(set(labels)) == 1 else ""
        if self.only:
            return
        self.vectorizer = TfidfVectorizer(
            ngram_range=(1, 2), min_df=2 if len(rows) >= _SMALL else 1, sublinear_tf=True
        )
        self.model: Any = LogisticRegression(C=4, class_weight="balanced", max_iter=2000)
        self.model.fit(self.vectorizer.fit_transform([row.text for row in rows]), labels)

    def labels(self, texts: Sequence[str]) -> list[str]:
        if self.only:
            return [self.only] * len(texts)
        return [str(label) for label in self.model.predict(self.vectorizer.transform(texts))]


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
    learnt = _drawn(corpus, dataset, split, part, own)
    if learnt:
        bags = {aspect: _bag(rows) for aspect, rows in learnt.items()}
        trained = sum(map(len, learnt.values()))
        return Predicted(list(_labels(corpus, dataset, split, part, bags)), trained)
    rows = list(_texts(corpus, dataset, (split,), part))[:LEARN_FROM]
    if not any(row.text.strip() for row in rows) or len(own) < FOLDS:
        return None
    return Predicted(list(_cross_fitted(dataset, rows)), 0)


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


def _bag(rows: Sequence[Text]) -> Bag | None:
    try:
        return Bag(rows)
    except ValueError:  # no phrase is left: texts of stop signs, or of one word each
        return None


def _labels(
    corpus: SourceCorpus, dataset: str, split: str, part: Part, bags: dict[str, Bag | None]
) -> Iterator[str | None]:
    batch: list[Text] = []
    for row in _texts(corpus, dataset, (split,), part):
        batch.append(row)
        if len(batch) == _BATCH:
            yield from _of_batch(batch, bags)
            batch = []
    yield from _of_batch(batch, bags)


def _of_batch(batch: Sequence[Text], bags: dict[str, Bag | None]) -> list[str | None]:
    found: list[str | None] = [None] * len(batch)
    for aspect, bag in bags.items():
        places = [place for place, row in enumerate(batch) if row.aspect == aspect]
        if bag is not None and places:
            said = bag.labels([batch[place].text for place in places])
            for place, label in zip(places, said, strict=True):
                found[place] = label
    return found


def _cross_fitted(dataset: str, rows: Sequence[Text]) -> list[str | None]:
    posts = sorted({row.post for row in rows}, key=lambda post: digest([dataset, post]))
    fold_of = {post: place % FOLDS for place, post in enumerate(posts)}
    found: list[str | None] = [None] * len(rows)
    for fold in range(FOLDS):
        for aspect in {row.aspect for row in rows}:
            seen = [r for r in rows if fold_of[r.post] != fold and r.aspect == aspect]
            bag = _bag(seen) if seen else None
            places = [
                place
                for place, row in enumerate(rows)
                if fold_of[row.post] == fold and row.aspect == aspect
            ]
            if bag is not None and places:
                said = bag.labels([rows[place].text for place in places])
                for place, label in zip(places, said, strict=True):
                    found[place] = label
    return found

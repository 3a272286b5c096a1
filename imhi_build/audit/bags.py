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
from typing import Any, Literal

from imhi import Example, digest, import_sklearn
from imhi.build.audit.corpus import TRAINING, SourceCorpus
from imhi.build.audit.phrases import Phrases, frequent

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


Tell = Callable[[Any], list[str]]  # labels for counts of phrases, one for each row


def _learnt(counts: Any, labels: Sequence[str]) -> Tell | None:
    """Return what tells labels by rows of counts; None where no phrase is left to learn from: texts
    of stop signs, or of one word each."""
    if len(set(labels)) == 1:
        return lambda told: [labels[0]] * told.shape[0]
    kept = frequent(counts, _fewest(labels))
    if not len(kept):
        return None
    import_sklearn()
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfTransformer(sublinear_tf=True),
        LogisticRegression(C=4, class_weight="balanced", max_iter=2000),
    )
    model.fit(counts[:, kept], labels)
    return lambda told: [str(label) for label in model.predict(told[:, kept])]


def _fewest(rows: Sequence[object]) -> int:
    """Return in how many rows a phrase must stand to be learnt from."""
    return 2 if len(rows) >= _SMALL else 1


@dataclass(frozen=True)
class Predicted:
    """The label predicted for each row of a split, in its order; None where nothing could be
    learnt. ``trained`` is the number of rows learnt from, 0 where cross-fitted."""

    labels: list[str | None]
    trained: int


def predict(
    corpus: SourceCorpus, dataset: str, split: str, own: Collection[str]
) -> dict[Part, Predicted]:
    """Return what a bag of words says about each row, by the part that it reads; ``own`` are the
    posts of the split, which are not learnt from. Without parts that have no words at all, or where
    there are too few posts."""
    drawn = _drawn(corpus, dataset, split, own)
    trained = {part: sum(map(len, rows.values())) for part, rows in drawn.items()}
    labels: dict[Part, list[str | None]] = {part: [] for part in PARTS if trained[part]}
    bags = {part: _Bag.of(drawn.pop(part)) for part in labels}
    rows = _examples(corpus, dataset, (split,)) if bags else iter(())
    while batch := list(islice(rows, _BATCH)):
        for part, bag in bags.items():
            labels[part] += bag.told([_text(row, part) for row in batch])
    found = {part: Predicted(said, trained[part]) for part, said in labels.items()}
    for part in PARTS:
        if part not in found and len(own) >= FOLDS:
            rows = islice(_examples(corpus, dataset, (split,)), LEARN_FROM)
            texts = [_text(row, part) for row in rows]
            if any(row.text.strip() for row in texts):
                found[part] = Predicted(_cross_fitted(dataset, texts), 0)
    return found


@dataclass(frozen=True)
class _Bag:
    """What was learnt of each question, and the phrases it is told by."""

    phrases: Phrases
    tells: Mapping[str, Tell | None]

    @classmethod
    def of(cls, training: Mapping[str, Sequence[Text]]) -> _Bag:
        import numpy as np

        phrases = Phrases.of(row.text for rows in training.values() for row in rows)
        # Most phrases stand in one row: they go before anything is learnt.
        kept = [frequent(phrases.rows(_words(rows)), _fewest(rows)) for rows in training.values()]
        phrases = phrases.only(np.unique(np.concatenate(kept)))
        tells = {
            aspect: _learnt(phrases.rows(_words(rows)), [row.label for row in rows])
            for aspect, rows in training.items()
        }
        return cls(phrases, tells)

    def told(self, rows: Sequence[Text]) -> list[str | None]:
        """Return a label for each row."""
        return _told(rows, self.phrases.in_others(_words(rows)), self.tells)


def _words(rows: Sequence[Text]) -> list[str]:
    return [row.text for row in rows]


def _text(row: Example, part: Part) -> Text:
    text = row.post if part == "post" else row.explanation
    return Text(row.aspect, row.label, text, row.post_id or row.id)


def _examples(corpus: SourceCorpus, dataset: str, splits: Sequence[str]) -> Iterator[Example]:
    there = corpus.splits(dataset)
    for split in splits:
        if split in there:
            yield from corpus.examples(dataset, split)


def _drawn(
    corpus: SourceCorpus, dataset: str, split: str, own: Collection[str]
) -> dict[Part, dict[str, list[Text]]]:
    """Return the training rows of each part and question, at most ``LEARN_FROM`` (a reservoir
    sample)."""
    draws = {part: random.Random(f"{corpus.seed}/{dataset}/{split}") for part in PARTS}
    kept: dict[Part, dict[str, list[Text]]] = {part: {} for part in PARTS}
    seen: dict[tuple[Part, str], int] = {}
    for example in _examples(corpus, dataset, [s for s in TRAINING if s != split]):
        for part, draw in draws.items():
            row = _text(example, part)
            if row.post in own or not row.text.strip():
                continue
            rows = kept[part].setdefault(row.aspect, [])
            number = seen[part, row.aspect] = seen.get((part, row.aspect), 0) + 1
            if len(rows) < LEARN_FROM:
                rows.append(row)
            elif (place := draw.randrange(number)) < LEARN_FROM:
                rows[place] = row
    return kept


def _told(
    rows: Sequence[Text], phrases: Phrases, tells: Mapping[str, Tell | None]
) -> list[str | None]:
    """Return a label for each row, by what was learnt of its question."""
    labels: list[str | None] = [None] * len(rows)
    for aspect, tell in tells.items():
        places = [place for place, row in enumerate(rows) if row.aspect == aspect]
        if tell is not None and places:
            counts = phrases.rows([rows[place].text for place in places])
            for place, label in zip(places, tell(counts), strict=True):
                labels[place] = label
    return labels


def _cross_fitted(dataset: str, rows: Sequence[Text]) -> list[str | None]:
    posts = sorted({row.post for row in rows}, key=lambda post: digest([dataset, post]))
    fold_of = {post: place % FOLDS for place, post in enumerate(posts)}
    phrases = Phrases.of(_words(rows))
    labels: list[str | None] = [None] * len(rows)
    for fold in range(FOLDS):
        places = [place for place, row in enumerate(rows) if fold_of[row.post] == fold]
        training: dict[str, list[Text]] = {}
        for row in rows:
            if fold_of[row.post] != fold:
                training.setdefault(row.aspect, []).append(row)
        tells = {
            aspect: _learnt(phrases.rows(_words(learnt)), [row.label for row in learnt])
            for aspect, learnt in training.items()
        }
        told = _told([rows[place] for place in places], phrases, tells)
        for place, label in zip(places, told, strict=True):
            labels[place] = label
    return labels

"""Does the explanation argue for the label? A classifier that reads explanations, cross-fitted.

The IMHI paper trained MentalBERT to read the label off the explanation; rows on which it failed were
looked at as inconsistent. Here each post belongs to one of ``folds`` parts, and the rows of a part
are judged by a classifier trained on the others: no row, and no other question about its post, is
judged by a classifier that saw it, and none whose label the classifier has not seen. The
classifier is TF-IDF of words (1 and 2 grams) and logistic regression; label sentences are taken out
first, so that it reads the argument. Training rows are drawn, about ``training_rows`` per
classifier: more hardly help, and memory stays as it is when a dataset grows.
"""

from __future__ import annotations

import hashlib
import heapq
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, JsonValue

from imhi import Dataset
from imhi.build.checks.declarations import CheckSettings, Corpus
from imhi.build.checks.label_pairs import LabelPairs, percent_agreeing, percent_weighted_f1
from imhi.build.records import BuiltRow, Finding

_MIN_WORDS = 4
_OPENING = re.compile(r"^\W*(?:yes|no)\b")


class Settings(CheckSettings):
    """``threshold``: a row is flagged when the classifier gives its label less than this
    probability, and another label more. ``folds`` parts, about ``training_rows`` per classifier."""

    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.35
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    training_rows: Annotated[int, Field(ge=100)] = 4000


def find(corpus: Corpus, settings: Settings) -> Iterator[Finding]:
    """Yield the rows whose explanation argues for another label; ``corpus.details`` gets, by
    dataset, the share of rows whose label the classifier reads and the weighted F1."""
    for name in corpus.datasets:
        dataset = corpus.dataset(name)
        classifiers = _fit(corpus, dataset, settings)
        if classifiers is None:
            corpus.details[name] = {"note": "too few rows or one label only: nothing to learn from"}
            corpus.looked_at[name] = 0
            continue
        read: LabelPairs = Counter()
        unjudged = 0
        work = _Reading(classifiers, dataset, settings)
        for id, label, other, probability in corpus.spread(work, corpus.rows(name)):
            if probability is None:
                unjudged += 1
                continue
            read[label, other] += 1
            if label != other and probability < settings.threshold:
                yield Finding(
                    "consistency",
                    name,
                    id,
                    f"the explanation argues for '{other}', the label is '{label}'",
                    round(probability, 4),
                )
        corpus.looked_at[name] = read.total()
        corpus.details[name] = _figures(read) | ({"not_judged": unjudged} if unjudged else {})


@dataclass
class _Reading:
    """Reads labels off explanations; can be sent to other processes."""

    classifiers: Sequence[Any]
    dataset: Dataset
    settings: Settings

    def __call__(self, rows: Sequence[BuiltRow]) -> Iterator[tuple[str, str, str, float | None]]:
        """Yield id, label, the label read, and the probability of the row's own label: None where
        the classifier has seen no row with that label."""
        import numpy as np

        parts: dict[int, list[BuiltRow]] = {}
        for row in rows:
            if len(row.explanation.split()) >= _MIN_WORDS:
                parts.setdefault(_fold(row, self.settings.folds), []).append(row)
        for fold, part in parts.items():
            classifier = self.classifiers[fold]
            read = classifier.predict_proba([_text(row, self.dataset) for row in part])
            classes = [str(name) for name in classifier.classes_]
            for row, probabilities in zip(part, read, strict=True):
                seen = row.label in classes
                probability = float(probabilities[classes.index(row.label)]) if seen else None
                yield row.id, row.label, classes[int(np.argmax(probabilities))], probability


def _fit(corpus: Corpus, dataset: Dataset, settings: Settings) -> list[Any] | None:
    """Return a classifier per fold, trained on the rows of the others."""
    sample = _draw(corpus, dataset, settings)
    fitted = []
    for fold in range(settings.folds):
        rows = [row for other, row in sample if other != fold]
        labels = Counter(row.label for row in rows)
        if len(labels) < 2 or len(rows) < 20:
            return None
        fitted.append(_classifier(rows, dataset))
    return fitted


def _draw(corpus: Corpus, dataset: Dataset, settings: Settings) -> list[tuple[int, BuiltRow]]:
    """Draw rows with their folds, so many that each classifier has its number of training rows. The
    draw is by content: it does not depend on the order of the rows."""
    size = settings.training_rows * settings.folds // (settings.folds - 1)
    heap: list[tuple[int, int, BuiltRow]] = []
    for number, row in enumerate(corpus.rows(dataset.name)):
        if len(row.explanation.split()) < _MIN_WORDS:
            continue
        rank = -_number(f"{corpus.seed}/{row.post_id}/{row.aspect}/{row.label}/{row.explanation}")
        if len(heap) < size:
            heapq.heappush(heap, (rank, -number, row))
        elif rank > heap[0][0]:
            heapq.heapreplace(heap, (rank, -number, row))
    return [(_fold(row, settings.folds), row) for _, _, row in sorted(heap, reverse=True)]


def _classifier(rows: Sequence[BuiltRow], dataset: Dataset) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), min_df=2 if len(rows) >= 200 else 1, sublinear_tf=True
    )
    # A C of 10: explanations are near enough alike that little shrinking is right.
    model = make_pipeline(
        vectorizer, LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
    )
    model.fit([_text(row, dataset) for row in rows], [row.label for row in rows])
    return model


def _text(row: BuiltRow, dataset: Dataset) -> str:
    """Return the explanation without label sentences, after the question's aspect."""
    text = " ".join(row.explanation.casefold().split())
    for label in dataset.labels:
        text = text.replace(label.sentence.casefold().rstrip("."), " ")
    argument = _OPENING.sub(" ", text.strip())
    return f"{row.aspect.replace(' ', '_')} {argument}"


def _fold(row: BuiltRow, folds: int) -> int:
    return zlib.crc32(row.post_id.encode()) % folds


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _figures(read: LabelPairs) -> dict[str, JsonValue]:
    """Return accuracy and weighted F1 (in percent) of reading the label off the explanation."""
    return {
        "rows": read.total(),
        "accuracy": percent_agreeing(read) if read else None,
        "weighted_f1": percent_weighted_f1(read) if read else None,
    }

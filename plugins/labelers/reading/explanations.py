"""The labeler ``explanation``: which label does the explanation argue for?

One linear classifier per dataset (TF-IDF of words, 1 to 3 grams, linear SVM), trained on the
source's train and val reference explanations without their label sentences; the aspect of the
question is one of its features. It knows the style it was trained on: on explanations written
differently it is less sure and less right (docs/labelers.md has figures).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imhi import Context, Dataset, Prediction, ReadLabels, Response, answer_format, import_sklearn
from imhi.plugins.labelers.reading.sentences import normalise

MIN_WORDS = 4


def without_label_sentences(text: str, dataset: Dataset) -> str:
    """Return a text without the dataset's label sentences, in lower case."""
    text = normalise(text)
    for label in dataset.labels:
        text = text.replace(normalise(label.sentence).rstrip("."), " ")
    return re.sub(r"^\W*(?:yes|no)\b\W*", "", text.strip())


def argument(text: str, dataset: Dataset) -> str:
    """Return the part of an answer that argues: after ``Reasoning:``, else all of it."""
    head, explanation = answer_format.split_answer(text)
    return without_label_sentences(explanation or head, dataset)


@dataclass(frozen=True)
class Reader:
    """A fitted classifier of explanations."""

    model: Any

    def read(self, aspects: Sequence[str], texts: Sequence[str]) -> list[tuple[str, float]]:
        """Return label and margin (0 = on the fence; above 1 = as sure as in training)."""
        import numpy as np

        scores = self.model.decision_function(_features(aspects, texts))
        classes = [str(name) for name in self.model.classes_]
        if scores.ndim == 1:
            return [(classes[int(s > 0)], abs(float(s))) for s in scores]
        ordered = np.sort(scores, axis=1)
        margins = ordered[:, -1] - ordered[:, -2]
        best = scores.argmax(axis=1)
        return [(classes[int(i)], float(m)) for i, m in zip(best, margins, strict=True)]


def _features(aspects: Sequence[str], texts: Sequence[str]) -> list[str]:
    return [f"{aspect} {text}" for aspect, text in zip(aspects, texts, strict=True)]


def fit(context: Context, dataset: Dataset) -> Reader | None:
    """Return a classifier for a dataset, or None (and a note) where there is nothing to learn
    from."""
    import_sklearn()
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    rows = [r for r in context.training_examples(dataset.name) if r.explanation.strip()]
    if len({row.label for row in rows}) < 2:
        context.note(
            f"{dataset.name}: the source has no training explanations, so answers without a "
            "readable label stay unparsed"
        )
        return None
    texts = [without_label_sentences(row.explanation, dataset) for row in rows]
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 3), min_df=2 if len(rows) >= 200 else 1, sublinear_tf=True
    )
    model = make_pipeline(vectorizer, LinearSVC(class_weight="balanced", random_state=0))
    model.fit(_features([row.aspect for row in rows], texts), [row.label for row in rows])
    return Reader(model)


class Readers:
    """The classifier of a dataset, fitted when it is first needed and kept until another dataset's
    is: answers come one dataset after the other, and a vocabulary of trigrams is large."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._of = ""
        self._reader: Reader | None = None

    def read(
        self, dataset: Dataset, aspects: Sequence[str], texts: Sequence[str]
    ) -> list[tuple[str, float] | None]:
        """Return label and margin for each text; None where it is too short or nothing was
        learnt."""
        labels: list[tuple[str, float] | None] = [None] * len(texts)
        # A few words argue for nothing; reading a label into them would be inventing one.
        long = [i for i, text in enumerate(texts) if len(text.split()) >= MIN_WORDS]
        if not long:
            return labels
        if self._of != dataset.name:
            self._of, self._reader = "", None  # two are never in memory at once
            self._reader = fit(self.context, dataset)
            self._of = dataset.name
        if self._reader is not None:
            read = self._reader.read([aspects[i] for i in long], [texts[i] for i in long])
            for index, result in zip(long, read, strict=True):
                labels[index] = result
        return labels


def create(context: Context) -> ReadLabels:
    """Make the labeler; classifiers are fitted when they are first needed."""

    readers = Readers(context)

    def label(
        dataset: Dataset, aspects: Sequence[str], responses: Sequence[Response]
    ) -> list[Prediction]:
        texts = [argument(response.text, dataset) for response in responses]
        read = readers.read(dataset, aspects, texts)
        return [_prediction(*pair) for pair in zip(responses, read, strict=True)]

    return label


def _prediction(response: Response, read: tuple[str, float] | None) -> Prediction:
    if read is None:
        return Prediction(response.id, response.dataset, status="unparsed")
    name, margin = read
    return Prediction(
        response.id,
        response.dataset,
        name,
        decided_by="explanation",
        confidence=round(margin, 4),
        explanation_label=name,
    )

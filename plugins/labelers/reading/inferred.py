"""What an explanation argues for, where the answer itself does not say: inferred, never stated.

One linear classifier per dataset (TF-IDF of words, linear SVM), trained on the source's
train and val reference explanations without their label sentences; the aspect of the question is one
of its features. It knows the style it was trained on, so it abstains: from texts of which it knows few
words, and below a margin under which it agreed too seldom with what people read
(docs/labelers.md has the figures).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imhi import Context, Dataset, answer_format, import_sklearn
from imhi.plugins.labelers.reading.options import split_options
from imhi.plugins.labelers.reading.text import normalise, sentences

MIN_WORDS = 12
# Of 542 answers of four models in which a reader found a label, the classifier found the same in 98%
# from this margin on, in 65% below it (docs/labelers.md).
LEAST_MARGIN = 0.4
# Explanations of the seven models: 99 in 100 have more words that are known. Gibberish has fewer.
LEAST_KNOWN = 0.7
# More training rows take longer and read no better.
MOST_ROWS = 1600
_WORD = re.compile(r"\w\w+")


def without_label_sentences(text: str, dataset: Dataset) -> str:
    """Return a text without the dataset's label sentences, in lower case."""
    text = normalise(text)
    for label in dataset.labels:
        text = text.replace(normalise(label.sentence).rstrip("."), " ")
    return re.sub(r"^\W*(?:yes|no)\b\W*", "", text.strip())


def argument(text: str, dataset: Dataset) -> str:
    """Return the part of an answer that argues: after ``Reasoning:``, else all of it; questions and
    lists of options argue for nothing."""
    parts = answer_format.parts_of(text)
    said, _ = split_options(without_label_sentences(parts.explanation or parts.answer, dataset))
    return " ".join(part for part in sentences(said) if not part.endswith("?"))


@dataclass(frozen=True)
class Inferred:
    """A label with its margin: 0 is on the fence, above 1 as sure as in training."""

    label: str
    margin: float


@dataclass(frozen=True)
class Classifier:
    """A fitted classifier of explanations."""

    vectorizer: Any
    model: Any

    def read(self, aspects: Sequence[str], texts: Sequence[str]) -> list[Inferred | None]:
        """Return what each text argues for; None where too few of its words are known."""
        import numpy as np

        known = self.vectorizer.vocabulary_
        words = [_WORD.findall(text) for text in texts]
        scores = self.model.decision_function(self.vectorizer.transform(_features(aspects, words)))
        classes = [str(name) for name in self.model.classes_]
        if scores.ndim == 1:
            scores = np.stack([-scores / 2, scores / 2], axis=1)
        ordered = np.sort(scores, axis=1)
        margins = ordered[:, -1] - ordered[:, -2]
        found: list[Inferred | None] = []
        for said, best, margin in zip(words, scores.argmax(axis=1), margins, strict=True):
            share = sum(word in known for word in said) / max(1, len(said))
            enough = share >= LEAST_KNOWN
            found.append(Inferred(classes[int(best)], round(float(margin), 4)) if enough else None)
        return found


def _features(aspects: Sequence[str], words: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return each text's words with those of its aspect before them."""
    return [[*_WORD.findall(aspect), *said] for aspect, said in zip(aspects, words, strict=True)]


def _as_they_are(words: Sequence[str]) -> Sequence[str]:
    return words


def fit(context: Context, dataset: Dataset) -> Classifier | None:
    """Return a classifier for a dataset, or None (and a note) where there is nothing to learn
    from."""
    import_sklearn()
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    rows = [r for r in context.training_examples(dataset.name) if r.explanation.strip()]
    if len({row.label for row in rows}) < 2:
        context.note(
            f"{dataset.name}: the source has no training explanations, so nothing is inferred where "
            "an answer states no label"
        )
        return None
    rows = rows[:: -(-len(rows) // MOST_ROWS)]
    texts = [without_label_sentences(row.explanation, dataset) for row in rows]
    vectorizer = TfidfVectorizer(
        analyzer=_as_they_are, min_df=2 if len(rows) >= 200 else 1, sublinear_tf=True
    )
    words = [_WORD.findall(text) for text in texts]
    features = vectorizer.fit_transform(_features([row.aspect for row in rows], words))
    model = LinearSVC(class_weight="balanced", random_state=0)
    return Classifier(vectorizer, model.fit(features, [row.label for row in rows]))


class Classifiers:
    """The classifier of a dataset, fitted when it is first needed and kept until another dataset's
    is: answers come one dataset after the other, and a vocabulary is large."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._of = ""
        self._classifier: Classifier | None = None

    def read(
        self, dataset: Dataset, aspects: Sequence[str], texts: Sequence[str]
    ) -> list[Inferred | None]:
        """Return what each text argues for; None where it is too short or nothing was learnt."""
        found: list[Inferred | None] = [None] * len(texts)
        # A few words argue for nothing; reading a label into them would be inventing one.
        long = [i for i, text in enumerate(texts) if len(text.split()) >= MIN_WORDS]
        if not long:
            return found
        if self._of != dataset.name:
            self._of, self._classifier = "", None  # two are never in memory at once
            self._classifier = fit(self.context, dataset)
            self._of = dataset.name
        if self._classifier is not None:
            read = self._classifier.read([aspects[i] for i in long], [texts[i] for i in long])
            for index, result in zip(long, read, strict=True):
                found[index] = result
        return found

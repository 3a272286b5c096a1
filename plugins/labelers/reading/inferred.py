"""What an explanation argues for, where the answer itself does not say: inferred, never stated.

One linear classifier per dataset (TF-IDF of words, linear SVM), trained on the source's
train and val reference explanations without their label sentences; the aspect of the question is one
of its features. It knows the style it was trained on, so it abstains: from texts of which it knows few
words, and below a margin under which it agreed too seldom with what people read
(docs/labelers.md has the figures).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imhi import Context, Dataset, answer_format, import_sklearn
from imhi.plugins.labelers.reading.options import split_options
from imhi.plugins.labelers.reading.text import normalise, sentences

MIN_WORDS = 12
# Of hand-labelled answers, the classifier found the reader's label far more often from this margin on
# than below it (docs/labelers.md has the figures).
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
class Lessons:
    """What a dataset's training explanations teach: their words, each with those of its aspect before
    them, and their labels. ``known`` are the words that a classifier of them would look at."""

    words: Sequence[Sequence[str]]
    labels: Sequence[str | None]
    least_rows: int
    known: frozenset[str]

    @classmethod
    def of(cls, context: Context, dataset: Dataset) -> Lessons | None:
        """Return those of a dataset, or None (and a note) where there is nothing to learn from."""
        rows = [r for r in context.training_examples(dataset.name) if r.explanation.strip()]
        if len({row.label for row in rows}) < 2:
            context.note(
                f"{dataset.name}: the source has no training explanations, so nothing is inferred where "
                "an answer states no label"
            )
            return None
        rows = rows[:: -(-len(rows) // MOST_ROWS)]
        texts = [_WORD.findall(without_label_sentences(row.explanation, dataset)) for row in rows]
        words = _features([row.aspect for row in rows], texts)
        least_rows = 2 if len(rows) >= 200 else 1
        counts = Counter(word for said in words for word in set(said))
        known = frozenset(word for word, count in counts.items() if count >= least_rows)
        return cls(words, [row.label for row in rows], least_rows, known)

    def knows(self, said: Sequence[str]) -> bool:
        """Say whether enough of a text's words are known."""
        return sum(word in self.known for word in said) / max(1, len(said)) >= LEAST_KNOWN

    def fit(self) -> Classifier:
        """Return a classifier that has learnt them."""
        import_sklearn()
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.svm import LinearSVC

        vectorizer = TfidfVectorizer(
            analyzer=_as_they_are, min_df=self.least_rows, sublinear_tf=True
        )
        model = LinearSVC(class_weight="balanced", random_state=0)
        return Classifier(vectorizer, model.fit(vectorizer.fit_transform(self.words), self.labels))


@dataclass(frozen=True)
class Classifier:
    """A fitted classifier of explanations."""

    vectorizer: Any
    model: Any

    def read(self, aspects: Sequence[str], words: Sequence[Sequence[str]]) -> list[Inferred]:
        """Return what the words of each text argue for."""
        import numpy as np

        scores = self.model.decision_function(self.vectorizer.transform(_features(aspects, words)))
        classes = [str(name) for name in self.model.classes_]
        if scores.ndim == 1:
            scores = np.stack([-scores / 2, scores / 2], axis=1)
        ordered = np.sort(scores, axis=1)
        margins = ordered[:, -1] - ordered[:, -2]
        return [
            Inferred(classes[int(best)], round(float(margin), 4))
            for best, margin in zip(scores.argmax(axis=1), margins, strict=True)
        ]


def _features(aspects: Sequence[str], words: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return each text's words with those of its aspect before them."""
    return [[*_WORD.findall(aspect), *said] for aspect, said in zip(aspects, words, strict=True)]


def _as_they_are(words: Sequence[str]) -> Sequence[str]:
    return words


class Classifiers:
    """The classifier of a dataset, fitted when there is a text for it and kept until another dataset's
    is: answers come one dataset after the other, and a vocabulary is large."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._of = ""
        self._lessons: Lessons | None = None
        self._classifier: Classifier | None = None

    def read(
        self, dataset: Dataset, aspects: Sequence[str], texts: Sequence[str]
    ) -> list[Inferred | None]:
        """Return what each text argues for; None where it is too short, too few of its words are known, or
        nothing was learnt."""
        found: list[Inferred | None] = [None] * len(texts)
        # A few words argue for nothing; reading a label into them would be inventing one.
        long = [i for i, text in enumerate(texts) if len(text.split()) >= MIN_WORDS]
        if not long:
            return found
        if self._of != dataset.name:
            self._of, self._lessons, self._classifier = "", None, None  # never two in memory
            self._lessons = Lessons.of(self.context, dataset)
            self._of = dataset.name
        lessons = self._lessons
        if lessons is None:
            return found
        words = {i: _WORD.findall(texts[i]) for i in long}
        read = [i for i in long if lessons.knows(words[i])]
        if read:
            # scikit-learn takes long to import, and much memory: not for texts it would not be asked of.
            self._classifier = self._classifier or lessons.fit()
            inferred = self._classifier.read([aspects[i] for i in read], [words[i] for i in read])
            for index, result in zip(read, inferred, strict=True):
                found[index] = result
        return found

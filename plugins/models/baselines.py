"""Cheap baselines that every language model should be seen beside.

``baseline:majority`` always gives the most frequent label. ``baseline:tfidf`` is TF-IDF and
logistic regression on the post, one model per question; it answers in full IMHI form, naming the
phrases of the post that moved its decision most. Neither needs torch.

Both learn from the source's train and val rows (without the split under evaluation). Where a
source has none for a dataset (the expert sets of a partial checkout), they are cross-fitted on the
split itself: no post is judged by a model that saw it; the scores say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.answers import compose
from harness.context import Context
from harness.declarations import ModelFamily
from harness.errors import HarnessError, UnknownName
from harness.fingerprints import digest
from harness.hookspecs import hookimpl
from harness.models import ModelSpec
from harness.protocols import Model
from harness.records import Example, Request, Response

KINDS = ("majority", "tfidf")
FOLDS = 5


class Majority:
    """Gives each question the label most frequent among its training rows."""

    def fit(self, rows: Sequence[Example], labels: Sequence[str]) -> Majority:
        counts = Counter(row.label for row in rows)
        # Ties go to the label declared first.
        self.label = max(labels, key=lambda name: counts[name])
        total = sum(counts.values())
        self.probabilities = {name: counts[name] / total for name in labels}
        return self

    def answer(self, post: str) -> tuple[dict[str, float], str]:
        share = 100 * self.probabilities[self.label]
        return self.probabilities, (
            f"This is the most frequent answer among the training rows ({share:.0f}%); "
            "the post was not read."
        )


class Tfidf:
    """TF-IDF (1-2 grams, min_df 2, sublinear) and balanced logistic regression (C = 4).

    The settings are those behind the baseline figures in DESIGN section 7. On fewer than 200 rows
    rare phrases are kept (min_df 1).
    """

    def fit(self, rows: Sequence[Example], labels: Sequence[str]) -> Tfidf:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        self.labels = list(labels)
        gold = [row.label for row in rows]
        if len(set(gold)) < 2:
            self.model = None
            self.only = gold[0]
            return self
        self.vectorizer = TfidfVectorizer(
            ngram_range=(1, 2), min_df=2 if len(rows) >= 200 else 1, sublinear_tf=True
        )
        features = self.vectorizer.fit_transform([row.post for row in rows])
        self.model = LogisticRegression(C=4, class_weight="balanced", max_iter=2000)
        self.model.fit(features, gold)
        self.phrases = self.vectorizer.get_feature_names_out()
        return self

    def answer(self, post: str) -> tuple[dict[str, float], str]:
        if self.model is None:
            return {name: float(name == self.only) for name in self.labels}, (
                "All training rows have this answer; the post was not read."
            )
        features = self.vectorizer.transform([post])
        row = self.model.predict_proba(features)[0]
        probabilities = dict.fromkeys(self.labels, 0.0) | dict(
            zip(map(str, self.model.classes_), map(float, row), strict=True)
        )
        best = int(row.argmax())
        coefficients = self.model.coef_
        # Two classes share one row of coefficients, which speaks for the second.
        weights = (
            coefficients[best] if len(coefficients) > 1 else coefficients[0] * (1 if best else -1)
        )
        moved = features.multiply(weights).tocsr()
        ranked = sorted(
            zip(moved.data, moved.indices, strict=True), key=lambda pair: (-pair[0], pair[1])
        )
        named = [f'"{self.phrases[index]}"' for value, index in ranked[:5] if value > 0]
        return probabilities, _phrases_text(named, float(row[best]))


def _phrases_text(named: Sequence[str], probability: float) -> str:
    sure = f"The decision is held with probability {probability:.2f}."
    if not named:
        return f"No phrase of the post speaks for this answer more than the others do. {sure}"
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"The post says {listed}, which speaks most for this answer. {sure}"


class Baseline:
    """Answers requests with one fitted model per question (dataset and aspect)."""

    def __init__(self, kind: type[Majority] | type[Tfidf], context: Context) -> None:
        self.kind = kind
        self.context = context
        self._fitted: dict[tuple[str, str], list[tuple[Majority | Tfidf, frozenset[str]]]] = {}
        self._folds: dict[str, dict[str, int]] = {}

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        for request in requests:
            dataset = self.context.dataset(request.dataset)
            probabilities, explanation = self._model_for(request).answer(request.post)
            label = max(probabilities, key=lambda name: probabilities[name])
            yield Response(
                id=request.id,
                dataset=request.dataset,
                prompt_hash=request.prompt_hash,
                text=compose(dataset, label, explanation),
                label=label,
                probabilities=probabilities,
                finish_reason="stop",
            )

    def _model_for(self, request: Request) -> Majority | Tfidf:
        key = (request.dataset, request.aspect)
        if key not in self._fitted:
            self._fitted[key] = self._fit(*key)
        for model, held_out in self._fitted[key]:
            if not held_out or request.id in held_out:
                return model
        raise HarnessError(
            f"{request.dataset}/{request.id}: not among the rows of split '{self.context.split}' "
            "that the baseline was cross-fitted on; run the whole split"
        )

    def _fit(
        self, dataset: str, aspect: str
    ) -> list[tuple[Majority | Tfidf, frozenset[str]]]:
        labels = self.context.dataset(dataset).label_names
        rows = [r for r in self.context.training_examples(dataset) if r.aspect == aspect]
        if rows:
            return [(self.kind().fit(rows, labels), frozenset())]
        own = [r for r in self.context.examples(dataset, self.context.split) if r.aspect == aspect]
        self.context.note(
            f"baselines on {dataset}: the source has no training rows, so they were cross-fitted on "
            f"the {self.context.split} rows ({FOLDS} folds by post)"
        )
        fitted: list[tuple[Majority | Tfidf, frozenset[str]]] = []
        for fold in range(FOLDS):
            held_out = frozenset(r.id for r in own if int(digest(r.post_id), 16) % FOLDS == fold)
            seen = [row for row in own if row.id not in held_out]
            if held_out:
                fitted.append((self.kind().fit(seen or own, labels), held_out))
        return fitted

    def describe(self) -> Mapping[str, Any]:
        return {"kind": self.kind.__name__.lower()}

    def close(self) -> None:
        self._fitted.clear()


def create(spec: ModelSpec, context: Context) -> Model:
    """Make a baseline.

    Raises:
        UnknownName: the target is not one of :data:`KINDS`.
    """
    kinds: dict[str, type[Majority] | type[Tfidf]] = {"majority": Majority, "tfidf": Tfidf}
    if spec.target not in kinds:
        raise UnknownName("baseline", spec.target, kinds)
    return Baseline(kinds[spec.target], context)


def fingerprint(spec: ModelSpec, context: Context) -> dict[str, Any]:
    """A baseline is what it was trained on."""
    if spec.target not in KINDS:
        raise UnknownName("baseline", spec.target, KINDS)
    names = sorted(context.source.datasets())
    return {"training": digest([context.training_checksum(name) for name in names])}


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        "baseline",
        "majority label; TF-IDF + logistic regression with faithful explanations",
        create,
        target="majority|tfidf",
        fingerprint=fingerprint,
        examples=("baseline:majority", "baseline:tfidf"),
    )

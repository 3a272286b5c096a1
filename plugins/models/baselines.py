"""Cheap baselines that every language model should be seen beside.

``baseline:majority`` always gives the most frequent label. ``baseline:tfidf`` is TF-IDF and
logistic regression on the post, one model per question; it answers in full IMHI form, naming the
phrases of the post that moved its decision most. Neither needs torch.

No post is judged by a model that saw it. Both learn from the source's train and val rows, without
the split under evaluation and without posts that occur in it too (the published expert sets are in
part drawn from val). Where nothing is left (the expert sets of a partial checkout), the majority is that
of the evaluated rows, since it stands for what no reading gives, and other baselines are
cross-fitted on the split itself; the scores say so, and tables mark what was cross-fitted.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi import (
    Context,
    Example,
    HarnessError,
    Model,
    ModelFamily,
    ModelSpec,
    Request,
    Response,
    UnknownName,
    answer_format,
    digest,
    hookimpl,
    import_sklearn,
)

# To be raised with any change that changes answers: stored ones are then not taken for new ones.
VERSION = "1"
FOLDS = 5
SHOWN = 5  # phrases an explanation names, at most
_BATCH = 256

# Probability of each label, and the explanation.
Answer = tuple[dict[str, float], str]


class Majority:
    """Gives each question the label most frequent among its ``rows``: those it was fitted on."""

    rows = "training"

    def fit(self, rows: Sequence[Example], labels: Sequence[str]) -> Majority:
        """Count the labels of the training rows; return itself."""
        counts = Counter(row.label for row in rows)
        # Ties go to the label declared first.
        self.label = max(labels, key=lambda name: counts[name])
        total = sum(counts.values())
        self.probabilities = {name: counts[name] / total for name in labels}
        return self

    def answers(self, posts: Sequence[str]) -> Iterator[Answer]:
        """Yield the one answer, once for each post."""
        share = 100 * self.probabilities[self.label]
        explanation = (
            f"This is the most frequent answer among the {self.rows} rows ({share:.0f}%); "
            "the post was not read."
        )
        for _ in posts:
            yield self.probabilities, explanation


class Tfidf:
    """TF-IDF (1-2 grams, min_df 2, sublinear) and balanced logistic regression (C = 4).

    On the published test files it reaches the weighted F1 given in docs/models.md. On fewer than 200 rows
    rare phrases are kept (min_df 1).
    """

    def fit(self, rows: Sequence[Example], labels: Sequence[str]) -> Tfidf:
        """Train on the posts of the rows; return itself."""
        import_sklearn()
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        self.labels = list(labels)
        self.model: Any = None
        gold = [row.label for row in rows]
        if len(set(gold)) < 2:
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

    def answers(self, posts: Sequence[str]) -> Iterator[Answer]:
        """Yield an answer to each post, naming the phrases that moved it most."""
        if self.model is None:
            for _ in posts:
                yield (
                    {name: float(name == self.only) for name in self.labels},
                    "All training rows have this answer; the post was not read.",
                )
            return
        features = self.vectorizer.transform(posts).tocsr()
        classes = [str(name) for name in self.model.classes_]
        table = self.model.predict_proba(features)
        for post, row, counted in zip(posts, table, features, strict=True):
            best = int(row.argmax())
            pull = counted.data * self._pull(row, best)[counted.indices]
            ranked = sorted(
                zip(pull.tolist(), counted.indices.tolist(), strict=True),
                key=lambda pair: (-pair[0], pair[1]),
            )
            phrases = [self.phrases[i] for value, i in ranked[:SHOWN] if value > 0]
            spans = self._spans(post, phrases)
            # Lower case may split letters ("İ"): such a phrase is named as it was counted.
            named = [f'"{spans.get(phrase, phrase)}"' for phrase in phrases]
            probabilities = dict.fromkeys(self.labels, 0.0) | dict(
                zip(classes, row.tolist(), strict=True)
            )
            yield probabilities, _phrases_text(named, float(row[best]))

    def _pull(self, probabilities: Any, best: int) -> Any:
        """Return, for each phrase, how far it moves the log-odds of the best class (shape (k,))."""
        coefficients = self.model.coef_
        if len(coefficients) == 1:  # two classes share one row, which speaks for the second
            return coefficients[0] * (1 if best else -1)
        others = probabilities.copy()
        others[best] = 0.0
        return coefficients[best] - others @ coefficients / max(others.sum(), 1e-300)

    def _spans(self, post: str, phrases: Sequence[str]) -> dict[str, str]:
        """Return phrases as the post first has them: the features are in lower case and pass over
        one-letter words ("need a break" is counted as "need break")."""
        words = list(re.finditer(self.vectorizer.token_pattern, post))
        lower = [word.group().lower() for word in words]
        ends = [*zip(words, words, strict=True), *itertools.pairwise(words)]
        spans: dict[str, str] = {}
        for phrase, (first, last) in zip(
            [*lower, *map(" ".join, itertools.pairwise(lower))], ends, strict=True
        ):
            if phrase in phrases and phrase not in spans:
                text = " ".join(post[first.start() : last.end()].split())
                spans[phrase] = text.replace('"', "'")
        return spans


KINDS: Mapping[str, type[Majority] | type[Tfidf]] = {"majority": Majority, "tfidf": Tfidf}


def _phrases_text(named: Sequence[str], probability: float) -> str:
    sure = f"The decision is held with probability {probability:.2f}."
    if not named:
        return f"No phrase of the post speaks for this answer more than the others do. {sure}"
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"The post says {listed}, which speaks most for this answer. {sure}"


def _post(row: Example) -> str:
    """Return what tells posts apart; rows of sources that do not say are posts of their own."""
    return row.post_id or row.id


class Baseline:
    """Answers requests with one fitted model per question (dataset and aspect)."""

    def __init__(self, kind: type[Majority] | type[Tfidf], context: Context) -> None:
        self.kind = kind
        self.context = context
        self._fitted: dict[tuple[str, str], list[tuple[Majority | Tfidf, frozenset[str]]]] = {}
        self._asked: tuple[str, list[Example]] = ("", [])

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response to each request; a question's model is fitted when it is first asked.

        Raises:
            HarnessError: there is nothing to learn from, or a request is of another split.
        """
        for start in range(0, len(requests), _BATCH):
            groups: dict[int, tuple[Majority | Tfidf, list[Request]]] = {}
            for request in requests[start : start + _BATCH]:
                model = self._model_for(request)
                groups.setdefault(id(model), (model, []))[1].append(request)
            for model, group in groups.values():
                answers = model.answers([request.post for request in group])
                for request, (probabilities, explanation) in zip(group, answers, strict=True):
                    yield self._response(request, probabilities, explanation)

    def _response(
        self, request: Request, probabilities: dict[str, float], explanation: str
    ) -> Response:
        label = max(probabilities, key=lambda name: probabilities[name])
        return Response(
            id=request.id,
            dataset=request.dataset,
            prompt_hash=request.prompt_hash,
            text=answer_format.compose(self.context.dataset(request.dataset), label, explanation),
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

    def _fit(self, dataset: str, aspect: str) -> list[tuple[Majority | Tfidf, frozenset[str]]]:
        labels = self.context.dataset(dataset).label_names
        split = self.context.split
        if self._asked[0] != dataset:  # one question after the other is about the same rows
            self._asked = dataset, list(self.context.examples(dataset, split))
        asked = self._asked[1]
        posts = {_post(row) for row in asked}
        training = [row for row in self.context.training_examples(dataset) if row.aspect == aspect]
        rows = [row for row in training if _post(row) not in posts]
        if len(rows) < len(training):
            self.context.note(
                f"baselines on {dataset}: posts of {split} that are also training rows were left "
                "out of the training"
            )
        if rows:
            return [(self.kind().fit(rows, labels), frozenset())]
        of_aspect = [row for row in asked if row.aspect == aspect]
        if self.kind is Majority:
            self.context.note(
                f"baseline:majority on {dataset}: the source has no training rows, so it is the most "
                f"frequent label of the {split} rows themselves"
            )
            majority = Majority().fit(of_aspect, labels)
            majority.rows = "evaluated"
            return [(majority, frozenset())]
        order = sorted({_post(row) for row in of_aspect}, key=lambda post: digest([dataset, post]))
        if len(order) < 2:
            raise HarnessError(
                f"baseline on {dataset}: found no training rows and {len(order)} post in split "
                f"'{split}', expected training rows or at least 2 posts to cross-fit on; use a "
                "source with a train split"
            )
        self.context.note(
            f"baselines on {dataset}: the source has no training rows, so they were cross-fitted "
            f"on the {split} rows ({FOLDS} folds by post)"
        )
        self.context.mark_cross_fitted(dataset)
        fold_of = {post: place % FOLDS for place, post in enumerate(order)}
        fitted: list[tuple[Majority | Tfidf, frozenset[str]]] = []
        for fold in sorted(set(fold_of.values())):
            held_out = frozenset(row.id for row in of_aspect if fold_of[_post(row)] == fold)
            seen = [row for row in of_aspect if row.id not in held_out]
            fitted.append((self.kind().fit(seen, labels), held_out))
        return fitted

    def describe(self) -> Mapping[str, object]:
        """Return which baseline it is."""
        return {"kind": self.kind.__name__.lower()}

    def close(self) -> None:
        """Forget the fitted models."""
        self._fitted.clear()
        self._asked = ("", [])


def create(spec: ModelSpec, context: Context) -> Model:
    """Make a baseline.

    Raises:
        UnknownName: the target is not one of :data:`KINDS`.
    """
    if spec.target not in KINDS:
        raise UnknownName("baseline", spec.target, KINDS)
    return Baseline(KINDS[spec.target], context)


def fingerprint(spec: ModelSpec, context: Context) -> Mapping[str, object]:
    """A baseline is how it learns (:data:`VERSION`) and what it was trained on."""
    if spec.target not in KINDS:
        raise UnknownName("baseline", spec.target, KINDS)
    # The evaluated rows count too: baselines are cross-fitted on them where there are no others.
    learnt = [
        [context.data.training_checksum(name), context.source.checksum(name, context.split)]
        for name in sorted(context.source.datasets())
        if context.split in context.source.splits(name)
    ]
    # Where there are no training rows the majority was cross-fitted once: those answers are others.
    alone = any(training == digest([]) for training, _ in learnt)
    return {
        "version": "2" if spec.target == "majority" and alone else VERSION,
        "training": digest(learnt),
        "repair_mojibake": context.repair_mojibake,
    }


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        "baseline",
        "majority label; TF-IDF + logistic regression with faithful explanations",
        create,
        target="majority|tfidf",
        fingerprint=fingerprint,
        decodes=False,
        gpus=0,
        examples=("baseline:majority", "baseline:tfidf"),
    )

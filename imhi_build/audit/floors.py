"""What every score has to be held against: floors with intervals, and the power of a test set.

Weighted F1 is the registered metric's, intervals are the core's (posts are resampled, not rows).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from imhi import Context, Example, Measure, Prediction, Registry, resolve
from imhi.build.audit.bags import predict
from imhi.build.audit.corpus import TRAINING, SourceCorpus
from imhi.build.audit.records import Power, Value
from imhi.runs import statistics

RESAMPLES = 2000
METRIC = "weighted_f1"
DISAGREEMENTS = (10, 20, 40)  # percent of the rows that only one of two models gets right


@dataclass(frozen=True)
class Column:
    """The rows of a split without their texts."""

    dataset: str
    labels: list[str]
    aspects: list[str]
    posts: list[str]


@dataclass(frozen=True)
class Floors:
    """Values by what they are of (as in :class:`imhi.build.audit.records.SplitFigures`)."""

    majority: Value
    majority_by_question: Value | None
    post_words: Value | None
    explanation_words: Value | None
    power: Power


def column(corpus: SourceCorpus, dataset: str, split: str) -> Column:
    """Return the labels of a split, and which rows are about one post."""
    rows = [(e.label, e.aspect, e.post_id or e.id) for e in corpus.examples(dataset, split)]
    labels, aspects, posts = (list(part) for part in zip(*rows, strict=True))
    return Column(dataset, labels, aspects, posts)


def measure(gold: Column, said: Sequence[str | None], registry: Registry) -> Measure:
    """Return weighted F1, as the core and its leaderboard have it."""
    rows = [
        Example(id=str(n), dataset=gold.dataset, split="", post="", question="", label=label)
        for n, label in enumerate(gold.labels)
    ]
    answers = [
        Prediction(id=row.id, dataset=gold.dataset, label=label)
        for row, label in zip(rows, said, strict=True)
    ]
    metric = registry.metrics.get(METRIC)
    assert metric.score is not None
    context = Context(registry, source=None, split="")  # type: ignore[arg-type]  # not asked
    measures: list[Measure] = list(resolve(metric.score)(rows, [], answers, context))
    return measures[0]


def value(found: Measure, gold: Column, trained: int | None = None) -> Value:
    """Return a measure with its interval; ``trained`` rows were learnt from."""
    bounds = statistics.interval_of(found, gold.posts)
    return Value(round(bounds.value, 3), round(bounds.low, 3), round(bounds.high, 3), trained)


def floors(corpus: SourceCorpus, dataset: str, split: str, registry: Registry) -> Floors:
    """Return what a split's scores start from."""
    gold = column(corpus, dataset, split)
    most = Counter(gold.labels).most_common(1)[0][0]
    constant = measure(gold, [most] * len(gold.labels), registry)
    by_question = _majority_by_question(corpus, dataset, split, gold)
    words: dict[str, Value] = {}
    post_measure = None
    post_labels: list[str | None] = []
    for part, found in predict(corpus, dataset, split, set(gold.posts)).items():
        if len(found.labels) == len(gold.labels):
            made = measure(gold, found.labels, registry)
            words[part] = value(made, gold, found.trained)
            if part == "post":
                post_measure, post_labels = made, found.labels
    return Floors(
        majority=value(constant, gold),
        majority_by_question=None
        if by_question is None
        else value(measure(gold, by_question, registry), gold),
        post_words=words.get("post"),
        explanation_words=words.get("explanation"),
        power=_power(gold, constant, most, post_measure, post_labels),
    )


def _majority_by_question(
    corpus: SourceCorpus, dataset: str, split: str, gold: Column
) -> list[str | None] | None:
    """Return the most frequent training label of each row's question (``baseline:majority``); None
    where there is one question or no training row."""
    if len(set(gold.aspects)) < 2:
        return None
    counts: dict[str, Counter[str]] = {}
    for training in TRAINING:
        if training != split and training in corpus.splits(dataset):
            for row in corpus.examples(dataset, training):
                counts.setdefault(row.aspect, Counter())[row.label] += 1
    if not counts:
        return None
    names = corpus.dataset(dataset).label_names
    # Ties go to the label declared first, as the baseline has it.
    most = {aspect: max(names, key=lambda n: found[n]) for aspect, found in counts.items()}
    return [most.get(aspect) for aspect in gold.aspects]


def _power(
    gold: Column,
    constant: Measure,
    most: str,
    words: Measure | None,
    said: Sequence[str | None],
) -> Power:
    import numpy as np

    from imhi.runs import statistics

    rows = len(gold.labels)
    measured = disagreement = None
    design = 1.0
    if words is not None:
        drawn = statistics.Paired.of([words, constant], gold.posts).resampled(
            RESAMPLES, 0, gold.dataset
        )
        measured = statistics.detectable_difference(float(np.std(drawn[0] - drawn[1], ddof=1)))
        right = [(a == g) - (most == g) for a, g in zip(said, gold.labels, strict=True)]
        differences = np.array(right, dtype=float)
        disagreement = 100 * float(np.mean(differences != 0))
        centred = differences - differences.mean()
        independent = float((centred**2).sum())
        clustered = float((statistics.cluster_sums(centred[:, None], gold.posts) ** 2).sum())
        design = clustered / independent if independent else 1.0
    return Power(
        measured=None if measured is None else round(measured, 3),
        disagreement=None if disagreement is None else round(disagreement, 3),
        design=round(design, 3),
        assumed={
            str(share): round(
                100
                * statistics.detectable_difference((share / 100 * max(design, 1.0) / rows) ** 0.5),
                3,
            )
            for share in DISAGREEMENTS
        },
    )

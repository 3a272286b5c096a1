"""Label metrics: all made from one confusion matrix, with *unparsed* as a prediction of its own.

An answer without a label (unparsed, or no answer at all) counts as wrong: it lowers the recall of
its gold class and the precision of none. All values are on a scale of 0 to 100, MCC from -100 to
100. Definitions are scikit-learn's (zero_division=0); MCC is Gorodkin's R_K (2004).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from imhi import Context, Example, Metric, Prediction, Response, Score, hookimpl

if TYPE_CHECKING:
    from imhi import Array, Measure

    Value = Callable[[Array, int], Array]


INFERRED = "weighted_f1_inferred"


def confusion_statistics(
    examples: Sequence[Example], predictions: Sequence[Prediction], labels: Sequence[str]
) -> Array:
    """Return one-hot cells, shape (n, C * (C + 1)): gold class times predicted class, the last
    column being *no label*."""
    import numpy as np

    index = {label: i for i, label in enumerate(labels)}
    columns = len(labels) + 1
    cells = np.zeros((len(examples), len(labels) * columns))
    for row, (example, prediction) in enumerate(zip(examples, predictions, strict=True)):
        predicted = len(labels) if prediction.label is None else index[prediction.label]
        cells[row, index[example.label] * columns + predicted] = 1.0
    return cells


def _parts(sums: Array, classes: int) -> tuple[Array, Array, Array, Array]:
    """Return matrix (..., C, C+1), true positives, support and predicted counts (..., C)."""
    import numpy as np

    matrix = sums.reshape(*sums.shape[:-1], classes, classes + 1)
    hits, support, predicted = np.split(sums @ _margins(classes), 3, axis=-1)
    return matrix, hits, support, predicted


@functools.cache
def _margins(classes: int) -> Array:
    """Return what makes true positives, support and predicted counts of cells, shape
    (C * (C + 1), 3 * C): one product is many times as fast as sums over short axes."""
    import numpy as np

    margins = np.zeros((classes, classes + 1, 3, classes))
    for label in range(classes):
        margins[label, label, 0, label] = 1
        margins[label, :, 1, label] = 1
        margins[:, label, 2, label] = 1
    return margins.reshape(classes * (classes + 1), 3 * classes)


def _ratio(above: Array, below: Array) -> Array:
    import numpy as np

    return np.divide(above, below, out=np.zeros_like(above, dtype=float), where=below > 0)


def _f1(hits: Array, support: Array, predicted: Array) -> Array:
    return _ratio(2 * hits, support + predicted)


def accuracy(sums: Array, classes: int) -> Array:
    """Share of right labels, from cells of shape (..., C * (C + 1)), as for all below; shape (...)."""
    _, hits, support, _ = _parts(sums, classes)
    return 100 * hits.sum(axis=-1) / support.sum(axis=-1)


def weighted_f1(sums: Array, classes: int) -> Array:
    """Mean F1 of the classes, each weighted by its share of the gold labels; shape (...)."""
    _, hits, support, predicted = _parts(sums, classes)
    scores = _f1(hits, support, predicted)
    return 100 * (scores * support).sum(axis=-1) / support.sum(axis=-1)


def macro_f1(sums: Array, classes: int) -> Array:
    """Mean F1 of the classes that occur, as gold or as prediction; shape (...)."""
    _, hits, support, predicted = _parts(sums, classes)
    occurs = (support + predicted) > 0
    return 100 * _ratio((_f1(hits, support, predicted) * occurs).sum(-1), occurs.sum(-1) * 1.0)


def micro_f1(sums: Array, classes: int) -> Array:
    """F1 over all decisions: accuracy, but above it where answers are missing, since those are no
    false positives; shape (...)."""
    _, hits, support, predicted = _parts(sums, classes)
    return 100 * _f1(hits.sum(axis=-1), support.sum(axis=-1), predicted.sum(axis=-1))


def matthews(sums: Array, classes: int) -> Array:
    """Multi-class Matthews correlation, *no label* counted as one more predicted class; shape
    (...)."""
    import numpy as np

    matrix, hits, support, _ = _parts(sums, classes)
    total = support.sum(axis=-1)
    predicted = matrix.sum(axis=-2)
    with_none = np.concatenate([support, np.zeros_like(support[..., :1])], axis=-1)
    cross = hits.sum(axis=-1) * total - (with_none * predicted).sum(axis=-1)
    below = np.sqrt(
        (total**2 - (predicted**2).sum(axis=-1)) * (total**2 - (with_none**2).sum(axis=-1))
    )
    return 100 * _ratio(cross, below)


def unparsed(sums: Array, classes: int) -> Array:
    """Share of examples without a label, in percent; shape (...)."""
    matrix, _, support, _ = _parts(sums, classes)
    return 100 * matrix[..., classes].sum(axis=-1) / support.sum(axis=-1)


def from_confusion(name: str, value: Value, details: bool = False) -> Score:
    """Return a metric's ``score`` whose ``value`` takes cells of shape (..., C * (C + 1)), and C."""

    def score(
        examples: Sequence[Example],
        responses: Sequence[Response],
        predictions: Sequence[Prediction],
        context: Context,
    ) -> list[Measure]:
        import numpy as np

        from imhi import Measure

        labels = context.dataset(examples[0].dataset).label_names
        cells = confusion_statistics(examples, predictions, labels)
        right = np.array(
            [100.0 * (e.label == p.label) for e, p in zip(examples, predictions, strict=True)]
        )
        shown: dict[str, object] = {}
        if details:
            matrix, *_ = _parts(cells.sum(axis=0), len(labels))
            shown = {
                "labels": [*labels],
                "confusion": matrix.astype(int).tolist(),
                "columns": [*labels, "(no label)"],
            }
        return [
            Measure(
                name,
                cells,
                lambda sums: value(sums, len(labels)),
                right if name == "accuracy" else None,
                shown,
                scale=(-100.0, 100.0) if name == "mcc" else (0.0, 100.0),
            )
        ]

    return score


def with_inferred(score: Score) -> Score:
    """Return a metric's ``score`` as it would be if what the labeler infers, where an answer states no
    label, counted as its label. It says how much of a score hangs on that, no more."""

    def counted(
        examples: Sequence[Example],
        responses: Sequence[Response],
        predictions: Sequence[Prediction],
        context: Context,
    ) -> list[Measure]:
        taken = [dataclasses.replace(p, label=p.label or p.inferred) for p in predictions]
        measures = score(examples, responses, taken, context)
        return [dataclasses.replace(measure, name=INFERRED) for measure in measures]

    return counted


def per_class(
    examples: Sequence[Example],
    responses: Sequence[Response],
    predictions: Sequence[Prediction],
    context: Context,
) -> list[Measure]:
    """Precision, recall and F1 of each declared class, as ``precision[LABEL]`` and so on."""
    import numpy as np

    from imhi import Measure

    labels = context.dataset(examples[0].dataset).label_names
    cells = confusion_statistics(examples, predictions, labels)
    gold = np.array([e.label for e in examples], dtype=object)
    said = np.array([p.label for p in predictions], dtype=object)
    # What a class's precision and recall are about: the examples that got it, and that have it.
    about = {
        "precision": lambda label: said == label,
        "recall": lambda label: gold == label,
        "f1": lambda label: (said == label) | (gold == label),
    }

    def pick(what: str, position: int) -> Callable[[Array], Array]:
        def value(sums: Array) -> Array:
            _, hits, gold, predicted = _parts(sums, len(labels))
            table = {
                "precision": lambda: _ratio(hits, predicted),
                "recall": lambda: _ratio(hits, gold),
                "f1": lambda: _f1(hits, gold, predicted),
            }
            return 100 * table[what]()[..., position]

        return value

    return [
        Measure(
            f"{what}[{label}]",
            cells,
            pick(what, position),
            details={"support": int((gold == label).sum())},
            headline=False,
            counted=about[what](label),
        )
        for position, label in enumerate(labels)
        for what in ("precision", "recall", "f1")
    ]


@hookimpl
def imhi_metrics() -> Iterator[Metric]:
    def declare(
        name: str, summary: str, value: Value, details: bool = False, higher: bool = True
    ) -> Metric:
        score = from_confusion(name, value, details)
        return Metric(name, summary, score, default=True, higher_is_better=higher)

    yield declare("weighted_f1", "F1 weighted by class support", weighted_f1, details=True)
    yield Metric(
        INFERRED,
        "Weighted F1 if inferred labels counted, which the headline leaves out",
        with_inferred(from_confusion("weighted_f1", weighted_f1)),
        default=True,
    )
    yield declare("accuracy", "Share of right labels", accuracy)
    yield declare("macro_f1", "Mean F1 of the classes", macro_f1)
    yield declare("micro_f1", "F1 over all decisions", micro_f1)
    yield declare("mcc", "Matthews correlation (x 100)", matthews)
    yield declare("unparsed", "Share of examples without a label", unparsed, higher=False)
    yield Metric("per_class", "Precision, recall and F1 of each class", per_class, default=True)

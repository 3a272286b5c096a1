"""Single labels: per-class bars and confusion matrices, made from the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from imhi.plugins.report.html.material import Material, Run
from imhi.plugins.report.html.wording import NONE, number, span
from imhi.runs import Columns


@dataclass(frozen=True)
class Bar:
    """A share in percent, as long as it is large; ``more`` is said below it."""

    value: float
    shown: str
    more: str = ""


@dataclass(frozen=True)
class ClassLine:
    """A label with a bar for each run: its F1, with precision and recall in words."""

    label: str
    support: int
    bars: Sequence[Bar]


@dataclass(frozen=True)
class MatrixCell:
    """How often one label was given for another; ``share`` in percent of the gold label's row."""

    count: int
    share: float
    right: bool


@dataclass(frozen=True)
class Matrix:
    """A run's confusion matrix; the last column counts answers without a label."""

    name: str
    columns: Sequence[str]
    lines: Sequence[tuple[str, Sequence[MatrixCell]]]


@dataclass(frozen=True)
class DatasetClasses:
    dataset: str
    runs: Sequence[str]
    classes: Sequence[ClassLine]
    matrices: Sequence[Matrix]


def dataset_classes(material: Material) -> list[DatasetClasses]:
    """Return each dataset's labels with a bar for each run, and the runs' confusion matrices."""
    runs = material.ordered()
    found = []
    for dataset in material.datasets:
        labels = material.labels[dataset]
        counts = [_counts(run.columns[dataset]) for run in runs]
        found.append(
            DatasetClasses(
                dataset,
                [run.name for run in runs],
                [_class_line(runs, counts, dataset, label) for label in labels],
                [_matrix(run, count, labels) for run, count in zip(runs, counts, strict=True)],
            )
        )
    return found


def _counts(columns: Columns) -> Counter[tuple[str, str | None]]:
    return Counter(
        (example.label, prediction.label)
        for example, prediction in zip(columns.examples, columns.predictions, strict=True)
    )


def _class_line(
    runs: Sequence[Run],
    counts: Sequence[Counter[tuple[str, str | None]]],
    dataset: str,
    label: str,
) -> ClassLine:
    bars, support = [], 0
    for run, count in zip(runs, counts, strict=True):
        hits = count[label, label]
        support = sum(n for (gold, _), n in count.items() if gold == label)
        given = sum(n for (_, predicted), n in count.items() if predicted == label)
        f1 = 200 * hits / (support + given) if support + given else 0.0
        said = [
            f"P {number(100 * hits / given, 1) if given else NONE}",
            f"R {number(100 * hits / support, 1) if support else NONE}",
        ]
        bars.append(Bar(f1, number(f1, 1), " · ".join([*_bounds(run, dataset, label), *said])))
    return ClassLine(label, support, bars)


def _bounds(run: Run, dataset: str, label: str) -> list[str]:
    """Return the interval that scoring made, if it was made on the rows shown here."""
    rows = len(run.columns[dataset].examples)
    for row in run.scores.scores:
        if (row["dataset"], row["metric"], row["n"]) == (dataset, f"f1[{label}]", rows):
            return [span(row["low"], row["high"], 1)] if row["low"] is not None else []
    return []


def _matrix(run: Run, counts: Counter[tuple[str, str | None]], labels: Sequence[str]) -> Matrix:
    predicted: list[str | None] = [*labels, None]
    lines = []
    for gold in labels:
        total = sum(counts[gold, label] for label in predicted)
        cells = [
            MatrixCell(
                counts[gold, label],
                100 * counts[gold, label] / total if total else 0.0,
                label == gold,
            )
            for label in predicted
        ]
        lines.append((gold, cells))
    return Matrix(run.name, [*labels, "no label"], lines)

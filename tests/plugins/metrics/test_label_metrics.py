"""Label metrics are scikit-learn's, on any confusion, with *no label* as one more prediction."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    matthews_corrcoef,
    precision_recall_fscore_support,
)

from imhi._core.context import Context
from imhi._core.records import Example, Prediction, Response
from imhi.plugins.metrics import labels as label_metrics
from tests.plugins.metrics.columns import NO_LABEL, demo_context, label_columns, measures

DATASETS = ("DR", "SAD", "T-SID")


@pytest.fixture(scope="module")
def context() -> Context:
    return demo_context()


def random_labels(names: tuple[str, ...], seed: int) -> tuple[list[str], list[str]]:
    """Return 40 gold and predicted labels; some classes may be missing from either."""
    generator = np.random.default_rng(seed)
    golden = generator.dirichlet(np.full(len(names), 0.6))
    guessed = generator.dirichlet(np.full(len(names) + 1, 0.6))
    gold = generator.choice(names, size=40, p=golden)
    predicted = generator.choice([*names, NO_LABEL], size=40, p=guessed)
    return gold.tolist(), predicted.tolist()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("dataset", DATASETS)
def test_values_are_those_of_scikit_learn(context: Context, dataset: str, seed: int) -> None:
    names = context.dataset(dataset).label_names
    gold, predicted = random_labels(names, seed)
    occurring = [name for name in names if name in {*gold, *predicted}]
    columns = label_columns(dataset, gold, predicted)

    def value(metric: str) -> float:
        return measures(metric, context, columns)[metric].value()

    def f1(average: str, over: list[str]) -> float:
        return float(100 * f1_score(gold, predicted, labels=over, average=average, zero_division=0))

    assert value("accuracy") == pytest.approx(100 * accuracy_score(gold, predicted))
    assert value("weighted_f1") == pytest.approx(f1("weighted", list(names)))
    assert value("macro_f1") == pytest.approx(f1("macro", occurring))
    assert value("micro_f1") == pytest.approx(f1("micro", list(names)))
    assert value("mcc") == pytest.approx(100 * matthews_corrcoef(gold, predicted))
    assert value("unparsed") == pytest.approx(100 * predicted.count(NO_LABEL) / 40)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dataset", DATASETS)
def test_each_class_has_precision_recall_and_f1(context: Context, dataset: str, seed: int) -> None:
    names = list(context.dataset(dataset).label_names)
    gold, predicted = random_labels(tuple(names), seed)
    found = measures("per_class", context, label_columns(dataset, gold, predicted))
    expected = precision_recall_fscore_support(gold, predicted, labels=names, zero_division=0)
    for position, name in enumerate(names):
        for what, column in zip(("precision", "recall", "f1"), expected, strict=False):
            measure = found[f"{what}[{name}]"]
            assert measure.value() == pytest.approx(100 * column[position])
            assert measure.details["support"] == gold.count(name)
            assert not measure.headline


@pytest.mark.parametrize(
    "metric",
    ["accuracy", "weighted_f1", "macro_f1", "micro_f1", "matthews", "unparsed"],
)
def test_values_are_vectorised_over_leading_axes(metric: str) -> None:
    """A stack of confusions of any shape gives the values that each gives alone; so the bootstrap
    needs no loop."""
    value = getattr(label_metrics, metric)
    stack = np.random.default_rng(0).integers(6, size=(4, 5, 3 * 4)).astype(float)
    stack[0, 0] = 0
    stack[0, 0, 1] = 7  # all gold of one class, all predictions of another: MCC has no denominator
    together = value(stack, 3)
    assert together.shape == (4, 5)
    for i in range(4):
        for j in range(5):
            assert together[i, j] == pytest.approx(float(value(stack[i, j], 3)))


def test_an_unreadable_answer_is_wrong_and_is_no_false_positive(context: Context) -> None:
    """Two of four right, one unread: precision 2/3 over all decisions, recall 2/4."""
    columns = label_columns("DR", ["yes", "yes", "no", "no"], ["yes", NO_LABEL, "no", "yes"])
    assert measures("accuracy", context, columns)["accuracy"].value() == 50
    assert measures("micro_f1", context, columns)["micro_f1"].value() == pytest.approx(
        100 * 2 * 2 / (4 + 3)
    )
    assert measures("unparsed", context, columns)["unparsed"].value() == 25


def test_nothing_readable_scores_nothing(context: Context) -> None:
    columns = label_columns("DR", ["yes", "no"], [NO_LABEL, NO_LABEL])
    for metric in ("accuracy", "weighted_f1", "macro_f1", "micro_f1", "mcc"):
        assert measures(metric, context, columns)[metric].value() == 0


def test_perfect_answers_score_100(context: Context) -> None:
    columns = label_columns("SAD", ["school", "work", "other"], ["school", "work", "other"])
    for metric in ("accuracy", "weighted_f1", "macro_f1", "micro_f1", "mcc"):
        assert measures(metric, context, columns)[metric].value() == pytest.approx(100)


def test_the_headline_keeps_its_confusion_matrix(context: Context) -> None:
    columns = label_columns("DR", ["yes", "yes", "no"], ["yes", NO_LABEL, "yes"])
    details = measures("weighted_f1", context, columns)["weighted_f1"].details
    assert details["labels"] == ["yes", "no"]
    assert details["columns"] == ["yes", "no", "(no label)"]
    assert details["confusion"] == [[1, 0, 1], [1, 0, 0]]


def test_accuracy_says_which_examples_were_right(context: Context) -> None:
    columns = label_columns("DR", ["yes", "no"], ["yes", NO_LABEL])
    accuracy = measures("accuracy", context, columns)["accuracy"]
    assert accuracy.per_example is not None
    assert accuracy.per_example.tolist() == [100.0, 0.0]


def test_the_order_of_rows_does_not_matter(context: Context) -> None:
    gold, predicted = random_labels(context.dataset("SAD").label_names, seed=3)
    order = np.random.default_rng(0).permutation(40)
    turned = [gold[i] for i in order], [predicted[i] for i in order]
    for metric in ("weighted_f1", "macro_f1", "mcc"):
        straight = measures(metric, context, label_columns("SAD", gold, predicted))[metric]
        other = measures(metric, context, label_columns("SAD", *turned))[metric]
        assert straight.value() == pytest.approx(other.value())


def test_what_is_inferred_counts_in_a_measure_of_its_own(context: Context) -> None:
    """Two answers state their label, one states none but argues for its gold label, one for another."""
    gold = ["yes", "no", "yes", "no"]
    examples = [
        Example(str(i), "DR", "test", "post", "question", label) for i, label in enumerate(gold)
    ]
    predictions = [
        Prediction("0", "DR", "yes"),
        Prediction("1", "DR", "no"),
        Prediction("2", "DR", status="unparsed", inferred="yes", confidence=0.9),
        Prediction("3", "DR", status="unparsed", inferred="yes", confidence=0.5),
    ]
    responses = [Response(str(i), "DR", "") for i in range(4)]

    def value(name: str) -> float:
        metric = context.registry.metrics.get(name)
        assert callable(metric.score)
        (measure,) = metric.score(examples, responses, predictions, context)
        assert measure.name == name
        return float(measure.value())

    none, yes, no = "none", "yes", "no"
    stated = f1_score(gold, [yes, no, none, none], average="weighted", labels=[yes, no])
    counted = f1_score(gold, [yes, no, yes, yes], average="weighted", labels=[yes, no])
    assert value("weighted_f1") == pytest.approx(100 * stated)
    assert value("weighted_f1_inferred") == pytest.approx(100 * counted)

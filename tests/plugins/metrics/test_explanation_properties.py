"""What every explanation metric must do on real answers, held to one by one.

The answers of a real model to official posts of DR, as they are, exchanged between posts, made
equal to the reference, emptied, and in another order.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_rel

from imhi._core.context import Context
from imhi._core.metrics import MetricSpec
from imhi._core.records import Example, Prediction, Response
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from tests.judge_server import judge, judge_server
from tests.plugins.metrics.neural.bertscore_encoders import minilm
from tests.trained_bart import train_bart

pytestmark = pytest.mark.slow
ROWS = 80
MODEL = "Mentallama-7B"


@dataclass(frozen=True)
class Case:
    """What is expected of a measure. ``post``: it claims to look at the post, by itself or through
    the reference. ``best``: the text that must score best, if there is one. ``worst``: empty text
    must score worst; not where less or more is neither good nor bad, and not for ``quoted``, which
    has no value for a text without quotes. ``by_explanation``: the exchange is judged on the same
    explanation at two posts, else on the same post with two explanations. ``each``: the best text
    is best for each example; else in the mean, as where the text itself is what is found likely."""

    metric: str
    post: bool
    best: str = "reference"
    worst: bool = True
    by_explanation: bool = True
    each: bool = True


CASES = {
    "rouge1": Case("rouge", post=True),
    "rouge2": Case("rouge", post=True),
    "rougeL": Case("rouge", post=True),
    "bleu": Case("bleu", post=True),
    "chrf": Case("chrf", post=True),
    "bertscore": Case("bertscore", post=True),
    "bertscore_precision": Case("bertscore", post=True),
    "bertscore_recall": Case("bertscore", post=True),
    "bartscore": Case("bartscore", post=True, by_explanation=False),
    "bartscore_precision": Case("bartscore", post=True, each=False),
    "bartscore_f": Case("bartscore", post=True, each=False),
    "bartscore_faithfulness": Case("bartscore", post=True, best=""),
    "similarity": Case("similarity", post=True),
    "grounding": Case("grounding", post=True, best="post"),
    "quoted": Case("grounding", post=True, best="quoted post", worst=False),
    "consistency": Case("consistency", post=False, best=""),
    "diversity": Case("diversity", post=False, best=""),
    "copied": Case("overlap", post=False, best="", worst=False),
    "length": Case("length", post=False, best="", worst=False),
    "judge_consistency": Case("judge", post=True, best="post"),
    "judge_reliability": Case("judge", post=True, best="post"),
    "judge_professionality": Case("judge", post=True, best="post"),
    "judge_overall": Case("judge", post=True, best="post"),
}
# Means of others, or about something else than the explanation: not measures of their own.
OTHERS = {"copy_coverage", "copy_density", "judge_unread"}

Texts = Mapping[str, str]  # by example id
Column = Mapping[str, float]  # values by example id


@pytest.fixture(scope="module")
def rows(
    imhi: Path, model_outputs: Path, registry: Registry
) -> Iterator[list[tuple[Example, str]]]:
    examples = open_source(f"official:{imhi}", registry)[1].examples("DR", "test")
    with (model_outputs / MODEL / "DR.csv").open(encoding="utf-8", newline="") as stream:
        answers = [row["generated_text"] for row in csv.DictReader(stream)]
    yield list(islice(zip(examples, answers, strict=True), ROWS))


@pytest.fixture(scope="module")
def trained_bart(imhi: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small BART that has learnt which explanation belongs to a post."""
    return train_bart(imhi, tmp_path_factory.mktemp("trained") / "bart")


@pytest.fixture(scope="module")
def arguments(trained_bart: Path) -> Callable[[str], str]:
    """Return how a metric is written, with real models small enough for a test."""

    def written(metric: str) -> str:
        if metric == "bartscore":
            return f"bartscore:{trained_bart}"
        if metric == "bertscore":
            return f"bertscore:{minilm()},layer=3"
        return f"similarity:{minilm()}" if metric == "similarity" else metric

    return written


@pytest.fixture(scope="module")
def values(
    rows: list[tuple[Example, str]],
    imhi: Path,
    registry: Registry,
    arguments: Callable[[str], str],
) -> Iterator[Callable[..., dict[str, Column]]]:
    """Return a function that scores texts with a metric: values by measure, then example id."""
    asked: dict[tuple[str, str], dict[str, Column]] = {}
    source = open_source(f"official:{imhi}", registry)[1]

    def score(metric: str, name: str, texts: Texts, order: Sequence[str]) -> dict[str, Column]:
        if (metric, name) in asked:
            return asked[metric, name]
        with judge_server() as server:
            judges = (judge(server.url),) if metric == "judge" else ()
            context = Context(registry, source, "test", judges=judges)
            examples = {example.id: example for example, _ in rows}
            columns = (
                [examples[id] for id in order],
                [Response(id, "DR", "", text=texts[id]) for id in order],
                [Prediction(id, "DR", examples[id].label) for id in order],
            )
            with MetricSpec.opened(MetricSpec.parse([arguments(metric)], registry)) as (
                (spec, scorer),
            ):
                found = spec.measure(scorer, *columns, context)
        asked[metric, name] = {
            measure.name: dict(zip(order, measure.per_example.tolist(), strict=True))
            for measure in found
            if measure.per_example is not None
        }
        return asked[metric, name]

    yield score


def origins(rows: Sequence[tuple[Example, str]]) -> Mapping[str, str]:
    """Return from which example each gets its answer in the exchange: another one of the same label,
    so that not the label tells the texts apart but the post."""
    found: dict[str, str] = {}
    for label in sorted({example.label for example, _ in rows}):
        alike = [example.id for example, _ in rows if example.label == label]
        random.Random(0).shuffle(alike)
        found.update(zip(alike, [*alike[1:], alike[0]], strict=True))
    return found


def texts_of(rows: Sequence[tuple[Example, str]], kind: str) -> Texts:
    """Return the texts of one kind, by example id."""
    if kind == "exchanged":
        answers = {example.id: answer for example, answer in rows}
        return {id: answers[origin] for id, origin in origins(rows).items()}
    made: Mapping[str, Callable[[Example, str], str]] = {
        "real": lambda example, answer: answer,
        "reference": lambda example, answer: f"Yes. Reasoning: {example.explanation}",
        "post": lambda example, answer: f"Yes. Reasoning: {example.post}",
        "quoted post": lambda example, answer: (
            'Yes. Reasoning: The post says "'
            + " ".join(example.post.replace('"', "").split()[:12])
            + '".'
        ),
        "empty": lambda example, answer: "",
    }
    return {example.id: made[kind](example, answer) for example, answer in rows}


@pytest.fixture
def score(
    values: Callable[..., dict[str, Column]], rows: list[tuple[Example, str]]
) -> Callable[[str, str], Column]:
    """Return a function from measure and kind of texts to values by example id."""

    def of(measure: str, kind: str) -> Column:
        order = [example.id for example, _ in rows]
        return values(CASES[measure].metric, kind, texts_of(rows, kind), order)[measure]

    return of


def paired(first: Column, second: Column) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of the examples that count in both."""
    both = [id for id in first if np.isfinite([first[id], second[id]]).all()]
    return np.array([first[id] for id in both]), np.array([second[id] for id in both])


def test_every_explanation_metric_is_held_to_this(
    registry: Registry,
    rows: list[tuple[Example, str]],
    values: Callable[..., dict[str, Column]],
) -> None:
    metrics = {m.name for m in registry.metrics if m.group not in ("labels", "samples")}
    assert metrics == {case.metric for case in CASES.values()}
    order = [example.id for example, _ in rows]
    made = {name for m in metrics for name in values(m, "real", texts_of(rows, "real"), order)}
    assert made == {*CASES, *OTHERS}


@pytest.mark.parametrize("measure", [name for name, case in CASES.items() if case.post])
def test_explanations_exchanged_between_posts_score_clearly_worse(
    measure: str, score: Callable[[str, str], Column], rows: list[tuple[Example, str]]
) -> None:
    real, exchanged = score(measure, "real"), score(measure, "exchanged")
    if CASES[measure].by_explanation:
        # The same explanation at its own post and at another's: what it is worth in itself, or how
        # likely it is, then plays no part.
        there = {origin: exchanged[id] for id, origin in origins(rows).items()}
    else:
        there = dict(exchanged)
    own, other = paired(real, there)
    assert len(own) >= 5
    assert ttest_rel(own, other, alternative="greater").pvalue < 1e-3


@pytest.mark.parametrize("measure", [name for name, case in CASES.items() if case.best])
def test_identical_text_scores_best(measure: str, score: Callable[[str, str], Column]) -> None:
    best = score(measure, CASES[measure].best)
    for kind in ("real", "exchanged", *["empty"] * CASES[measure].worst):
        top, other = paired(best, score(measure, kind))
        assert top.mean() > other.mean(), kind
        assert not CASES[measure].each or (top >= other - 1e-6).all(), kind


@pytest.mark.parametrize("measure", [name for name, case in CASES.items() if case.worst])
def test_empty_text_scores_worst(measure: str, score: Callable[[str, str], Column]) -> None:
    for kind in ("real", "exchanged", "reference"):
        other, empty = paired(score(measure, kind), score(measure, "empty"))
        assert (empty <= other + 1e-6).all() and empty.mean() < other.mean(), kind


@pytest.mark.parametrize("metric", sorted({case.metric for case in CASES.values()}))
def test_the_order_of_rows_does_not_matter(
    metric: str, values: Callable[..., dict[str, Column]], rows: list[tuple[Example, str]]
) -> None:
    texts = texts_of(rows, "real")
    order = [example.id for example, _ in rows]
    shuffled = random.Random(1).sample(order, len(order))
    forward = values(metric, "real", texts, order)
    backward = values(metric, "real, shuffled", texts, shuffled)
    for measure, column in forward.items():
        found = [backward[measure][id] for id in order]
        assert list(column.values()) == pytest.approx(found, abs=1e-4, nan_ok=True), measure

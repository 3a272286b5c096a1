"""Columns of examples, responses and predictions for tests of metrics."""

from __future__ import annotations

from collections.abc import Sequence

from imhi._core.context import Context
from imhi._core.declarations import resolve
from imhi._core.plugin_manager import load_plugins
from imhi._core.records import Example, Prediction, Response
from imhi._core.statistics import Measure

NO_LABEL = "(no label)"


def label_columns(
    dataset: str, gold: Sequence[str], predicted: Sequence[str]
) -> tuple[list[Example], list[Response], list[Prediction]]:
    """Return columns with these labels; :data:`NO_LABEL` is an answer that could not be read."""
    examples = [
        Example(str(row), dataset, "test", f"post {row}", "", label)
        for row, label in enumerate(gold)
    ]
    responses = [Response(str(row), dataset, "", text="an answer") for row in range(len(gold))]
    predictions = [
        Prediction(str(row), dataset, status="unparsed")
        if label == NO_LABEL
        else Prediction(str(row), dataset, label)
        for row, label in enumerate(predicted)
    ]
    return examples, responses, predictions


def text_columns(
    references: Sequence[str], answers: Sequence[str]
) -> tuple[list[Example], list[Response], list[Prediction]]:
    """Return columns with these reference explanations and answers."""
    examples = [
        Example(str(row), "DR", "test", "a post", "", "yes", explanation=text)
        for row, text in enumerate(references)
    ]
    responses = [Response(str(row), "DR", "", text=text) for row, text in enumerate(answers)]
    return examples, responses, [Prediction(e.id, "DR", "yes") for e in examples]


def measures(
    metric: str,
    context: Context,
    columns: tuple[list[Example], list[Response], list[Prediction]],
) -> dict[str, Measure]:
    """Score columns with one metric; return its measures by name."""
    declared = context.registry.metrics.get(metric)
    made = resolve(declared.score)(*columns, context)
    return {measure.name: measure for measure in made}


def demo_context() -> Context:
    """Return the surroundings of a run on the demo posts."""
    from imhi._core.sources import open_source

    registry = load_plugins().registry
    return Context(registry, open_source("demo", registry)[1], "test")

"""Metrics on annotated answers: a value for each answer from each measure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from imhi import Array, Context, Measure, Prediction, Report, Score, answer_format
from imhi.plugins.meta_evaluation.references import Answers
from imhi.runs import MetricSpec

BASELINE = "length"
LABELER = "hybrid"


@dataclass(frozen=True)
class Column:
    """One measure of all answers.

    ``values`` has shape (answers,), NaN where an answer does not count (no reference to compare it
    with). ``made_by`` is the metric as it was asked for, empty for the baseline.
    """

    name: str
    values: Array
    made_by: str
    higher_is_better: bool | None
    headline: bool = True
    about: Mapping[str, object] | None = None

    @property
    def oriented(self) -> Array:
        """The values, shape (answers,), turned so that higher is better where the metric says which
        is."""
        return -self.values if self.higher_is_better is False else self.values


def measure(
    systems: Mapping[str, Answers],
    metrics: Sequence[tuple[MetricSpec, Score]],
    context: Context,
) -> list[Column]:
    """Return a column per measure that has values per answer, over all systems in order.

    The baseline stands first: the measure ``length`` where a metric makes one, else the number of
    words of the explanation. Each system is scored by itself, as a run of its own would be. A
    measure that a system has no value for is NaN there; one without any value is left out, which
    is noted.

    Raises:
        HarnessError: a metric fails.
    """
    words = [
        len(answer_format.explanation_of(response.text).split())
        for answers in systems.values()
        for response in answers.responses
    ]
    baseline = Column(BASELINE, np.array(words, dtype=np.float64), "", None)
    found: dict[tuple[str, str], dict[str, Measure]] = {}
    specs = {spec.name: spec for spec, _ in metrics}
    for system, answers in systems.items():
        with _noted_with(system, context) as own:
            predictions = _predictions(answers, own)
            for spec, scorer in metrics:
                for one in spec.measure(
                    scorer, answers.examples, answers.responses, predictions, own
                ):
                    if one.per_example is not None:
                        found.setdefault((spec.name, one.name), {})[system] = one
    result: list[Column] = []
    names = [name for _, name in found]
    for (made_by, name), per_system in found.items():
        parts = []
        for system, answers in systems.items():
            there = per_system.get(system)
            column = None if there is None else there.per_example
            parts.append(np.full(len(answers.examples), np.nan) if column is None else column)
        values = np.concatenate(parts).astype(np.float64)
        shown = name if names.count(name) == 1 else f"{made_by}/{name}"
        if np.isnan(values).all():
            context.note(f"{shown} has no value for any answer and is left out")
            continue
        any_one = next(iter(per_system.values()))
        metric = specs[made_by].metric
        direction = any_one.higher_is_better
        result.append(
            Column(
                shown,
                np.where(np.isfinite(values), values, np.nan),
                specs[made_by].text or made_by,
                metric.higher_is_better if direction is None else direction,
                any_one.headline or shown == BASELINE,
                {"version": metric.version, "arguments": specs[made_by].arguments_as_json()},
            )
        )
    first = [column for column in result if column.name == BASELINE] or [baseline]
    return first + [column for column in result if column.name != BASELINE]


@contextmanager
def _noted_with(system: str, context: Context) -> Iterator[Context]:
    """Give surroundings in which each note of a metric is told with the system it is about."""
    own = Report()
    try:
        yield dataclasses.replace(context, report=own)
    finally:
        for note in own.sentences("notes"):
            context.note(f"{system}: {note}")
        for gap in own.sentences("gaps"):
            context.mark_incomplete(f"{system}: {gap}")


def _predictions(answers: Answers, context: Context) -> Sequence[Prediction]:
    dataset = context.dataset(answers.examples[0].dataset)
    aspects = [example.aspect for example in answers.examples]
    return context.labeler(LABELER)(dataset, aspects, list(answers.responses))

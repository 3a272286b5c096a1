"""Real explanations and posts as columns, and BARTScore on them, for tests of BARTScore."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from imhi._core.answer_format import explanation_of
from imhi._core.context import Context
from imhi._core.records import Example, Prediction, Response
from imhi._core.statistics import Measure
from imhi.plugins.metrics.neural.bartscore import METRIC, create

Columns = tuple[list[Example], list[Response], list[Prediction]]
PARTS = ("DR", "dreaddit", "SAD", "Irf", "MultiWD")


def real_columns(imhi: Path, outputs: Path, each: int = 40) -> Columns:
    """Return the first ``each`` rows of official test files with real answers to them."""
    model = "Mentallama-7B"
    examples, responses = [], []
    for name in PARTS:
        test = imhi / "test_data" / "test_instruction" / f"{name}.csv"
        for row, (gold, answer) in enumerate(
            zip(_rows(test, each), _rows(outputs / model / f"{name}.csv", each), strict=True)
        ):
            post = gold["query"].rpartition(" Question: ")[0].partition(": ")[2]
            reference = explanation_of(gold["gpt-3.5-turbo"])
            id_ = f"{name}-{row}"
            examples.append(Example(id_, "DR", "test", post, "", "yes", explanation=reference))
            responses.append(Response(id_, "DR", "", text=answer["generated_text"]))
    return examples, responses, [Prediction(e.id, "DR", "yes") for e in examples]


def _rows(path: Path, count: int) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return [row for row, _ in zip(csv.DictReader(stream), range(count), strict=False)]


def columns(
    answers: Sequence[str], references: Sequence[str], posts: Sequence[str] | None = None
) -> Columns:
    """Return columns of DR with these texts."""
    posts = posts or [f"post number {row}" for row in range(len(answers))]
    examples = [
        Example(str(row), "DR", "test", post, "", "yes", explanation=reference)
        for row, (post, reference) in enumerate(zip(posts, references, strict=True))
    ]
    responses = [Response(str(row), "DR", "", text=text) for row, text in enumerate(answers)]
    return examples, responses, [Prediction(e.id, "DR", "yes") for e in examples]


def arguments(model: Path | str, **given: Any) -> dict[str, Any]:
    """Return the metric's arguments as ``--metric bartscore:MODEL,key=value`` makes them."""
    declared = {argument.name: argument for argument in METRIC.arguments}
    values = {name: argument.default for name, argument in declared.items()}
    written = {"model": str(model)} | {name: str(value) for name, value in given.items()}
    return values | {name: declared[name].parse(text) for name, text in written.items()}


def scored(model: Path | str, rows: Columns, context: Context, **given: Any) -> dict[str, Measure]:
    """Score columns with a metric of its own; return its measures by name."""
    metric = create(arguments(model, **given))
    found = {measure.name: measure for measure in metric(*rows, context)}
    metric.close()
    return found


def notes(context: Context) -> list[str]:
    """Return what was noted, counts included."""
    return [*context.notes, *(text for _, text in context.report.counted())]

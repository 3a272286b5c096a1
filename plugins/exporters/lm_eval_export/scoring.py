"""What exported tasks call while lm_eval runs: read rows, read labels, score.

It goes through the same labeler and the same metrics as ``imhi run --labeler strict``, so the two
cannot come apart. Plugins of one file are found through ``IMHI_PLUGINS``, as everywhere.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from imhi import Context, Example, HarnessError, Prediction, Response, load_plugins
from imhi.runs import MetricSpec

LABELER = "strict"
METRICS = ("weighted_f1", "accuracy", "unparsed")

# An example's part in a score: dataset, id, gold label, predicted label (None: unparsed).
Item = Sequence[Any]


class ExportedRow(TypedDict):
    """A row of ``data/DATASET.jsonl``: an example, and what is asked about it."""

    id: str
    dataset: str
    aspect: str
    prompt: str
    label: str


class _Nothing:
    """The source of a context whose labeler and metrics look at answers only."""

    def datasets(self) -> Sequence[str]:
        return ()

    def splits(self, dataset: str) -> Sequence[str]:
        return ()

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        return iter(())

    def checksum(self, dataset: str, split: str) -> str:
        return ""

    def describe(self) -> Mapping[str, object]:
        return {}


@functools.cache
def _context() -> Context:
    return Context(load_plugins().registry, _Nothing(), "test")


def rows(path: Path) -> dict[str, object]:
    """Return the examples as lm-eval takes them: one split, ``test``.

    They are kept in memory: reading them through the hub's loader would leave a copy of the posts
    in its cache folder.
    """
    import datasets

    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        found = [json.loads(line) for line in lines if line]
    except (OSError, ValueError) as error:
        raise HarnessError(
            f"{path}: {error}; expected a file of 'imhi export lm-eval': export again"
        ) from error
    return {"test": datasets.Dataset.from_list(found)}


def judged(doc: ExportedRow, answer: str) -> dict[str, Item]:
    """Return, under each metric's name, what the metric needs to know of one answer."""
    context = _context()
    response = Response(doc["id"], doc["dataset"], "", text=answer)
    dataset = context.dataset(doc["dataset"])
    (prediction,) = context.labeler(LABELER)(dataset, [doc["aspect"]], [response])
    item = [doc["dataset"], doc["id"], doc["label"], prediction.label]
    return dict.fromkeys(METRICS, item)


def score(metric: str, items: Sequence[Item]) -> float:
    """Return a metric over all examples of one dataset, on the scale of ``imhi run`` (0 to 100)."""
    context = _context()
    examples = [Example(id, dataset, "test", "", "", gold) for dataset, id, gold, _ in items]
    responses = [Response(id, dataset, "") for dataset, id, _, _ in items]
    predictions = [
        Prediction(id, dataset, label, "unparsed" if label is None else "labelled", LABELER)
        for dataset, id, _, label in items
    ]
    with MetricSpec.opened(MetricSpec.parse([metric], context.registry)) as ((_, scorer),):
        measures = list(scorer(examples, responses, predictions, context))
    return float(next(measure.value() for measure in measures if measure.name == metric))

"""Answers without a label: how many, which, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imhi import Example, Prediction, Response, finish_reasons
from imhi.io import sanitizing
from imhi.plugins.report.html.harmless import error_shown
from imhi.plugins.report.html.material import Material, Run

LISTED = 100  # of a run: the rest is counted
_SHOWN = 300  # characters of an answer
_IN_WORDS = {
    "": "no label found in the answer",
    "not stated": "the answer states no label",
    "another answer": "the answer given is none of the labels",
    "empty": "the answer is empty",
}


@dataclass(frozen=True)
class LossLine:
    """What became of a run's examples of one dataset; of the ``unparsed`` some have a label that is only
    ``inferred``, which does not count."""

    name: str
    dataset: str
    examples: int
    unparsed: int
    inferred: int
    failed: int
    not_asked: int
    contradictions: int


@dataclass(frozen=True)
class Lost:
    """An example without a label, and the reason. ``answer`` is empty unless posts are shown."""

    dataset: str
    id: str
    kind: str
    reason: str
    answer: str


@dataclass(frozen=True)
class RunLosses:
    """``listed`` are the first of ``total``; ``reasons`` counts all by why."""

    name: str
    total: int
    reasons: Sequence[tuple[str, int]]
    listed: Sequence[Lost]


def loss_lines(material: Material) -> list[LossLine]:
    """Return a line for each run and dataset: what has no label, or two."""
    lines = []
    for run in material.ordered():
        for dataset, columns in run.columns.items():
            failed = sum(
                _failed(run, *row)
                for row in zip(columns.examples, columns.predictions, strict=True)
            )
            status = Counter(prediction.status for prediction in columns.predictions)
            contradictions = sum(prediction.contradiction for prediction in columns.predictions)
            lines.append(
                LossLine(
                    run.name,
                    dataset,
                    len(columns.examples),
                    status["unparsed"],
                    sum(prediction.inferred is not None for prediction in columns.predictions),
                    failed,
                    status["failed"] - failed,
                    contradictions,
                )
            )
    return lines


def run_losses(material: Material) -> list[RunLosses]:
    """Return the runs that lost something."""
    found = []
    for run in material.ordered():
        reasons: Counter[str] = Counter()
        listed: list[Lost] = []
        for example, response, prediction in _lost(run):
            kind, reason = _why(run, example, prediction, response)
            reasons[reason if kind == "unparsed" else kind] += 1
            if len(listed) < LISTED:
                if kind == "failed":
                    reason = error_shown(_error(run, example, response), example.post)
                answer = sanitizing.one_line(response.text)[:_SHOWN] if material.with_posts else ""
                listed.append(Lost(example.dataset, example.id, kind, reason, answer))
        if reasons:
            found.append(RunLosses(run.name, reasons.total(), reasons.most_common(), listed))
    return found


def _lost(run: Run) -> Iterator[tuple[Example, Response, Prediction]]:
    for columns in run.columns.values():
        for row in zip(columns.examples, columns.responses, columns.predictions, strict=True):
            if row[2].label is None:
                yield row


def _error(run: Run, example: Example, response: Response) -> str:
    return run.failures[example.dataset].get(example.id) or response.error or "no answer"


def _failed(run: Run, example: Example, prediction: Prediction) -> bool:
    """Say whether an example has no answer though it was asked about."""
    return prediction.status == "failed" and example.id in run.failures[example.dataset]


def _why(run: Run, example: Example, prediction: Prediction, response: Response) -> tuple[str, str]:
    if prediction.status == "failed":
        if _failed(run, example, prediction):
            return "failed", "no answer"
        return "not asked", "not imported" if run.imported else "it was not asked"
    if response.finish_reason == finish_reasons.LENGTH and response.text.strip():
        return "unparsed", "the answer was cut off, no label before that"
    if not response.text.strip() and not prediction.why:
        return "unparsed", "the answer is empty"
    return "unparsed", _IN_WORDS.get(prediction.why, prediction.why)

"""Does the answer say one label and the row have another?

Two things are looked at: the label that the model's answer stated before its explanation, and a
label sentence inside the explanation (``Therefore, the poster does not suffer from stress``), read
by the labeler of the build (``strict`` by default: whole sentences and their plain variants, so that
what it finds is nearly always right; on the released test explanations it flags 0 to 0.8% of the
rows, and those that were looked at do contradict their label).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imhi import Context, Response
from imhi.build.checks.check_context import CheckContext
from imhi.build.checks.declarations import CheckSettings as Settings
from imhi.build.records import BuiltRow, Finding


def find(checks: CheckContext, settings: Settings) -> Iterator[Finding]:
    """Yield the rows whose stated or concluded label is not their own."""
    for name in checks.datasets:
        work = _Reading(checks.context().without_observers(), name, checks.config.explain.labeler)
        yield from checks.spread(work, checks.rows(name))


@dataclass
class _Reading:
    """Reads labels out of explanations; can be sent to other processes."""

    context: Context
    dataset: str
    labeler: str

    def __call__(self, rows: Sequence[BuiltRow]) -> Iterator[Finding]:
        read = self.context.labeler(self.labeler)
        responses = [Response(row.id, row.dataset, "", text=row.explanation) for row in rows]
        predictions = read(
            self.context.dataset(self.dataset), [row.aspect for row in rows], responses
        )
        for row, prediction in zip(rows, predictions, strict=True):
            if row.model_label is not None and row.model_label != row.label:
                answer = f"the answer states '{row.model_label}'"
            elif prediction.label is not None and prediction.label != row.label:
                answer = f"the explanation concludes '{prediction.label}'"
            else:
                continue
            yield Finding(
                "contradictions", row.dataset, row.id, f"{answer}, the label is '{row.label}'"
            )

"""Read single answers with a labeler."""

from __future__ import annotations

from imhi._core.context import Context
from imhi._core.records import Prediction, Response


def read(context: Context, labeler: str, dataset: str, text: str, aspect: str = "") -> Prediction:
    """Return what a labeler makes of one answer (to the first question, if no aspect is named)."""
    declared = context.dataset(dataset)
    question = declared.question(aspect) if aspect else declared.questions[0]
    response = Response("row", dataset, "", text=text)
    (prediction,) = context.labeler(labeler)(declared, [question.aspect], [response])
    return prediction

"""The labelers ``strict``, ``explanation`` and ``hybrid``: what of an answer becomes its label.

``strict`` takes explicit answers and label sentences. ``hybrid``, the default, takes them too, else what
the answer comes to in prose; each prediction says which decided (``strict``, ``stance``, ``named``). Where
the answer states nothing, what a classifier infers from it is kept beside, as ``inferred``: it is no
label. ``explanation`` takes what is inferred as the label, for those who want that.

Where an answer states a label and its explanation is clearly an argument for another one, the prediction
keeps the stated label and is marked as a contradiction.
"""

from __future__ import annotations

from collections.abc import Sequence

from imhi import Context, Dataset, Prediction, ReadLabels, Response
from imhi.plugins.labelers.reading.inferred import (
    LEAST_MARGIN,
    Classifiers,
    Inferred,
    argument,
)
from imhi.plugins.labelers.reading.stated import Stated, read, read_strictly
from imhi.plugins.labelers.reading.wordings import wordings

# Margin from which an explanation counts as clearly for another label than the stated one. On the
# official test answers as they are it flags 0.6 to 2.2% by dataset (docs/labelers.md).
CONTRADICTION_MARGIN = 0.7
# Why an answer has no label.
NOT_STATED = "not stated"
NO_LABEL = "another answer"
EMPTY = "empty"


def strict(context: Context) -> ReadLabels:
    """Make the labeler ``strict``."""

    def label(
        dataset: Dataset, aspects: Sequence[str], responses: Sequence[Response]
    ) -> list[Prediction]:
        words = {aspect: wordings(dataset, aspect) for aspect in set(aspects)}
        return [
            _prediction(response, read_strictly(response.text, words[aspect]))
            for aspect, response in zip(aspects, responses, strict=True)
        ]

    return label


def hybrid(context: Context) -> ReadLabels:
    """Make the labeler ``hybrid``; classifiers are fitted when they are first needed."""

    classifiers = Classifiers(context)

    def label(
        dataset: Dataset, aspects: Sequence[str], responses: Sequence[Response]
    ) -> list[Prediction]:
        words = {aspect: wordings(dataset, aspect) for aspect in set(aspects)}
        found = [
            read(response.text, words[aspect])
            for aspect, response in zip(aspects, responses, strict=True)
        ]
        argued = _argued(classifiers, dataset, aspects, responses, found)
        return [
            _prediction(response, stated, argued.get(index))
            for index, (response, stated) in enumerate(zip(responses, found, strict=True))
        ]

    return label


def explanation(context: Context) -> ReadLabels:
    """Make the labeler ``explanation``; classifiers are fitted when they are first needed."""

    classifiers = Classifiers(context)

    def label(
        dataset: Dataset, aspects: Sequence[str], responses: Sequence[Response]
    ) -> list[Prediction]:
        texts = [argument(response.text, dataset) for response in responses]
        read = classifiers.read(dataset, aspects, texts)
        return [_inferred(*pair) for pair in zip(responses, read, strict=True)]

    return label


def _argued(
    classifiers: Classifiers,
    dataset: Dataset,
    aspects: Sequence[str],
    responses: Sequence[Response],
    found: Sequence[Stated | None],
) -> dict[int, Inferred]:
    """Return, by index, what explanations argue for, of answers that state nothing or could
    contradict themselves."""
    asked = [
        index
        for index, (response, stated) in enumerate(zip(responses, found, strict=True))
        if (stated is None and response.text.strip())
        or (stated is not None and stated.by == "strict" and stated.argued)
    ]
    texts = [argument(responses[index].text, dataset) for index in asked]
    read = classifiers.read(dataset, [aspects[index] for index in asked], texts)
    return {i: argued for i, argued in zip(asked, read, strict=True) if argued is not None}


def _prediction(
    response: Response, stated: Stated | None, argued: Inferred | None = None
) -> Prediction:
    if stated is None or stated.label is None:
        sure = stated is None and argued is not None and argued.margin >= LEAST_MARGIN
        why = NO_LABEL if stated is not None else NOT_STATED if response.text.strip() else EMPTY
        return Prediction(
            response.id,
            response.dataset,
            status="unparsed",
            inferred=argued.label if argued and sure else None,
            confidence=argued.margin if argued and sure else None,
            why=why,
        )
    differs = argued is not None and argued.label != stated.label
    return Prediction(
        response.id,
        response.dataset,
        stated.label,
        decided_by=stated.by,
        contradiction=differs and argued is not None and argued.margin >= CONTRADICTION_MARGIN,
        explanation_label=argued.label if argued else None,
    )


def _inferred(response: Response, read: Inferred | None) -> Prediction:
    if read is None or read.margin < LEAST_MARGIN:
        why = NOT_STATED if response.text.strip() else EMPTY
        return Prediction(response.id, response.dataset, status="unparsed", why=why)
    return Prediction(
        response.id,
        response.dataset,
        read.label,
        decided_by="explanation",
        confidence=read.margin,
        explanation_label=read.label,
    )

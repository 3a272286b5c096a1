"""The labeler ``hybrid``, the default: strict, else stance or cue, else explanation.

Each prediction says which decided. ``stance`` reads answers to yes/no questions, ``cue`` causes
that are named in other words than the label's.

Empty answers and refusals stay unparsed: there is no label in them to read. Where the answer
states a label and its explanation is clearly an argument for another one, the prediction keeps the
stated label and is marked as a contradiction.
"""

from __future__ import annotations

from collections.abc import Sequence

from imhi import Context, Dataset, Prediction, ReadLabels, Response, answer_format
from imhi.plugins.labelers.reading import causes, sentences, stance
from imhi.plugins.labelers.reading.explanations import Readers, argument

# Margin from which an explanation counts as clearly for another label than the stated one. On the
# official test answers as they are it flags 0.3 to 1.7% by dataset (docs/labelers.md).
CONTRADICTION_MARGIN = 0.8

# Margin from which the explanation classifier is followed before the words of the named cause are
# looked at. It is rarely reached by texts in another style than it was trained on.
SURE_MARGIN = 0.4


def create(context: Context) -> ReadLabels:
    """Make the labeler; classifiers are fitted when they are first needed."""

    readers = Readers(context)

    def label(
        dataset: Dataset, aspects: Sequence[str], responses: Sequence[Response]
    ) -> list[Prediction]:
        arguments = [argument(response.text, dataset) for response in responses]
        read = readers.read(dataset, aspects, arguments)
        return [
            _decide(dataset, aspect, response, argued)
            for aspect, response, argued in zip(aspects, responses, read, strict=True)
        ]

    return label


def _decide(
    dataset: Dataset, aspect: str, response: Response, argued: tuple[str, float] | None
) -> Prediction:
    def decided(name: str, by: str, confidence: float | None = None) -> Prediction:
        return Prediction(
            response.id,
            response.dataset,
            name,
            decided_by=by,
            confidence=confidence,
            contradiction=_contradicts(name, by, response.text, argued),
            explanation_label=argued[0] if argued else None,
        )

    stated = sentences.read(response.text, dataset)
    if stated is not None:
        return decided(stated, "strict")
    unparsed = Prediction(response.id, response.dataset, status="unparsed")
    # An explanation after the marker is in the style the classifier was trained on.
    in_style = argued is not None and bool(answer_format.split_answer(response.text)[1])
    binary = stance.yes_and_no(dataset)
    if binary is not None and not in_style:
        # Imported answers may come without their question: then its terms are unknown.
        terms = next((q.terms for q in dataset.questions if q.aspect == aspect), ())
        taken = stance.stance(response.text, terms)
        if taken in {"yes", "no"}:
            return decided(binary[0] if taken == "yes" else binary[1], "stance")
        if taken == "refused":
            return unparsed
    elif binary is None:
        if causes.refuses(response.text):
            return unparsed
        if argued is None or argued[1] < SURE_MARGIN:
            named = causes.named(response.text, dataset)
            if named == causes.SEVERAL:
                return unparsed
            if named is not None:
                return decided(named, "cue")
    if argued is None:
        return unparsed
    return decided(argued[0], "explanation", round(argued[1], 4))


def _contradicts(name: str, by: str, text: str, argued: tuple[str, float] | None) -> bool:
    """Only an answer with both parts can contradict itself."""
    if by != "strict" or argued is None or not all(answer_format.split_answer(text)):
        return False
    return argued[0] != name and argued[1] >= CONTRADICTION_MARGIN

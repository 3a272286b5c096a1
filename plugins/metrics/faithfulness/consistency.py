"""The metric ``consistency``: does the explanation argue for the label that the answer states?

The label stated is what the labeler ``strict`` reads in the whole answer. The explanation is read
alone by the labeler ``explanation``, a classifier trained on the reference explanations, after
every sentence that states a label by itself has been cut out, so that a label cannot vouch for
itself. 100 where the two agree, 0 where not; the mean over the examples that could be compared.

An answer that states no label does not count (the details say how many). An explanation with
nothing left to argue scores 0. It cannot be better than the classifier, which knows the style of
the references: compare with what the references themselves reach (docs/metrics.md).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from imhi import Context, Dataset, Example, Prediction, ReadLabels, Response, answer_format

if TYPE_CHECKING:
    from imhi import Measure

MIN_WORDS = 4  # fewer argue for nothing; the labeler reads nothing into them either
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')*]*\s+|\n+")
# Where a sentence that states a label goes on to say why. A bare "as" has other uses.
_GROUNDS = re.compile(
    r"\b(?:because|since|due to|given that|based on|(?<!such )(?<!well )as (?:it|they|there|this|the|"
    r"evidenced|indicated|shown)\b).*",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    """Return the sentences and lines of a text, as far as punctuation tells."""
    return [part for part in _SENTENCE_END.split(text) if part.strip()]


def arguments_only(
    texts: Sequence[str], dataset: Dataset, aspects: Sequence[str], strict: ReadLabels
) -> list[str]:
    """Return texts without the sentences that state a label by themselves; of such a sentence the
    grounds it gives (*because ...*) stay."""
    numbered = [
        (index, sentence) for index, text in enumerate(texts) for sentence in sentences(text)
    ]
    stated = _states_label([(aspects[i], s) for i, s in numbered], dataset, strict)
    left: list[list[str]] = [[] for _ in texts]
    for (index, sentence), states in zip(numbered, stated, strict=True):
        if not states:
            left[index].append(sentence)
        elif grounds := _GROUNDS.search(sentence):
            left[index].append(grounds.group())
    return [" ".join(remaining) for remaining in left]


def _states_label(
    asked: Sequence[tuple[str, str]], dataset: Dataset, strict: ReadLabels
) -> list[bool]:
    responses = [Response("", dataset.name, "", text=text) for _, text in asked]
    read = strict(dataset, [aspect for aspect, _ in asked], responses)
    return [prediction.label is not None for prediction in read]


def by_chance(pairs: Sequence[tuple[str | None, str | None]]) -> float | None:
    """Return the agreement (0 to 100) expected were the explanations dealt out anew among the
    answers; None without pairs of stated and argued label."""
    n = len(pairs)
    stated, argued = (Counter(labels) for labels in zip(*pairs, strict=True)) if n else ({}, {})
    hits = sum(count * argued[label] for label, count in stated.items())
    return round(100 * hits / n**2, 4) if n else None


def consistency(
    examples: Sequence[Example],
    responses: Sequence[Response],
    predictions: Sequence[Prediction],
    context: Context,
) -> list[Measure]:
    """Return the measure; a note says where nothing could be compared."""
    from imhi import Measure

    if not examples:
        return []
    dataset = context.dataset(examples[0].dataset)
    aspects = [example.aspect for example in examples]
    strict = context.labeler("strict")
    stated = strict(dataset, aspects, responses)
    arguments = arguments_only(
        [answer_format.explanation_of(response.text) for response in responses],
        dataset,
        aspects,
        strict,
    )
    argued = context.labeler("explanation")(
        dataset,
        aspects,
        [
            replace(response, text=f"{answer_format.MARKER} {text}", label=None, probabilities=None)
            for response, text in zip(responses, arguments, strict=True)
        ],
    )
    values: list[float | None] = []
    counts = {"empty": 0, "nothing_argued": 0, "no_label_stated": 0, "not_read": 0}
    for response, label, text, reading in zip(responses, stated, arguments, argued, strict=True):
        value: float | None = None
        if not response.text.strip():
            counts["empty"] += 1
            value = 0.0
        elif label.label is None:
            counts["no_label_stated"] += 1
        elif len(text.split()) < MIN_WORDS:
            counts["nothing_argued"] += 1
            value = 0.0
        elif reading.label is None:
            counts["not_read"] += 1
        else:
            value = 100.0 * (reading.label == label.label)
        values.append(value)
    pairs = [
        (label.label, reading.label)
        for label, reading, value in zip(stated, argued, values, strict=True)
        if value is not None and label.label is not None and reading.label is not None
    ]
    if counts["not_read"] and not pairs:
        # Nothing could be compared: that some explanations are empty is no score of the others.
        values = [None] * len(values)
        context.note(
            f"{dataset.name}: consistency could not be measured: the labeler 'explanation' read no "
            "label out of the explanations (the source has no training explanations, or few and other "
            "ones)"
        )
    else:
        context.count(
            "consistency: answers that do not count, as 'strict' reads no label in them: {n}",
            counts["no_label_stated"],
        )
        context.count(
            "consistency: answers that do not count, as what they argue for is not clear: {n}",
            counts["not_read"],
        )
    agree = sum(stated_label == argued_label for stated_label, argued_label in pairs)
    details: dict[str, Any] = {
        "compared": len(pairs),
        "among_compared": round(100 * agree / len(pairs), 4) if pairs else None,
        "by_chance": by_chance(pairs),
        **counts,
    }
    return [Measure.mean("consistency", values, **details)]

"""The metric ``length``: words of the explanation.

Neither good nor bad, and the baseline of every other metric: judges and overlap metrics alike are
known to reward length, so one that says no more than length does says nothing. 0 for an empty one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imhi import Context, Example, Prediction, Response, answer_format
from imhi.plugins.metrics.faithfulness.words import words

if TYPE_CHECKING:
    from imhi import Measure


def length(
    examples: Sequence[Example],
    responses: Sequence[Response],
    predictions: Sequence[Prediction],
    context: Context,
) -> list[Measure]:
    """Return the mean number of words."""
    from imhi import Measure

    counts = [len(words(answer_format.explanation_of(response.text))) for response in responses]
    return [Measure.mean("length", counts, headline=False, scale=None, empty=counts.count(0))]

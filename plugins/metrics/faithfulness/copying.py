"""The metric ``overlap``: how much of the explanation is copied from the post?

Extractive fragments after Grusky, Naaman and Artzi 2018 (NEWSROOM, section 4.1,
https://aclanthology.org/N18-1065): walking through the explanation, take at each word the longest
run of words that the post has too. ``copied`` is the percentage of its words in runs of at least
five words, ``copy_coverage`` the percentage in runs of any length (their *coverage*),
``copy_density`` the mean length in words of the run a word belongs to (their *density*: sum of
squared run lengths over words; 0 to the number of words).

There is no better or worse: a short quotation supports a reading, an explanation that is all
quotation explains nothing. What references copy is the yardstick (``references`` in the details).
An empty explanation copies nothing of nothing: it has no value here, and is counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imhi import Context, Example, Prediction, Response, answer_format
from imhi.plugins.metrics.faithfulness.words import words

if TYPE_CHECKING:
    from imhi import Measure

COPIED = 5  # words in a row that nobody takes for chance


def fragments(text: Sequence[str], source: Sequence[str]) -> list[int]:
    """Return the lengths of the runs of words that a text shares with its source, greedily from
    the left, in order; words the source has not are in none."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(source):
        places.setdefault(word, []).append(place)
    runs = []
    start = 0
    while start < len(text):
        longest = 0
        for place in places.get(text[start], ()):
            # A run from here can only beat the longest if it also agrees at its end.
            limit = min(len(text) - start, len(source) - place)
            if limit <= longest or text[start + longest] != source[place + longest]:
                continue
            run = 1
            while run < limit and text[start + run] == source[place + run]:
                run += 1
            longest = max(longest, run)
        if longest:
            runs.append(longest)
        start += max(longest, 1)
    return runs


def _shares(explanation: str, post: Sequence[str]) -> tuple[float, float, float] | None:
    """Return percent copied, percent covered, density; None for a text without words."""
    text = words(explanation)
    if not text:
        return None
    runs = fragments(text, post)
    n = len(text)
    copied = 100 * sum(run for run in runs if run >= COPIED) / n
    return copied, 100 * sum(runs) / n, sum(run * run for run in runs) / n


def overlap(
    examples: Sequence[Example],
    responses: Sequence[Response],
    predictions: Sequence[Prediction],
    context: Context,
) -> list[Measure]:
    """Return ``copied`` and, beside the tables, ``copy_coverage`` and ``copy_density``."""
    from imhi import Measure

    posts = [words(example.post) for example in examples]
    answers = [
        _shares(answer_format.explanation_of(response.text), post)
        for response, post in zip(responses, posts, strict=True)
    ]
    references = [
        _shares(example.explanation, post) for example, post in zip(examples, posts, strict=True)
    ]
    empty = sum(shares is None for shares in answers)
    return [
        Measure.mean(
            name,
            [None if shares is None else shares[part] for shares in answers],
            headline=not part,
            scale=None if name == "copy_density" else (0.0, 100.0),
            empty=empty,
            references=_mean([shares[part] for shares in references if shares is not None]),
        )
        for part, name in enumerate(("copied", "copy_coverage", "copy_density"))
    ]


def _mean(values: Sequence[float]) -> float | None:
    return round(math.fsum(values) / len(values), 4) if values else None

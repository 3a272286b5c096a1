"""Explanation metrics by overlap with the reference: ROUGE, BLEU, chrF.

All compare the explanation in the answer (what follows ``Reasoning:``, else the whole answer) with
the reference explanation. Examples without a reference explanation do not count; an answer that is
missing or empty scores 0. ROUGE by ``rouge-score`` (with stemming), BLEU and chrF by ``sacrebleu``
with its default settings. Scale 0 to 100.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from imhi import (
    Context,
    Example,
    Metric,
    Prediction,
    Response,
    Score,
    answer_format,
    digest,
    hookimpl,
)

if TYPE_CHECKING:
    from imhi import Array, Measure

_ROUGE = ("rouge1", "rouge2", "rougeL")


def _cached_rows(
    name: str,
    identity: Mapping[str, object],
    examples: Sequence[Example],
    responses: Sequence[Response],
    context: Context,
    compute: Callable[[str, str], list[float]],
) -> Iterator[tuple[int, list[float]]]:
    """Yield index and ``compute(reference, hypothesis)`` of the examples that have a reference,
    computed once for each distinct pair."""
    cache = context.cache.open(name, identity)
    for index, (example, response) in enumerate(zip(examples, responses, strict=True)):
        if not example.explanation.strip():
            continue
        reference, hypothesis = example.explanation, answer_format.explanation_of(response.text)
        key = digest([reference, hypothesis])
        if key not in cache:
            cache.put(key, compute(reference, hypothesis))
        yield index, cache.get(key) or []


def rouge(
    examples: Sequence[Example],
    responses: Sequence[Response],
    predictions: Sequence[Prediction],
    context: Context,
) -> list[Measure]:
    """ROUGE-1, -2 and -L F-measure (Lin 2004), mean over examples."""
    from nltk.stem.porter import PorterStemmer
    from rouge_score import tokenize
    from rouge_score.rouge_scorer import RougeScorer

    from imhi import Measure

    class Stemmer:
        """rouge-score's own stemmer; a word is stemmed once: that is most of the work."""

        stem = staticmethod(functools.cache(PorterStemmer().stem))

    class Tokenizer:
        def tokenize(self, text: str) -> list[str]:
            return list(tokenize.tokenize(text, Stemmer))

    scorer = RougeScorer(list(_ROUGE), tokenizer=Tokenizer())

    def compute(reference: str, hypothesis: str) -> list[float]:
        scores = scorer.score(reference, hypothesis)
        return [100 * scores[kind].fmeasure for kind in _ROUGE]

    identity = {"kinds": _ROUGE, "stemmer": "porter", "version": version("rouge-score")}
    columns: dict[str, list[float | None]] = {kind: [None] * len(examples) for kind in _ROUGE}
    for index, row in _cached_rows("rouge", identity, examples, responses, context, compute):
        for kind, value in zip(_ROUGE, row, strict=True):
            columns[kind][index] = value
    return [Measure.mean(kind, columns[kind]) for kind in _ROUGE]


def _bleu() -> tuple[Any, Any]:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(), BLEU(effective_order=True)


def _chrf() -> tuple[Any, Any]:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF(), CHRF()


def corpus_score(name: str, make: Callable[[], tuple[Any, Any]]) -> Score:
    """Return the ``score`` of a metric of sacrebleu, summed from its own sufficient statistics.

    Args:
        make: gives the metric over a corpus, and the one over a single text.
    """

    def score(
        examples: Sequence[Example],
        responses: Sequence[Response],
        predictions: Sequence[Prediction],
        context: Context,
    ) -> list[Measure]:
        import numpy as np

        from imhi import Measure

        corpus, sentence = make()

        def compute(reference: str, hypothesis: str) -> list[float]:
            (row,) = corpus._extract_corpus_statistics([hypothesis], [[reference]])
            # The statistics are sums, so those of one pair also make the score of that pair.
            return [sentence._compute_score_from_stats(row).score, *row]

        corpus.corpus_score(["a text"], [["a text"]])  # it has no signature before its first score
        identity = {"signature": str(corpus.get_signature())}
        rows = dict(_cached_rows(name, identity, examples, responses, context, compute))
        width = max([1, *(len(row) - 1 for row in rows.values())])
        statistics = np.zeros((len(examples), width))
        alone = np.full(len(examples), np.nan)
        for index, row in rows.items():
            alone[index], statistics[index] = row[0], row[1:]

        def value_of(sums: Array) -> Array:
            scores = [
                corpus._compute_score_from_stats([int(v) for v in row]).score
                if row.any()
                else float("nan")
                for row in sums.reshape(-1, width)
            ]
            return np.array(scores).reshape(sums.shape[:-1])

        return [Measure(name, statistics, value_of, alone, identity)]

    return score


@hookimpl
def imhi_metrics() -> Iterator[Metric]:
    group = "explanations"
    yield Metric("rouge", "ROUGE-1, -2, -L F-measure with stemming", rouge, group)
    # Corpus BLEU with, per example, the smoothed sentence BLEU; chrF2 of character 6-grams.
    yield Metric("bleu", "Corpus BLEU (sacrebleu)", corpus_score("bleu", _bleu), group)
    yield Metric("chrf", "Corpus chrF2 (sacrebleu)", corpus_score("chrf", _chrf), group)

"""Explanation metrics by overlap with the reference: ROUGE, BLEU, chrF.

All compare the explanation in the answer (what follows ``Reasoning:``, else the whole answer) with
the reference explanation. Examples without a reference explanation do not count; an answer that is
missing or empty scores 0. ROUGE by ``rouge-score`` (with stemming), BLEU and chrF by ``sacrebleu``
with its default settings. Scale 0 to 100.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.answers import explanation_of
from harness.context import Context
from harness.declarations import Metric
from harness.hookspecs import hookimpl
from harness.records import Example, Prediction, Response

if TYPE_CHECKING:
    from harness.statistics import Array, Measure


def _pairs(
    examples: Sequence[Example], responses: Sequence[Response]
) -> Iterator[tuple[int, str, str]]:
    """Yield index, reference and hypothesis of the examples that have a reference."""
    for index, (example, response) in enumerate(zip(examples, responses, strict=True)):
        if example.explanation.strip():
            yield index, example.explanation, explanation_of(response.text)


def rouge(
    examples: Sequence[Example],
    responses: Sequence[Response],
    predictions: Sequence[Prediction],
    context: Context,
) -> list[Measure]:
    """ROUGE-1, -2 and -L F-measure (Lin 2004), mean over examples."""
    from rouge_score.rouge_scorer import RougeScorer

    from harness.statistics import mean_measure

    kinds = ("rouge1", "rouge2", "rougeL")
    scorer = RougeScorer(list(kinds), use_stemmer=True)
    columns: dict[str, list[float | None]] = {kind: [None] * len(examples) for kind in kinds}
    for index, reference, hypothesis in _pairs(examples, responses):
        scores = scorer.score(reference, hypothesis)
        for kind in kinds:
            columns[kind][index] = 100 * scores[kind].fmeasure
    return [mean_measure(kind, columns[kind]) for kind in kinds]


def bleu(
    examples: Sequence[Example],
    responses: Sequence[Response],
    predictions: Sequence[Prediction],
    context: Context,
) -> list[Measure]:
    """Corpus BLEU; per example the smoothed sentence BLEU."""
    from sacrebleu.metrics.bleu import BLEU

    corpus, sentence = BLEU(), BLEU(effective_order=True)
    return [_sacrebleu("bleu", corpus, sentence, examples, responses)]


def chrf(
    examples: Sequence[Example],
    responses: Sequence[Response],
    predictions: Sequence[Prediction],
    context: Context,
) -> list[Measure]:
    """Corpus chrF (chrF2, character 6-grams)."""
    from sacrebleu.metrics.chrf import CHRF

    return [_sacrebleu("chrf", CHRF(), CHRF(), examples, responses)]


def _sacrebleu(
    name: str,
    corpus: object,
    sentence: object,
    examples: Sequence[Example],
    responses: Sequence[Response],
) -> Measure:
    """Return a corpus metric of sacrebleu as a measure: its own sufficient statistics, summed."""
    import numpy as np

    from harness.statistics import Measure

    pairs = list(_pairs(examples, responses))
    rows = corpus._extract_corpus_statistics(  # type: ignore[attr-defined]
        [hypothesis for _, _, hypothesis in pairs], [[reference for _, reference, _ in pairs]]
    )
    width = len(rows[0]) if rows else 1
    statistics = np.zeros((len(examples), width))
    alone = np.full(len(examples), np.nan)
    for (index, reference, hypothesis), row in zip(pairs, rows, strict=True):
        statistics[index] = row
        alone[index] = sentence.sentence_score(hypothesis, [reference]).score  # type: ignore[attr-defined]

    def value_of(sums: Array) -> Array:
        flat = sums.reshape(-1, width)
        scores = [
            corpus._compute_score_from_stats([int(v) for v in row]).score  # type: ignore[attr-defined]
            if row.any()
            else float("nan")
            for row in flat
        ]
        return np.array(scores).reshape(sums.shape[:-1])

    signature = str(corpus.get_signature())  # type: ignore[attr-defined]
    return Measure(name, statistics, value_of, alone, {"signature": signature})


@hookimpl
def imhi_metrics() -> Iterator[Metric]:
    group = "explanations"
    yield Metric("rouge", "ROUGE-1, -2, -L F-measure with stemming", rouge, group)
    yield Metric("bleu", "Corpus BLEU (sacrebleu)", bleu, group)
    yield Metric("chrf", "Corpus chrF2 (sacrebleu)", chrf, group)

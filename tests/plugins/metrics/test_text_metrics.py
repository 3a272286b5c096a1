"""ROUGE, BLEU and chrF are those of rouge-score and sacrebleu, summed instead of recomputed."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sacrebleu
from rouge_score.rouge_scorer import RougeScorer

from imhi._core.context import Context
from imhi._core.statistics import interval_of
from tests.plugins.metrics.columns import demo_context, measures, text_columns

REFERENCES = [
    "The poster writes of sleepless nights and says that nothing is worth doing any more.",
    "The poster looks forward to the weekend, which speaks against a low mood.",
    "Words such as empty and worthless point to depression; the poster also avoids friends.",
    "A question about a recipe. No sign of a low mood anywhere in the text.",
]
ANSWERS = [
    "Yes, the poster suffers from depression. Reasoning: The poster has sleepless nights and "
    "thinks nothing is worth doing.",
    "No. Reasoning: The poster looks forward to the weekend.",
    "Words such as empty and worthless point to a depression of the poster.",
    "No, the poster does not suffer from depression. Reasoning: It is a recipe, no low mood.",
]
HYPOTHESES = [answer.split("Reasoning: ")[-1] for answer in ANSWERS]
CORPUS = ("bleu", "chrf")
ALL = ("rouge1", "rouge2", "rougeL", "bleu", "chrf")


@pytest.fixture(scope="module")
def context() -> Context:
    return demo_context()


def scored(context: Context, references: list[str], answers: list[str]) -> dict[str, float]:
    found = {}
    for metric in ("rouge", *CORPUS):
        for name, measure in measures(metric, context, text_columns(references, answers)).items():
            found[name] = measure.value()
    return found


def test_rouge_is_the_mean_of_rouge_score(context: Context) -> None:
    found = scored(context, REFERENCES, ANSWERS)
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    each = [scorer.score(r, h) for r, h in zip(REFERENCES, HYPOTHESES, strict=True)]
    for kind in ("rouge1", "rouge2", "rougeL"):
        expected = 100 * np.mean([scores[kind].fmeasure for scores in each])
        assert found[kind] == pytest.approx(expected)


def test_bleu_and_chrf_are_sacrebleu_s_corpus_scores(context: Context) -> None:
    found = scored(context, REFERENCES, ANSWERS)
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(HYPOTHESES, [REFERENCES]).score)
    assert found["chrf"] == pytest.approx(sacrebleu.corpus_chrf(HYPOTHESES, [REFERENCES]).score)


@pytest.mark.parametrize("metric", CORPUS)
def test_a_resample_has_the_corpus_score_of_its_rows(context: Context, metric: str) -> None:
    """The sum of the statistics of rows 0, 0 and 2 scores as the corpus of rows 0, 0 and 2."""
    measure = measures(metric, context, text_columns(REFERENCES, ANSWERS))[metric]
    chosen = [0, 0, 2]
    score = sacrebleu.corpus_bleu if metric == "bleu" else sacrebleu.corpus_chrf
    expected = score([HYPOTHESES[i] for i in chosen], [[REFERENCES[i] for i in chosen]]).score
    stack = np.stack([measure.statistics[chosen].sum(axis=0), measure.statistics.sum(axis=0)])
    assert measure.value_of(stack) == pytest.approx([expected, measure.value()])


@pytest.mark.parametrize("metric", CORPUS)
def test_each_example_has_the_sentence_score(context: Context, metric: str) -> None:
    measure = measures(metric, context, text_columns(REFERENCES, ANSWERS))[metric]
    score = sacrebleu.sentence_bleu if metric == "bleu" else sacrebleu.sentence_chrf
    expected = [score(h, [r]).score for h, r in zip(HYPOTHESES, REFERENCES, strict=True)]
    assert measure.per_example == pytest.approx(expected)


def test_the_reference_itself_is_best_and_no_answer_worst(context: Context) -> None:
    copied = scored(context, REFERENCES, [f"Yes. Reasoning: {text}" for text in REFERENCES])
    real = scored(context, REFERENCES, ANSWERS)
    empty = scored(context, REFERENCES, [""] * len(REFERENCES))
    for name in ALL:
        assert copied[name] == pytest.approx(100)
        assert empty[name] == 0
        assert 0 < real[name] < 100


def test_one_empty_answer_lowers_every_score(context: Context) -> None:
    real = scored(context, REFERENCES, ANSWERS)
    with_gap = scored(context, REFERENCES, [*ANSWERS[:3], ""])
    assert all(with_gap[name] < real[name] for name in ALL)


def test_the_order_of_rows_does_not_matter(context: Context) -> None:
    assert scored(context, REFERENCES[::-1], ANSWERS[::-1]) == pytest.approx(
        scored(context, REFERENCES, ANSWERS)
    )


def test_examples_without_reference_do_not_count(context: Context) -> None:
    more = scored(context, [*REFERENCES, " "], [*ANSWERS, "an answer to nothing"])
    assert more == pytest.approx(scored(context, REFERENCES, ANSWERS))


def test_without_any_reference_there_is_no_value(context: Context) -> None:
    found = scored(context, ["", " "], ["an answer", "another"])
    assert all(math.isnan(value) for value in found.values())
    for metric in ("rouge", *CORPUS):
        for measure in measures(metric, context, text_columns(["", ""], ["a", "b"])).values():
            assert not interval_of(measure, ["1", "2"]).known


def test_the_signature_says_how_it_was_computed(context: Context) -> None:
    for metric in CORPUS:
        measure = measures(metric, context, text_columns(REFERENCES, ANSWERS))[metric]
        assert "version:" in measure.details["signature"]

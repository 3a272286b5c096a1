"""With a BART that has learnt to read, BARTScore tells whose explanation it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imhi._core.answer_format import explanation_of
from imhi._core.records import Response
from tests.plugins.metrics.columns import demo_context
from tests.plugins.metrics.neural.bartscore_columns import Columns, real_columns, scored

pytestmark = pytest.mark.slow

EACH = 40
MEASURES = ("bartscore", "bartscore_precision", "bartscore_f", "bartscore_faithfulness")


@pytest.fixture(scope="session")
def rows(imhi: Path, model_outputs: Path) -> Columns:
    """Real answers: 40 to each of three datasets that ask one question about a post."""
    return real_columns(imhi, model_outputs, EACH, parts=("DR", "dreaddit", "SAD"))


def answered(rows: Columns, texts: list[str]) -> Columns:
    examples, responses, predictions = rows
    return (
        examples,
        [Response(r.id, r.dataset, "", text=t) for r, t in zip(responses, texts, strict=True)],
        predictions,
    )


def test_explanations_of_other_posts_score_clearly_worse(trained_bart: Path, rows: Columns) -> None:
    texts = [response.text for response in rows[1]]
    # The explanation of the next post of the same dataset.
    other = [n // EACH * EACH + (n + 1) % EACH for n in range(len(texts))]
    own = scored(trained_bart, rows, demo_context())
    shuffled = scored(trained_bart, answered(rows, [texts[n] for n in other]), demo_context())
    for name in MEASURES:
        # Each explanation with its own post against the same explanation with another's: how
        # likely a text is in itself then plays no part.
        if name == "bartscore":
            difference = own[name].per_example - shuffled[name].per_example
        else:
            difference = own[name].per_example[other] - shuffled[name].per_example
        assert len(difference) == 120
        error = difference.std(ddof=1) / np.sqrt(len(difference))
        assert difference.mean() > 4 * error, name
        assert own[name].value() > shuffled[name].value() + 0.02, name


def test_the_reference_itself_scores_best_and_no_text_worst(
    trained_bart: Path, rows: Columns
) -> None:
    examples, responses, _ = rows
    found = scored(trained_bart, rows, demo_context())
    same = scored(trained_bart, answered(rows, [e.explanation for e in examples]), demo_context())
    empty = scored(trained_bart, answered(rows, [""] * len(responses)), demo_context())
    different = [
        explanation_of(response.text) != example.explanation
        for example, response in zip(examples, responses, strict=True)
    ]
    better = same["bartscore"].per_example > found["bartscore"].per_example
    assert better[different].mean() > 0.95
    for name in ("bartscore", "bartscore_precision", "bartscore_f"):
        assert same[name].value() > found[name].value()
    for name in MEASURES:
        assert (empty[name].per_example < found[name].per_example).all()

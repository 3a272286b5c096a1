"""Explanation metrics that need a model of their own (extra ``hf``): BERTScore, BARTScore and the
similarity of sentence embeddings. Declarations only; models are loaded when they are first needed.
"""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Metric, hookimpl
from imhi.plugins.metrics.neural import bartscore, bertscore, similarity


@hookimpl
def imhi_metrics() -> Iterator[Metric]:
    yield bertscore.METRIC
    yield bartscore.METRIC
    yield similarity.METRIC

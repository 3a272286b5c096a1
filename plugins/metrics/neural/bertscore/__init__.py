"""BERTScore (Zhang et al., ICLR 2020, arXiv 1904.09675) by the conventions of ``bert-score``.

Equal to ``bert_score.score`` (the tests hold it to 1e-4) with less work: each distinct text is
encoded once, texts of like length share a batch, and embeddings of references are kept for the
models that are scored after the first. This module only declares: torch, transformers and
bert_score are imported when the metric is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imhi import Argument, Metric
from imhi.plugins.metrics.neural.bertscore.arguments import BertScoreArguments

if TYPE_CHECKING:
    from imhi.plugins.metrics.neural.bertscore.metric import BertScore

METRIC = Metric(
    "bertscore",
    "BERTScore: tokens matched by cosine of contextual embeddings, with the reference",
    group="neural",
    create="imhi.plugins.metrics.neural.bertscore:create",
    arguments=Argument.all_of(BertScoreArguments),
)


def create(arguments: Mapping[str, Any]) -> BertScore:
    """Check model, layer and baseline, and return the metric; weights are loaded when needed.

    Raises:
        HarnessError: bert-score is not installed, or an argument names nothing that can be used.
    """
    from imhi.plugins.metrics.neural.bertscore.metric import BertScore

    return BertScore(BertScoreArguments(**arguments))

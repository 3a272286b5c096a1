"""BARTScore (Yuan, Neubig and Liu 2021, arXiv 2106.11520): how likely a BART model finds a text
given another one. What it takes is declared here; nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imhi import Argument, Metric
from imhi.plugins.metrics.neural.bartscore.arguments import BartScoreArguments

if TYPE_CHECKING:
    from imhi.plugins.metrics.neural.bartscore.metric import BartScore

METRIC = Metric(
    "bartscore",
    "BARTScore: mean token log-probability under a BART model, in several directions",
    group="neural",
    create="imhi.plugins.metrics.neural.bartscore:create",
    arguments=Argument.all_of(BartScoreArguments),
)


def create(arguments: Mapping[str, Any]) -> BartScore:
    """Return the metric at work; the model is loaded when something has to be computed.

    Raises:
        HarnessError: no such model, state file or device, or not a BART model.
    """
    from imhi.plugins.metrics.neural.bartscore.metric import BartScore

    return BartScore(BartScoreArguments(**arguments))

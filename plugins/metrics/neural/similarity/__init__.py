"""The metric ``similarity``: cosine of the sentence embeddings of explanation and reference.

Embeddings by ``sentence-transformers`` (Reimers and Gurevych 2019, https://aclanthology.org/D19-1410).
Scale 0 to 100: 100 times the cosine. Cosines below 0 say no less than 0 does, "nothing in common";
they count as 0, so that an empty explanation, which is 0 by definition, is never better than one
with text. Each distinct text is encoded once, and each pair is kept in the run folder.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imhi import Argument, HarnessError, Metric, how_to_install
from imhi.plugins.metrics.neural.similarity.arguments import SimilarityArguments

if TYPE_CHECKING:
    from imhi.plugins.metrics.neural.similarity.metric import Similarity

METRIC = Metric(
    "similarity",
    "Cosine of the sentence embeddings of explanation and reference",
    group="neural",
    create="imhi.plugins.metrics.neural.similarity:create",
    arguments=Argument.all_of(SimilarityArguments),
)


def create(arguments: Mapping[str, Any]) -> Similarity:
    """Return the metric; the model is found and checked now, and loaded when it is first needed.

    Raises:
        HarnessError: the package is missing, or the model is not there or of the wrong kind.
    """
    if importlib.util.find_spec("sentence_transformers") is None:
        raise HarnessError(
            "metric similarity needs the package 'sentence-transformers', which is not installed: "
            f"{how_to_install('hf')}"
        )
    from imhi.plugins.metrics.neural.similarity.metric import Similarity

    return Similarity(SimilarityArguments(**arguments))

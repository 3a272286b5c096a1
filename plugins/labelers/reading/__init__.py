"""The labelers that read answers: ``strict``, ``explanation`` and ``hybrid``.

* :mod:`~imhi.plugins.labelers.reading.sentences` (``strict``): label sentences and their variants.
* :mod:`~imhi.plugins.labelers.reading.stance`: what an answer without them comes down to, by its words
  for the condition asked about, denials and refusals.
* :mod:`~imhi.plugins.labelers.reading.explanations` (``explanation``): a small classifier of
  explanations.
* :mod:`~imhi.plugins.labelers.reading.hybrid` (``hybrid``): the three in turn.
"""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Labeler, hookimpl

_HERE = "imhi.plugins.labelers.reading"


@hookimpl
def imhi_labelers() -> Iterator[Labeler]:
    yield Labeler(
        "strict",
        "The dataset's label sentences and their plain variants, as whole words",
        f"{_HERE}.sentences:create",
    )
    yield Labeler(
        "explanation",
        "What the explanation argues for: TF-IDF classifier trained on reference explanations",
        f"{_HERE}.explanations:create",
    )
    yield Labeler(
        "hybrid",
        "strict; else what the answer comes down to; else explanation; says which decided (default)",
        f"{_HERE}.hybrid:create",
    )

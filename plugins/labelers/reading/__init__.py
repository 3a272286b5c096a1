"""The labelers that read answers: ``strict``, ``explanation`` and ``hybrid``.

* :mod:`~imhi.plugins.labelers.reading.stated`: the label an answer states, in its parts:
  :mod:`~imhi.plugins.labelers.reading.options` (lists of options),
  :mod:`~imhi.plugins.labelers.reading.explicit` (``Answer: X``),
  :mod:`~imhi.plugins.labelers.reading.statements` (label sentences),
  :mod:`~imhi.plugins.labelers.reading.stance` and :mod:`~imhi.plugins.labelers.reading.named` (prose).
* :mod:`~imhi.plugins.labelers.reading.inferred`: what a classifier of explanations infers.
* :mod:`~imhi.plugins.labelers.reading.labelers`: the three labelers.
"""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Labeler, hookimpl

_HERE = "imhi.plugins.labelers.reading.labelers"


@hookimpl
def imhi_labelers() -> Iterator[Labeler]:
    yield Labeler(
        "strict",
        "An explicit answer or a label sentence, as whole words",
        f"{_HERE}:strict",
        version="2",
    )
    yield Labeler(
        "explanation",
        "What the explanation argues for: TF-IDF classifier trained on reference explanations",
        f"{_HERE}:explanation",
        version="2",
    )
    yield Labeler(
        "hybrid",
        "The label an answer states, in whatever words; what is only inferred stands beside (default)",
        f"{_HERE}:hybrid",
        version="2",
    )

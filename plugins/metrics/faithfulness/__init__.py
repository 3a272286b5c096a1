"""Explanation metrics that need neither a reference nor a model: is the explanation true to the
post and to its own label, and is it more than a form letter?

All of them read the explanation in the answer (:func:`imhi.explanation_of`) and are
computed from counts of words, so a whole run takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Argument, Metric, hookimpl

_HERE = "imhi.plugins.metrics.faithfulness"


@hookimpl
def imhi_metrics() -> Iterator[Metric]:
    group = "explanations"
    yield Metric(
        "consistency",
        "Does the explanation argue for the label that the answer states?",
        f"{_HERE}.consistency:consistency",
        group,
        version="2",
    )
    yield Metric(
        "grounding",
        "Does what the explanation names and quotes stand in the post?",
        group=group,
        create=f"{_HERE}.grounding:create",
        arguments=(
            Argument(
                "evidence",
                "folder of the raw IRF files, with people's evidence spans: adds evidence_recall "
                "and evidence_precision",
            ),
        ),
    )
    yield Metric(
        "overlap",
        "How much of the explanation is copied from the post (neither good nor bad)",
        f"{_HERE}.copying:overlap",
        group,
        higher_is_better=None,
    )
    yield Metric(
        "diversity",
        "Distinct explanations per hundred: is it one of a handful of boilerplate texts?",
        f"{_HERE}.boilerplate:diversity",
        group,
    )
    yield Metric(
        "length",
        "Words of the explanation: the baseline every other metric must beat",
        f"{_HERE}.length:length",
        group,
        higher_is_better=None,
    )

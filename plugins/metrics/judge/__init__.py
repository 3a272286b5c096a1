"""The metric ``judge``: language models mark explanations by a rubric, 0 to 3.

Any model of the harness can be a judge (``--judge MODEL``, several times for a panel). It sees the
post, the question and the answer, one answer at a time, and gives marks for consistency,
reliability, professionality and overall, the criteria of the human evaluation in the MentaLLaMA
paper (arXiv 2309.13567). Every answer of a judge is kept as it comes: nothing is paid for twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Argument, Metric, hookimpl
from imhi.plugins.metrics.judge.arguments import JudgeArguments


@hookimpl
def imhi_metrics() -> Iterator[Metric]:
    yield Metric(
        "judge",
        "Models (--judge) mark explanations 0 to 3: consistency, reliability, professionality, overall",
        group="judges",
        create="imhi.plugins.metrics.judge.scoring:create",
        estimate="imhi.plugins.metrics.judge.scoring:estimate",
        arguments=Argument.all_of(JudgeArguments),
    )

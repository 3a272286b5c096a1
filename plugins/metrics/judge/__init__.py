"""The metric ``judge``: language models mark explanations by a rubric, 0 to 3.

Any model of the harness can be a judge (``--judge MODEL``, several times for a panel). It sees the
post, the question and the answer, one answer at a time, and gives marks for consistency,
reliability, professionality and overall, the criteria of the human evaluation in the MentaLLaMA
paper (arXiv 2309.13567). Every answer of a judge is kept as it comes: nothing is paid for twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from imhi import Argument, Metric, hookimpl, parse_count, parse_flag


def parse_temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < math.inf:
        raise ValueError("expected a number, 0 or more")
    return value


def parse_shown(text: str) -> str:
    if text not in ("answer", "explanation"):
        raise ValueError("expected answer or explanation")
    return text


_ARGUMENTS = (
    Argument("repeats", "times each judge is asked about each answer", 1, parse_count),
    Argument("temperature", "how judges sample; above 0 for repeats", 0.0, parse_temperature),
    Argument("reference", "true: show judges the reference explanation too", False, parse_flag),
    Argument("shown", "what judges see: the whole answer, or its explanation alone", "answer",
             parse_shown),
    Argument("rubric", "a YAML file instead of the rubric that is shipped", None),
    Argument("max_new_tokens", "longest answer of a judge, in tokens", 300, parse_count),
    Argument("structured", "false: do not ask the server to hold answers to a JSON schema", True,
             parse_flag),
)  # fmt: skip


@hookimpl
def imhi_metrics() -> Iterator[Metric]:
    yield Metric(
        "judge",
        "Models (--judge) mark explanations 0 to 3: consistency, reliability, professionality, overall",
        group="judges",
        create="imhi.plugins.metrics.judge.scoring:create",
        estimate="imhi.plugins.metrics.judge.scoring:estimate",
        arguments=_ARGUMENTS,
    )

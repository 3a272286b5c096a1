"""What ``judge`` takes, and how it is read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from imhi import argument, parse_choice, parse_count, parse_flag


def parse_temperature(text: str) -> float:
    """Parse a number, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < math.inf:
        raise ValueError("expected a number, 0 or more")
    return value


@dataclass(frozen=True)
class JudgeArguments:
    """The arguments of the metric."""

    repeats: int = argument(1, "times each judge is asked about each answer", parse_count)
    temperature: float = argument(0.0, "how judges sample; above 0 for repeats", parse_temperature)
    reference: bool = argument(False, "true: show judges the reference explanation too", parse_flag)
    shown: str = argument(
        "answer",
        "what judges see: the whole answer, or its explanation alone",
        parse_choice("answer", "explanation"),
    )
    rubric: str | None = argument(None, "a YAML file instead of the rubric that is shipped")
    max_new_tokens: int = argument(300, "longest answer of a judge, in tokens", parse_count)
    structured: bool = argument(
        True, "false: do not ask the server to hold answers to a JSON schema", parse_flag
    )

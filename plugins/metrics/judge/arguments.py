"""What ``judge`` takes, and how it is read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from imhi import Argument


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

    repeats: int = Argument.field(1, "times each judge is asked about each answer", Argument.count)
    temperature: float = Argument.field(
        0.0, "how judges sample; above 0 for repeats", parse_temperature
    )
    reference: bool = Argument.field(
        False, "true: show judges the reference explanation too", Argument.flag
    )
    shown: str = Argument.field(
        "answer",
        "what judges see: the whole answer, or its explanation alone",
        Argument.choice("answer", "explanation"),
    )
    rubric: str | None = Argument.field(None, "a YAML file instead of the rubric that is shipped")
    max_new_tokens: int = Argument.field(
        300, "longest answer of a judge, in tokens", Argument.count
    )
    structured: bool = Argument.field(
        True, "false: do not ask the server to hold answers to a JSON schema", Argument.flag
    )

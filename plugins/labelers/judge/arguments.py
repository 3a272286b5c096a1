"""``judge:MODEL,key=value,...``: the model it asks, and the two arguments of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imhi import Argument, HarnessError, ModelSpec, Registry

LONGEST_VERDICT = 512  # tokens


@dataclass(frozen=True)
class JudgeArguments:
    """How the judge is asked. All other arguments are the model's."""

    max_new_tokens: int = Argument.field(
        LONGEST_VERDICT,
        "longest verdict, in tokens; more for a model that thinks first",
        Argument.count,
    )
    structured: bool = Argument.field(
        True, "false: do not ask the server to hold verdicts to a JSON schema", Argument.flag
    )


def parse(argument: str, registry: Registry) -> tuple[ModelSpec, JudgeArguments]:
    """Take the labeler's argument apart; commas and colons inside a value (URLs) are its own.

    Raises:
        HarnessError: no such model, or an argument that cannot be read.
    """
    head, *pairs = Argument.split(argument)
    own = {one.name: one for one in Argument.all_of(JudgeArguments)}
    values: dict[str, Any] = {}
    for pair in [pair for pair in pairs if pair.partition("=")[0] in own]:
        pairs.remove(pair)
        name, _, value = pair.partition("=")
        try:
            values[name] = own[name].parse(value)
        except ValueError as error:
            raise HarnessError(
                f"labeler 'judge:{argument}': argument {name}: found '{value}', {error} "
                f"({own[name].summary})"
            ) from None
    return ModelSpec.parse(",".join([head, *pairs]), registry), JudgeArguments(**values)


def model_of(argument: str, registry: Registry) -> ModelSpec:
    """Return the model that is asked; see :class:`imhi.Labeler`."""
    return parse(argument, registry)[0]

"""Arguments of a model family or metric, declared once as the fields of a frozen dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from imhi._core.declarations import Argument


def argument(
    default: Any,
    summary: str,
    parse: Callable[[str], Any] = str,
    *,
    changes_answers: bool = True,
) -> Any:
    """Declare an argument as a dataclass field; what each part means stands at :class:`Argument`."""
    declared = {"summary": summary, "parse": parse, "changes_answers": changes_answers}
    return dataclasses.field(default=default, metadata=declared)


def arguments_of(record: type[Any]) -> tuple[Argument, ...]:
    """Return the arguments that a dataclass declares with :func:`argument`, in its order.

    A factory gets them as a mapping with a value for each: ``record(**values)``.
    """
    return tuple(
        Argument(field.name, default=field.default, **field.metadata)
        for field in dataclasses.fields(record)
    )


def parse_choice(*allowed: str) -> Callable[[str], str]:
    """Return a parser that takes one of some words; for :attr:`Argument.parse`."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"expected {' or '.join(allowed)}")
        return text

    return parse

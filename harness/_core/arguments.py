"""``NAME:VALUE,key=value,...``: how models and metrics are written, taken apart and checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from imhi._core.declarations import Argument
from imhi._core.errors import HarnessError, UnknownName

_COMMA = re.compile(r",(?=[A-Za-z_]\w*=)")


def split_arguments(text: str) -> list[str]:
    """Split at the commas that begin a ``key=``; other commas belong to a value."""
    return _COMMA.split(text)


def parse_arguments(
    where: str,
    owner: str,
    arguments: Sequence[Argument],
    pairs: Sequence[str],
    others: bool = False,
) -> dict[str, Any]:
    """Return the values of ``key=value`` pairs; with ``others`` unknown keys are let through.

    Raises:
        HarnessError: an unknown key, or a value that cannot be read; ``where`` it stands is named.
    """
    declared = {argument.name: argument for argument in arguments}
    values: dict[str, Any] = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key not in declared:
            if not others:
                raise HarnessError(f"{where}: {UnknownName(f'argument of {owner}', key, declared)}")
            values[key] = value
            continue
        try:
            values[key] = declared[key].parse(value)
        except ValueError as error:
            raise HarnessError(
                f"{where}: argument {key}: found '{value}', {error or 'not a valid value'} "
                f"({declared[key].summary})"
            ) from None
    return values

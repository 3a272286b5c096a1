"""``NAME:VALUE,key=value,...``: how everything is named, taken apart and checked in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imhi._core.errors import HarnessError, UnknownName
from imhi._core.typed_arguments import Argument


@dataclass(frozen=True)
class Reference:
    """Something as it is named: ``text`` as it was written, then its parts. ``value`` is None where
    there is no colon; ``pairs`` are the ``key=value`` texts."""

    text: str
    name: str
    value: str | None
    pairs: tuple[str, ...] = ()

    def value_for(self, kind: str, option: str, argument: str, summary: str) -> str:
        """Return the value of a thing that takes one, or none, as its declaration says by naming an
        ``argument``.

        Raises:
            HarnessError: it is missing, or not wanted.
        """
        if argument and not self.value:
            raise HarnessError(f"{kind} '{self.text}': expected {self.name}:{argument} ({summary})")
        if self.value and not argument:
            raise HarnessError(
                f"{kind} '{self.text}': {self.name} takes no argument; write --{option} {self.name}"
            )
        return self.value or ""


def parse_reference(text: str, pairs: bool = True) -> Reference:
    """Take a name apart. A comma that begins no ``key=`` belongs to a value; without ``pairs`` every
    comma does."""
    head, *rest = Argument.split(text) if pairs else [text]
    name, colon, value = head.partition(":")
    return Reference(text, name, value if colon else None, tuple(rest))


def parse_chosen(
    option: str, text: str, kind: str, value: str, arguments: Sequence[Argument], summary: str
) -> tuple[str, dict[str, Any]]:
    """Read ``NAME:VALUE,key=value`` of a thing that needs its value; return it and all arguments.

    Raises:
        HarnessError: there is no value, an unknown key, or a value that cannot be read.
    """
    asked = parse_reference(text)
    if not asked.value:
        raise HarnessError(f"--{option} {text}: expected {asked.name}:{value} ({summary})")
    given = parse_arguments(f"--{option} {text}", f"{kind} {asked.name}", arguments, asked.pairs)
    return asked.value, {argument.name: argument.default for argument in arguments} | given


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
        head, dot, path = key.partition(".")
        name = head if dot and head in declared and declared[head].group else key
        if name not in declared:
            if not others:
                known = [argument.written for argument in arguments]
                raise HarnessError(f"{where}: {UnknownName(f'argument of {owner}', key, known)}")
            values[key] = value
            continue
        argument = declared[name]
        if argument.group and not all(path.split(".")):
            raise HarnessError(
                f"{where}: argument {key}: expected {argument.written}=VALUE ({argument.summary})"
            )
        try:
            parsed = argument.parse(value)
        except ValueError as error:
            raise HarnessError(
                f"{where}: argument {key}: found '{value}', {error or 'not a valid value'} "
                f"({argument.summary})"
            ) from None
        if argument.group and path in values.get(name, {}):
            raise HarnessError(f"{where}: argument {key} is given twice: write it once")
        values[name] = {**values.get(name, {}), path: parsed} if argument.group else parsed
    return values

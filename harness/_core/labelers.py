"""Labeler names: ``NAME``, or ``NAME:ARGUMENT`` where a labeler takes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imhi._core.declarations import Labeler, resolve
from imhi._core.errors import HarnessError
from imhi._core.registry import Registry


@dataclass(frozen=True)
class LabelerSpec:
    """A labeler as asked for. ``name`` is what its predictions and scores are stored under."""

    name: str
    labeler: Labeler
    argument: str = ""

    def identity(self) -> dict[str, Any]:
        """Return what its predictions are known by: name, version, and the fingerprint it has."""
        found: dict[str, Any] = {"name": self.name, "version": self.labeler.version}
        if self.labeler.fingerprint is not None:
            found["fingerprint"] = resolve(self.labeler.fingerprint)(self.argument)
        return found


def parse_labeler(text: str, registry: Registry) -> LabelerSpec:
    """Read a labeler name.

    Raises:
        HarnessError: no such labeler, or its argument is missing or not wanted.
    """
    name, _, argument = text.partition(":")
    found = registry.labelers.get(name)
    if found.argument and not argument:
        raise HarnessError(
            f"labeler '{text}': expected {found.name}:{found.argument} ({found.summary})"
        )
    if argument and not found.argument:
        raise HarnessError(
            f"labeler '{text}': {found.name} takes no argument; write --labeler {found.name}"
        )
    return LabelerSpec(f"{found.name}:{argument}" if argument else found.name, found, argument)

"""Labeler names: ``NAME``, or ``NAME:ARGUMENT`` where a labeler takes one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from imhi._core.arguments import parse_reference
from imhi._core.declarations import Labeler, resolve
from imhi._core.registry import Registry


@dataclass(frozen=True)
class LabelerSpec:
    """A labeler as asked for. ``name`` is what its predictions and scores are stored under."""

    name: str
    labeler: Labeler
    argument: str = ""

    @classmethod
    def parse(cls, text: str, registry: Registry) -> LabelerSpec:
        """Read a labeler name.

        Raises:
            HarnessError: no such labeler, or its argument is missing or not wanted.
        """
        asked = parse_reference(text, pairs=False)
        labeler = registry.labelers.get(asked.name)
        asked = replace(asked, name=labeler.name)
        argument = asked.value_for("labeler", "labeler", labeler.argument, labeler.summary)
        name = f"{labeler.name}:{argument}" if argument else labeler.name
        return cls(name, labeler, argument)

    def identity(self) -> dict[str, Any]:
        """Return what its predictions are known by: name, version, and the fingerprint it has."""
        found: dict[str, Any] = {"name": self.name, "version": self.labeler.version}
        if self.labeler.fingerprint is not None:
            found["fingerprint"] = resolve(self.labeler.fingerprint)(self.argument)
        return found

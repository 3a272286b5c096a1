"""Labeler names: ``NAME``, or ``NAME:ARGUMENT`` where a labeler takes one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from imhi._core.arguments import parse_reference
from imhi._core.declarations import Labeler, resolve
from imhi._core.registry import Registry

if TYPE_CHECKING:
    from imhi._core.context import Context
    from imhi._core.models import ModelSpec


@dataclass(frozen=True)
class LabelerSpec:
    """A labeler as asked for. ``name`` is what its predictions and scores are stored under;
    ``asks`` is the model it asks, if it asks one."""

    name: str
    labeler: Labeler
    argument: str = ""
    asks: ModelSpec | None = None

    @classmethod
    def parse(cls, text: str, registry: Registry) -> LabelerSpec:
        """Read a labeler name.

        Raises:
            HarnessError: no such labeler, its argument is missing or not wanted, or names no model
                where it asks one.
        """
        asked = parse_reference(text, pairs=False)
        labeler = registry.labelers.get(asked.name)
        asked = replace(asked, name=labeler.name)
        argument = asked.value_for("labeler", "labeler", labeler.argument, labeler.summary)
        name = f"{labeler.name}:{argument}" if argument else labeler.name
        asks = resolve(labeler.asks)(argument, registry) if labeler.asks is not None else None
        return cls(name, labeler, argument, asks)

    def identity(self, context: Context | None = None) -> dict[str, Any]:
        """Return what its predictions are known by: name, version, the fingerprint it has, and what
        tells the model it asks from others; ``context`` is for that model's fingerprint."""
        found: dict[str, Any] = {"name": self.name, "version": self.labeler.version}
        if self.labeler.fingerprint is not None:
            found["fingerprint"] = resolve(self.labeler.fingerprint)(self.argument)
        if self.asks is not None:
            assert context is not None
            found["asks"] = self.asks.fingerprint(context)
        return found

"""Source names: ``NAME``, or ``NAME:ARGUMENT`` where a source takes one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi._core.arguments import parse_reference
from imhi._core.declarations import Source, resolve
from imhi._core.protocols import OpenSource
from imhi._core.registry import Registry


@dataclass(frozen=True)
class SourceSpec:
    """A source as asked for: ``text`` as it was written."""

    text: str
    source: Source
    argument: str = ""

    @property
    def location(self) -> str:
        """The source as it can be opened from any folder: a path in it is made absolute."""
        there = bool(self.argument) and Path(self.argument).exists()
        name = self.text.partition(":")[0]
        return f"{name}:{Path(self.argument).resolve()}" if there else self.text

    def open(self, registry: Registry) -> OpenSource:
        """Open it; where it lies and what is wrong with it is the plugin's to say."""
        opened: Any = resolve(self.source.open)(self.argument, registry.dataset_map())
        return opened  # type: ignore[no-any-return]


def parse_source(text: str, registry: Registry) -> SourceSpec:
    """Read the name of a source.

    Raises:
        HarnessError: no such source, or its argument is missing or not wanted.
    """
    asked = parse_reference(text, pairs=False)
    hint = f"expected NAME:FOLDER, such as official:{text}" if Path(text).exists() else ""
    source = registry.sources.get(asked.name, hint)
    argument = asked.value_for("source", "source", source.argument, source.summary)
    return SourceSpec(text, source, argument)


def open_source(text: str, registry: Registry) -> tuple[str, OpenSource]:
    """Open ``NAME`` or ``NAME:ARGUMENT``; return the name as given and the opened source.

    Raises:
        HarnessError: no such source, or its argument is missing or not wanted.
    """
    return text, parse_source(text, registry).open(registry)

"""The kinds of findings of an audit, declared in ``kinds.yaml``."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import yaml

Severity = Literal["info", "warning", "serious"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
_DATA = Path(__file__).with_name("kinds.yaml")


@dataclass(frozen=True)
class Kind:
    """A kind of finding. ``text`` is the sentence on rows that have it. ``warning`` and ``serious``
    are shares of the rows from which on (above 0, where they are 0) a finding is that; None:
    never."""

    name: str
    title: str
    do: str
    text: str = ""
    warning: float | None = None
    serious: float | None = None

    def severity(self, count: int, total: int) -> Severity:
        """Return how grave ``count`` of ``total`` rows are."""
        share = count / total if total else float(bool(count))
        if count and self.serious is not None and share >= self.serious:
            return "serious"
        if count and self.warning is not None and share >= self.warning:
            return "warning"
        return "info"


@functools.cache
def kinds() -> dict[str, Kind]:
    """Return the kinds of findings by name, in the order in which they are shown."""
    declared = yaml.safe_load(_DATA.read_text(encoding="utf-8"))
    return {name: Kind(name, **values) for name, values in declared.items()}

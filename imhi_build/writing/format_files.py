"""What a format of a written build does (:class:`imhi.BuildFormat`), and what it is told at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imhi import Dataset
from imhi.build.writing.counters import Counters
from imhi.build.writing.facts import Facts
from imhi.build.writing.wording import Worded


@dataclass(frozen=True)
class Summary:
    """Counts of what was written, what the build knows about itself, and each dataset's task."""

    counters: Counters
    facts: Facts
    tasks: Mapping[str, str]


@dataclass
class FormatFiles:
    """A format that takes rows, one dataset after the other; each overrides what it needs. ``root``
    is its empty folder, ``files`` are rows by name of file."""

    root: Path
    files: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def begin(self, dataset: Dataset) -> None:
        """Take the rows of this dataset from now on."""

    def add(self, worded: Worded) -> None:
        """Take a row."""

    def end(self) -> None:
        """Take no more rows of the dataset."""

    def finish(self, summary: Summary) -> None:
        """Complete the files: every row was taken."""

    def abort(self) -> None:
        """Close what is open, after a failure."""

"""What a reader of the scores must know: notes, what is incomplete, and counts that make sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["notes", "gaps"]


@dataclass
class Report:
    """Gathers what models, labelers and metrics have to say, each sentence once.

    ``notes`` stand under every table; ``gaps`` are what could not be done yet and will be when asked
    again; ``counts`` are sentences with ``{n}`` in them and the sum they end with; ``cross_fitted`` are
    datasets whose answers come from models that learnt from other rows under evaluation.
    """

    notes: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    counts: dict[tuple[Kind, str], float] = field(default_factory=dict)
    cross_fitted: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Add a note."""
        if text not in self.notes:
            self.notes.append(text)

    def mark_incomplete(self, text: str) -> None:
        """Say what is not done: shown like a note, and the command exits with 1."""
        if text not in self.gaps:
            self.gaps.append(text)

    def count(self, text: str, count: float, *, incomplete: bool = False) -> None:
        """Add to a note (or to what is incomplete) that counts: ``{n}`` in the text becomes the sum
        over all datasets; a sum of 0 says nothing."""
        key: tuple[Kind, str] = ("gaps" if incomplete else "notes", text)
        self.counts[key] = self.counts.get(key, 0) + count

    def counted(self) -> Iterator[tuple[Kind, str]]:
        """Yield the sentences that count, each with where it belongs."""
        for (kind, text), n in self.counts.items():
            if n:
                yield kind, text.replace("{n}", f"{n:,.4f}" if isinstance(n, float) else f"{n:,}")

    def sentences(self, kind: Kind) -> list[str]:
        """Return all notes (or all that is incomplete), those that count last."""
        written = self.notes if kind == "notes" else self.gaps
        return [*written, *(text for of, text in self.counted() if of == kind)]


@dataclass
class Relay(Report):
    """A report for somebody who works for several: each word goes to whom it works for now."""

    listener: Report = field(default_factory=Report)

    def note(self, text: str) -> None:
        """Add a note to the listener's."""
        self.listener.note(text)

    def mark_incomplete(self, text: str) -> None:
        """Say to the listener what is not done."""
        self.listener.mark_incomplete(text)

    def count(self, text: str, count: float, *, incomplete: bool = False) -> None:
        """Add to what the listener counts."""
        self.listener.count(text, count, incomplete=incomplete)


def all_notes(*groups: Iterable[str]) -> tuple[str, ...]:
    """Return the notes of all groups, each once, sorted: as they stand in manifests and scores."""
    return tuple(sorted({note for group in groups for note in group}))

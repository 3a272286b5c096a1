"""Which rows runs answered: a row without an answer counts as wrong, so it is said wherever runs are
compared, and the rows that all runs answered can be compared alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from imhi._core.comparing.alignment import Aligned
from imhi._core.errors import UnknownName
from imhi._core.run_store import RunFolder
from imhi._core.run_store.columns import Columns

ALL = "all"
ANSWERED = "answered"
ROWS = {
    ALL: "every row; one without an answer counts as wrong",
    ANSWERED: "the rows that all runs answered",
}
_IMPORTED = "imported"  # the scheme of models whose answers were made elsewhere


@dataclass(frozen=True)
class Answers:
    """How many of a run's ``examples`` of a dataset, those compared, have no answer: ``failed`` were
    asked in vain, ``not_asked`` never (the cost was reached, the run ended early, an import did not
    hold them)."""

    OFFER: ClassVar[str] = "--rows answered compares the rows that all runs answered"

    name: str
    dataset: str
    examples: int
    failed: int
    not_asked: int

    @property
    def missing(self) -> int:
        """How many have no answer, for whatever reason."""
        return self.failed + self.not_asked


def check_rows(rows: str) -> None:
    """Raise UnknownName for rows that cannot be chosen."""
    if rows not in ROWS:
        raise UnknownName("--rows", rows, ROWS)


def unanswered(columns: Columns) -> list[int]:
    """Return the places of the rows without an answer."""
    return [row for row, response in enumerate(columns.responses) if response.error is not None]


def answered_by_all(aligned: Aligned) -> Aligned:
    """Return the rows of a dataset that all runs answered, and say how many those are."""
    lost = {row for columns in aligned.columns for row in unanswered(columns)}
    if not lost:
        return aligned
    total = len(aligned.columns[0].examples)
    kept = [row for row in range(total) if row not in lost]
    note = (
        f"{aligned.dataset}: all runs answered {len(kept):,} of {total:,} rows, which are compared"
    )
    return replace(
        aligned,
        columns=[columns.take(kept) for columns in aligned.columns],
        complete=False,
        notes=[*aligned.notes, note],
    )


def answers_of(
    folders: Sequence[RunFolder], names: Sequence[str], aligned: Aligned
) -> list[Answers]:
    """Count each run's answers to the rows of a dataset that are compared."""
    found = []
    for folder, name, columns in zip(folders, names, aligned.columns, strict=True):
        missing = [columns.examples[row].id for row in unanswered(columns)]
        tried: set[str] = set()
        if missing and folder.manifest().model_identity.get("scheme") != _IMPORTED:
            tried = {response.id for response in folder.failures(aligned.dataset)}
        failed = sum(id in tried for id in missing)
        counts = (len(columns.examples), failed, len(missing) - failed)
        found.append(Answers(name, aligned.dataset, *counts))
    return found


def about_answers(folders: Sequence[RunFolder], answers: Sequence[Answers]) -> list[str]:
    """Return a sentence for each run that left rows without an answer."""
    said = []
    for folder, name in zip(folders, dict.fromkeys(one.name for one in answers), strict=True):
        own = [one for one in answers if one.name == name]
        missing = sum(one.missing for one in own)
        if not missing:
            continue
        failed, never = (
            sum(getattr(one, which) for one in own) for which in ("failed", "not_asked")
        )
        reasons = [f"{failed:,} failed"] if failed else []
        reasons += [f"{never:,} {_never_asked(folder)}"] if never else []
        said.append(
            f"{name}: {missing:,} of {sum(one.examples for one in own):,} rows have no answer "
            f"({', '.join(reasons)}) and count as wrong"
        )
    return said


def _never_asked(folder: RunFolder) -> str:
    manifest = folder.manifest()
    if manifest.model_identity.get("scheme") == _IMPORTED:
        return "not among the answers imported"
    if manifest.totals is not None and manifest.totals.stopped_by_budget:
        return "not asked, as --max-cost was reached"
    return "not asked yet"

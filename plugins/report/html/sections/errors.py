"""Error analysis: what all runs miss, where they flip, where an answer says two things, and words
that mark errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from imhi.plugins.report.error_analysis.analysis import analyse
from imhi.plugins.report.error_analysis.result import (
    Cluster,
    Contradiction,
    DatasetCounts,
    DistinctiveWord,
    ErrorAnalysis,
    Flip,
    Missed,
)
from imhi.plugins.report.html.material import Material

LISTED = 8  # of each dataset and kind: the rest is counted

Record = TypeVar("Record", Missed, Flip, Contradiction, Cluster, DistinctiveWord)


@dataclass(frozen=True)
class Errors:
    """The first of each kind; ``found`` has everything. Of posts there are single words, each of
    which several posts share. ``words`` are those of the runs together."""

    found: ErrorAnalysis
    counts: Sequence[DatasetCounts]
    missed: Sequence[Missed]
    flips: Sequence[Flip]
    contradictions: Sequence[Contradiction]
    clusters: Sequence[Cluster]
    words: Sequence[DistinctiveWord]
    names: Sequence[str]


def errors(material: Material) -> Errors:
    """Return what the runs get wrong, without a text of a post."""
    runs = material.ordered()
    found = analyse({run.name: run.columns for run in runs}, material.labels, with_posts=False)
    return Errors(
        found,
        found.counts,
        _first(found.missed_by_all),
        _first(found.flips),
        _first(found.contradictions),
        _first(found.clusters),
        _first([word for word in found.words if not word.run]),
        [run.name for run in runs],
    )


def _first(records: Sequence[Record]) -> list[Record]:
    """Return the first records of each dataset."""
    seen: Counter[str] = Counter()
    kept = []
    for record in records:
        seen[record.dataset] += 1
        if seen[record.dataset] <= LISTED:
            kept.append(record)
    return kept

"""Released against human labels of a split, and the completion files' marker as a sign of both."""

from __future__ import annotations

from imhi import Dataset, Registry
from imhi.build.audit.completions import Completions
from imhi.build.audit.floors import Column, measure
from imhi.build.audit.judging import Tally
from imhi.build.audit.records import Join, Marker


def join_of(tally: Tally, dataset: Dataset, registry: Registry) -> Join | None:
    """Return what the raw join of a split came to; None where no raw rows were given."""
    if not tally.how:
        return None
    changes = {
        f"{human} -> {released}": count
        for (human, released), count in tally.confused.most_common()
        if human != released
    }
    return Join(
        matched=sum(tally.confused.values()),
        exact=tally.how["exact"],
        normalised=tally.how["normalised"],
        unmatched=tally.how["unmatched"],
        ambiguous=tally.how["ambiguous"],
        differ=sum(changes.values()),
        changes=changes,
        agreement=_agreement(tally, dataset, registry),
    )


def _agreement(tally: Tally, dataset: Dataset, registry: Registry) -> float | None:
    """Return the weighted F1 of the released labels against the human ones."""
    pairs = list(tally.confused.elements())
    if not pairs:
        return None
    human, released = ([pair[place] for pair in pairs] for place in (0, 1))
    gold = Column(dataset.name, human, [""] * len(pairs), [""] * len(pairs))
    return round(measure(gold, released, registry).value(), 3)


def marker_of(tally: Tally, found: Completions | None) -> Marker | None:
    """Return what the marker is worth; None where there is no completion split."""
    if found is None:
        return None
    precision = recall = None
    if tally.how:
        differ = sum(n for (human, released), n in tally.confused.items() if human != released)
        known, hits = tally.marked_known, tally.marked_differ
        precision = round(100 * hits / known, 3) if known else None
        recall = round(100 * hits / differ, 3) if differ else None
    return Marker(
        rows=found.rows,
        marked=len(found.marked),
        known=tally.marked_known,
        differ=tally.marked_differ,
        precision=precision,
        recall=recall,
        labels=dict(found.marked_labels),
    )

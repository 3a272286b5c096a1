"""The check ``overlap``: a post that is trained on and also stands in an evaluation split of its
dataset.

The finding is on the row that is trained on (or chosen by), never on the row of the test split:
rows of ``train`` against ``test`` and ``val``, rows of ``val`` against ``test``. The question does
not count: a post under one question in training is known when it comes back under another. What is
equal and nearly equal is told in :mod:`imhi.build.checks.near_duplicates`.

Across datasets the check is :mod:`imhi.build.checks.overlap_across`.
"""

from __future__ import annotations

from collections.abc import Iterator

from imhi.build.checks.declarations import Corpus
from imhi.build.checks.near_duplicates import Neighbours, Settings
from imhi.build.checks.signatures import post_table
from imhi.build.records import Finding

# Splits by what they are held against, the gravest first.
HELD_AGAINST = {"train": ("test", "val"), "val": ("test",)}
EVALUATED = ("test", "val")


def find(corpus: Corpus, settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each row of train or val that is, or is like, one of the same dataset
    in a later split; ``related`` is the first such row."""
    return find_overlap(corpus, settings, "overlap", across=False)


def find_overlap(corpus: Corpus, settings: Settings, check: str, across: bool) -> Iterator[Finding]:
    """Yield findings within datasets, or across them."""
    table = post_table(corpus)
    neighbours = Neighbours(table, settings)
    # By split and slot: the first row of each dataset, by dataset.
    evaluated: dict[str, dict[int, dict[str, str]]] = {split: {} for split in EVALUATED}
    for dataset in corpus.datasets:
        for slot, row in table.rows(corpus, dataset):
            if row.split in evaluated:
                evaluated[row.split].setdefault(slot, {}).setdefault(dataset, row.id)

    def related(split: str, slot: int, dataset: str) -> str | None:
        for name, row_id in evaluated[split].get(slot, {}).items():
            if (name != dataset) == across:
                return f"{name}/{row_id}"
        return None

    for dataset in corpus.datasets:
        for slot, row in table.rows(corpus, dataset):
            against = HELD_AGAINST.get(row.split)
            if against is None:
                continue
            near = neighbours.of(slot)
            matches = (
                (split, other, score, key)
                for split in against
                for other, score in near
                if (key := related(split, other, dataset)) is not None
            )
            for split, other, score, key in matches:
                how = "equals" if other == slot else "nearly equals"
                yield Finding(
                    check=check,
                    dataset=dataset,
                    id=row.id,
                    reason=f"its post {how} one of the {split} split"
                    + (" of another dataset" if across else ""),
                    score=round(score, 3),
                    related=key,
                    about="post",
                )
                break

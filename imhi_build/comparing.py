"""A build against another source of the same data: which rows both have, and where they differ.

Rows are the same when post (byte for byte) and question are; of a post that stands somewhere several
times, the n-th occurrence here is set against the n-th there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from imhi import Dataset, Example, OpenSource, compose, digest
from imhi.build.folder import BuildFolder
from imhi.build.records import BuiltRow

ONLY_HERE, ONLY_THERE, LABEL, ANSWER, PROMPT = (
    "only here",
    "only there",
    "label",
    "explanation",
    "query",
)


@dataclass(frozen=True)
class Difference:
    """One difference. ``here`` and ``there`` are the two labels where those differ; they never hold
    a post or an explanation. ``id`` is the row here, ``other`` the row there."""

    dataset: str
    split: str
    kind: str
    id: str = ""
    other: str = ""
    here: str = ""
    there: str = ""


@dataclass
class SplitComparison:
    """One split: rows here, there and in both; of these, how many have the same query, label and
    explanation (``explained``: explanations were joined). ``labels`` counts pairs of differing
    labels (here, there)."""

    dataset: str
    split: str
    here: int = 0
    there: int = 0
    both: int = 0
    same_query: int = 0
    same_label: int = 0
    same_explanation: int = 0
    explained: bool = False
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)


def compare(folder: BuildFolder, source: OpenSource, dataset: Dataset) -> Iterator[SplitComparison]:
    """Yield a comparison per split that the build has and the source too.

    Rows are taken with their explanations where there are any, else as read. Quarantined rows count:
    what was read is compared, not what is written.
    """
    joined = folder.file("rows", dataset.name).exists()
    for split in folder.require_read().datasets[dataset.name].counts:
        if split not in source.splits(dataset.name):
            continue
        rows = folder.rows(dataset.name) if joined else folder.posts(dataset.name)
        found = SplitComparison(dataset.name, split, explained=joined)
        _compare(
            (row for row in rows if row.split == split),
            source.examples(dataset.name, split),
            dataset,
            found,
        )
        yield found


def _compare(
    rows: Iterator[BuiltRow], examples: Iterator[Example], dataset: Dataset, found: SplitComparison
) -> None:
    there: dict[str, list[Example]] = {}
    for example in examples:
        found.there += 1
        there.setdefault(_key(example), []).append(example)
    for row in rows:
        found.here += 1
        candidates = there.get(_key(row))
        if not candidates:
            found.differences.append(_difference(found, ONLY_HERE, row, None))
            continue
        _compare_pair(row, candidates.pop(0), dataset, found)
    for rest in there.values():
        for example in rest:
            found.differences.append(_difference(found, ONLY_THERE, None, example))


def _compare_pair(
    row: BuiltRow, example: Example, dataset: Dataset, found: SplitComparison
) -> None:
    found.both += 1
    query = f'Consider this post: "{row.post}" Question: {row.question}'
    if not example.prompt or example.prompt == query:
        found.same_query += 1
    else:
        found.differences.append(_difference(found, PROMPT, row, example))
    if row.label == example.label:
        found.same_label += 1
    else:
        found.labels[row.label, example.label] += 1
        found.differences.append(_difference(found, LABEL, row, example))
    if compose(dataset, row.label, row.explanation) == compose(
        dataset, row.label, example.explanation
    ):
        found.same_explanation += 1
    elif found.explained:
        found.differences.append(_difference(found, ANSWER, row, example))


def _difference(
    found: SplitComparison, kind: str, row: BuiltRow | None, example: Example | None
) -> Difference:
    labels = kind == LABEL
    return Difference(
        found.dataset,
        found.split,
        kind,
        row.id if row else "",
        example.id if example else "",
        row.label if row and labels else "",
        example.label if example and labels else "",
    )


def _key(row: BuiltRow | Example) -> str:
    return digest([row.post, row.aspect])[:24]

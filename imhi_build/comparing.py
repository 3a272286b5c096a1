"""A build against another source of the same data: which rows both have, and where they differ.

Rows are the same when post (byte for byte) and question are; of a post that stands somewhere several
times, the n-th occurrence here is set against the n-th there.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from imhi import Dataset, Example, OpenSource, answer_format, digest
from imhi.build.folder import BuildFolder
from imhi.build.records import BuiltRow


@dataclass(frozen=True)
class Difference:
    """One difference. ``kind`` is ``only here``, ``only there``, ``query``, ``label`` or
    ``explanation``; ``here`` and ``there`` are the two labels where those differ; they never hold
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

    def differ(self, kind: str, row: BuiltRow | None, example: Example | None) -> None:
        """Note a difference between a row here and one there; None where there is none."""
        labels = (row.label, example.label) if kind == "label" and row and example else ("", "")
        ids = (row.id if row else "", example.id if example else "")
        self.differences.append(Difference(self.dataset, self.split, kind, *ids, *labels))


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
        comparison = SplitComparison(dataset.name, split, explained=joined)
        _compare(
            (row for row in rows if row.split == split),
            source.examples(dataset.name, split),
            dataset,
            comparison,
        )
        yield comparison


def _compare(
    rows: Iterator[BuiltRow],
    examples: Iterator[Example],
    dataset: Dataset,
    comparison: SplitComparison,
) -> None:
    others: dict[str, list[Example]] = {}
    for example in examples:
        comparison.there += 1
        others.setdefault(_key(example), []).append(example)
    for row in rows:
        comparison.here += 1
        if candidates := others.get(_key(row)):
            _compare_pair(row, candidates.pop(0), dataset, comparison)
        else:
            comparison.differ("only here", row, None)
    for example in itertools.chain.from_iterable(others.values()):
        comparison.differ("only there", None, example)


def _compare_pair(
    row: BuiltRow, example: Example, dataset: Dataset, comparison: SplitComparison
) -> None:
    comparison.both += 1
    query = f'Consider this post: "{row.post}" Question: {row.question}'
    if not example.prompt or example.prompt == query:
        comparison.same_query += 1
    else:
        comparison.differ("query", row, example)
    if row.label == example.label:
        comparison.same_label += 1
    else:
        comparison.labels[row.label, example.label] += 1
        comparison.differ("label", row, example)
    answers = {answer_format.compose(dataset, row.label, one.explanation) for one in (row, example)}
    if len(answers) == 1:
        comparison.same_explanation += 1
    elif comparison.explained:
        comparison.differ("explanation", row, example)


def _key(row: BuiltRow | Example) -> str:
    return digest([row.post, row.aspect])[:24]

"""Rows of a build in memory, and what a check was right about."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from imhi._core.declarations import Dataset
from imhi.build.records import BuiltRow, Finding


@dataclass(eq=False)
class ListCorpus:
    """The rows of a build (:class:`imhi.build.checks.declarations.Corpus`), in memory.

    ``spread`` sends work and results as an executor does, pickled, and gives results out of order:
    the last chunk comes first. ``worked`` counts the rows that were sent.
    """

    by_dataset: dict[str, list[BuiltRow]]
    seed: int = 7
    chunk: int = 100
    details: dict[str, Any] = field(default_factory=dict)
    looked_at: dict[str, int] = field(default_factory=dict)
    skipped: str = ""
    cache: dict[object, Any] = field(default_factory=dict)
    worked: int = 0

    @property
    def datasets(self) -> Sequence[str]:
        return list(self.by_dataset)

    def dataset(self, name: str) -> Dataset:
        raise NotImplementedError

    def rows(self, dataset: str) -> Iterator[BuiltRow]:
        return iter(self.by_dataset[dataset])

    def spread(
        self, work: Callable[[Sequence[BuiltRow]], Iterator[Any]], rows: Iterable[BuiltRow]
    ) -> Iterator[Any]:
        given = list(rows)
        self.worked += len(given)
        chunks = [given[at : at + self.chunk] for at in range(0, len(given), self.chunk)]
        for chunk in reversed(chunks):
            there, sent = pickle.loads(pickle.dumps((work, chunk)))
            yield from pickle.loads(pickle.dumps(list(there(sent))))


def corpus_of(rows: Iterable[BuiltRow], **options: Any) -> ListCorpus:
    by_dataset: dict[str, list[BuiltRow]] = {}
    for row in rows:
        by_dataset.setdefault(row.dataset, []).append(row)
    return ListCorpus(by_dataset, **options)


_numbers = itertools.count()


def a_row(post: str = "", explanation: str = "", **fields: Any) -> BuiltRow:
    """Return a fictional row, of DR's training split unless told otherwise."""
    given = {
        "dataset": "DR",
        "split": "train",
        "question": "Does the poster suffer from depression?",
        "label": "yes",
        "human_label": "yes",
        **fields,
    }
    given.setdefault("id", f"{given['split']}-{next(_numbers)}")
    return BuiltRow(post=post, explanation=explanation, **given)


def found(findings: Iterable[Finding]) -> set[str]:
    """Return the rows that findings are about: ``DATASET/ID``."""
    return {f"{finding.dataset}/{finding.id}" for finding in findings}


def recall_and_precision(said: Collection[str], true: Collection[str]) -> tuple[float, float]:
    hits = len(set(said) & set(true))
    return hits / len(set(true)), hits / max(1, len(set(said)))

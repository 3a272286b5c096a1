"""The rows of a source as the checks of ``imhi build`` want them: streamed, with where they are from.

A source may have a split in two styles (``test`` and ``complete``, ``train`` and
``train-complete``): the rows are the same, so the second, its *twin*, is no split of its own here.
Where a source lacks the training rows of a dataset and raw rows of them were given, those stand in
for them when posts are compared: the published training rows are made of these posts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, repeat
from typing import TYPE_CHECKING, Any

from imhi import DataError, Dataset, Example, OpenSource, post_key
from imhi.build.audit.raw_files import RawFiles
from imhi.build.audit.records import Unit
from imhi.build.records import BuiltRow

if TYPE_CHECKING:
    from pydantic import JsonValue

TRAINING = ("train", "val")
EXPERT = "expert"
_TWINS = {"complete": "test"}
_SUFFIX = "-complete"
_CHUNK = 500


def plain_split(split: str) -> str:
    """Return the split that a split holds the rows of, in whichever style.

    >>> [plain_split(split) for split in ("test", "complete", "train-complete")]
    ['test', 'test', 'train']
    """
    return _TWINS.get(split, split.removesuffix(_SUFFIX))


@dataclass(frozen=True)
class Outline:
    """How many rows each split has; as a corpus, rows that say only where they are."""

    sizes: dict[Unit, int]

    def rows(self, dataset: str) -> Iterator[BuiltRow]:
        """Yield as many rows as each split of a dataset has."""
        for unit, size in self.sizes.items():
            if unit.dataset == dataset:
                yield from repeat(BuiltRow("", dataset, unit.split, "", "", "", ""), size)


@dataclass(eq=False)
class SourceCorpus:
    """All rows of a source, and of the raw files that complete it
    (:class:`imhi.build.checks.declarations.Corpus`). ``problems`` are rows that cannot be read, by
    dataset and split, filled while the rows are read for the first time; ``noticed`` are the kinds of
    findings on the rows that are being judged, by their id; ``seen_by``, where it is set, is told of each
    row of the source that is read."""

    source: OpenSource
    declared: dict[str, Dataset]
    raw: dict[str, RawFiles] = field(default_factory=dict)
    seed: int = 0
    details: dict[str, JsonValue] = field(default_factory=dict)
    looked_at: dict[str, int] = field(default_factory=dict)
    skipped: str = ""
    cache: dict[object, Any] = field(default_factory=dict)
    problems: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    noticed: dict[str, set[str]] = field(default_factory=dict)
    seen_by: Callable[[BuiltRow], None] | None = None

    def __post_init__(self) -> None:
        there = set(self.source.datasets())
        self.datasets: Sequence[str] = [
            name for name in self.declared if name in there or name in self.raw
        ]
        self.units = [unit for name in self.datasets for unit in self._units_of(name)]
        self._sizes: dict[Unit, int] = {}

    def splits(self, dataset: str) -> Sequence[str]:
        """Return the splits the source has of a dataset; none where only raw files have it."""
        return self.source.splits(dataset) if dataset in self.source.datasets() else ()

    def _units_of(self, dataset: str) -> Iterator[Unit]:
        there = self.splits(dataset)
        yield from (Unit(dataset, split) for split in there if not self._is_twin(dataset, split))
        if dataset in self.raw:
            has = {plain_split(split) for split in there}
            given = {file.split for file in self.raw[dataset].open().files}
            yield from (Unit(dataset, s, raw=True) for s in TRAINING if s in given - has)

    def _is_twin(self, dataset: str, split: str) -> bool:
        return plain_split(split) != split and plain_split(split) in self.splits(dataset)

    def twins(self, dataset: str) -> dict[str, str]:
        """Return the splits that are twins of others, with those."""
        splits = self.splits(dataset)
        return {split: plain_split(split) for split in splits if self._is_twin(dataset, split)}

    def dataset(self, name: str) -> Dataset:
        """Return the declaration of a dataset."""
        return self.declared[name]

    def rows(self, dataset: str) -> Iterator[BuiltRow]:
        """Yield the rows of a dataset by split, without those that cannot be read. Rows that are
        known from raw files only say which ``file``."""
        sizes: Counter[str] = Counter()
        units = [unit for unit in self.units if unit.dataset == dataset]
        for unit in units:
            if not unit.raw:
                for example in self.examples(dataset, unit.split):
                    sizes[unit.split] += 1
                    row = built(example)
                    if self.seen_by is not None:
                        self.seen_by(row)
                    yield row
        missing = {unit.split for unit in units if unit.raw}
        if missing:  # raw files come by split, in the order in which their splits stand here
            for row in self.raw[dataset].rows():
                if row.split in missing:
                    sizes[row.split] += 1
                    yield row
        self._sizes.update({unit: sizes[unit.split] for unit in units})

    def outline(self) -> Outline:
        """Return the same rows without their contents, once they were read to the end."""
        return Outline(dict(self._sizes))

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        """Yield the rows of a split that can be read."""
        tolerant = getattr(self.source, "examples_and_problems", None)
        found = tolerant(dataset, split) if tolerant else self.source.examples(dataset, split)
        problems: list[str] = []
        try:
            for one in found:
                if isinstance(one, DataError):
                    problems.append(str(one))
                else:
                    yield one
        except DataError as error:
            problems.append(str(error))
        if problems:
            self.problems[dataset, split] = problems

    def spread(
        self, work: Callable[[Sequence[BuiltRow]], Iterator[Any]], rows: Iterable[BuiltRow]
    ) -> Iterator[Any]:
        """Yield what ``work`` yields for chunks of the rows, here and in their order."""
        stream = iter(rows)
        while chunk := list(islice(stream, _CHUNK)):
            yield from work(chunk)


def built(example: Example) -> BuiltRow:
    """Return an example as the checks know rows. Its ``id`` is unique in the dataset, which ids of
    examples need not be; those stand in ``source_id``."""
    return BuiltRow(
        id=f"{example.split}/{example.id}",
        source_id=example.id,
        dataset=example.dataset,
        split=example.split,
        post=example.post,
        question=example.question,
        label=example.label,
        human_label="",
        explanation=example.explanation,
        aspect=example.aspect,
        post_id=example.post_id or post_key(example.post),
    )

"""What ``imhi data check`` finds out about a source, without printing any of it.

Nothing here names a post: rows are named by file and number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from imhi import DataError, Dataset, Example, HarnessError, OpenSource, UnknownName
from imhi.plugins.data_commands.published_files import (
    PublishedFiles,
    data_files,
    held_against_published,
)

TRAINING = ("train", "val")
_NO_LETTERS = re.compile(r"[\W_]+")
_MINUS_STYLE = "-complete"
# Training rows are no test, and `complete` has the posts of `test`.
_NOT_COMPARED_ELSEWHERE = {*TRAINING, "complete"}


@runtime_checkable
class TolerantSource(Protocol):
    """A source that can go on after an unreadable row: the error stands in the row's place."""

    def examples_and_problems(self, dataset: str, split: str) -> Iterator[Example | DataError]:
        """Yield one split, with an error in the place of each row that cannot be read."""


@runtime_checkable
class CheckoutSource(Protocol):
    """A source that reads a checkout of the published repository, whole or in part."""

    @property
    def checkout(self) -> Path:
        """The folder of the checkout."""


@dataclass
class SplitReport:
    """One split of one dataset.

    ``published``: rows the published set has, where known. ``published_file``: whether the file
    has the published checksum; None where none is known. ``unparsable``: one message per row whose
    gold label, question or post cannot be read; ``unreadable``: why the file as a whole cannot.
    ``repeated``: rows whose post and question stood in an earlier row; ``conflicting``: groups of
    such rows with more than one label. ``mojibake``: rows whose post shows signs of a wrong
    decoding; None where that could not be looked at. ``overlap``: rows whose post stands in
    another split of the dataset, and ``in_training`` in any of its training splits (None where
    there is none to compare with); ``elsewhere``: rows whose post stands in the training rows
    (train, val) of another dataset, under another question. For overlap, posts are compared by
    their letters and digits: ``Work!`` and ``work`` teach the same.
    """

    dataset: str
    split: str
    rows: int = 0
    published: int | None = None
    published_file: bool | None = None
    labels: dict[str, int] = field(default_factory=dict)
    unparsable: list[str] = field(default_factory=list)
    unreadable: str = ""
    repeated: int = 0
    conflicting: int = 0
    empty_explanations: int = 0
    mojibake: int | None = None
    overlap: dict[str, int] = field(default_factory=dict)
    in_training: int | None = None
    elsewhere: dict[str, int] = field(default_factory=dict)


@dataclass
class SourceReport:
    """A whole source. ``absent``: published splits it does not have, by dataset; ``files``: all its
    files held against the published ones, also those that hold no split; None where it is no
    checkout."""

    source: str
    synthetic: bool
    splits: list[SplitReport]
    absent: dict[str, list[str]]
    unused_files: list[str]
    files: PublishedFiles | None = None

    @property
    def exit_code(self) -> int:
        """0 all gold labels parsed and no file of a published checkout differs, 1 some do not parse or
        differ, 2 a file that cannot be read at all."""
        if any(split.unreadable for split in self.splits):
            return 2
        # Where no file is a published one the data are somebody's own, in that layout.
        differ = self.files is not None and self.files.same and self.files.differ
        return 1 if differ or any(split.unparsable for split in self.splits) else 0

    def as_json(self) -> dict[str, object]:
        """Return the report with its sums, as ``--json`` prints it."""
        return {
            **asdict(self),
            "files": self.files and {**asdict(self.files), "absent": self.files.absent()},
            "rows": sum(split.rows for split in self.splits),
            "unparsable_rows": sum(len(split.unparsable) for split in self.splits),
        }


def check_source(
    name: str,
    source: OpenSource,
    datasets: Mapping[str, Dataset],
    only: Sequence[str] = (),
    tell: Callable[[str], None] = lambda split: None,
) -> SourceReport:
    """Read every row of a source and report on it; ``tell`` hears which split is read next.

    Raises:
        HarnessError: the source has no dataset, or not one that ``only`` names.
        DataError: a file of a checkout is there and cannot be read.
    """
    there = [dataset for dataset in datasets if dataset in set(source.datasets())]
    for dataset in only:
        if dataset not in there:
            raise UnknownName(f"dataset of {name}", dataset, there)
    if not there:
        raise HarnessError(
            f"{name}: found no dataset in it, expected at least one of {', '.join(datasets)}"
        )
    described = source.describe()
    garbled = _mojibake_test()
    tell("checksums")
    files = files_of(source)
    reports = []
    posts: dict[tuple[str, str], Counter[str]] = {}
    for dataset in only or there:
        for split in source.splits(dataset):
            tell(f"{dataset} {split}")
            report = SplitReport(dataset, split)
            if not described.get("synthetic"):
                report.published = _published(datasets[dataset], split)
            report.published_file = _is_published(files, described, report)
            posts[dataset, split] = _read(source, report, garbled)
            reports.append(report)
    for report in reports:
        _compare(report, posts)
    return SourceReport(
        source=name,
        synthetic=bool(described.get("synthetic")),
        splits=reports,
        absent={} if only or described.get("synthetic") else _absent(reports, datasets),
        unused_files=list(described.get("unused_files", ())),
        files=files,
    )


def files_of(source: OpenSource) -> PublishedFiles | None:
    """Return the files of a checkout held against the published ones; None for other sources.

    Raises:
        DataError: a file cannot be read.
    """
    if not isinstance(source, CheckoutSource):
        return None
    return held_against_published(data_files(source.checkout, links=True))


def _read(
    source: OpenSource, report: SplitReport, garbled: Callable[[str], bool] | None
) -> Counter[str]:
    """Fill the report from the rows of its split; return how many rows each post has."""
    labels: Counter[str] = Counter()
    posts: Counter[str] = Counter()
    seen: dict[tuple[str, str], set[str]] = {}
    verdicts: dict[str, bool] = {}
    mojibake = 0
    try:
        for found in _rows(source, report.dataset, report.split):
            report.rows += 1
            if isinstance(found, DataError):
                report.unparsable.append(str(found))
                continue
            labels[found.label] += 1
            posts[_letters(found.post)] += 1
            report.empty_explanations += not found.explanation.strip()
            query = (found.post_id, found.aspect)
            report.repeated += query in seen
            seen.setdefault(query, set()).add(found.label)
            if garbled is not None:
                # MultiWD has each post six times.
                if found.post_id not in verdicts:
                    verdicts[found.post_id] = garbled(found.post)
                mojibake += verdicts[found.post_id]
    except DataError as error:
        report.unreadable = str(error)
    report.labels = dict(labels.most_common())
    report.conflicting = sum(len(given) > 1 for given in seen.values())
    report.mojibake = None if garbled is None else mojibake
    return posts


def _rows(source: OpenSource, dataset: str, split: str) -> Iterator[Example | DataError]:
    if isinstance(source, TolerantSource):
        yield from source.examples_and_problems(dataset, split)
        return
    try:
        yield from source.examples(dataset, split)
    except DataError as error:
        # A source that stops at its first bad row: say that what follows was not looked at.
        yield DataError(f"{error} (the rows after it were not checked)")


def _compare(report: SplitReport, posts: Mapping[tuple[str, str], Counter[str]]) -> None:
    """Count the rows whose posts stand elsewhere: in other splits, in other training data."""
    own = posts[report.dataset, report.split]
    style = _MINUS_STYLE if report.split.endswith(_MINUS_STYLE) else ""
    others = {"train": (), "train-complete": (), "expert": (*TRAINING, "test")}.get(
        report.split, tuple(f"{t}{style}" for t in TRAINING if f"{t}{style}" != report.split)
    )
    found = {o: posts[report.dataset, o] for o in others if (report.dataset, o) in posts}
    report.overlap = {other: _shared(own, [rows]) for other, rows in found.items()}
    training = [rows for other, rows in found.items() if other != "test"]
    report.in_training = _shared(own, training) if training else None
    if style or report.split in _NOT_COMPARED_ELSEWHERE:
        return
    for dataset in dict.fromkeys(name for name, _ in posts):
        elsewhere = [posts[dataset, t] for t in TRAINING if (dataset, t) in posts]
        if dataset != report.dataset and (shared := _shared(own, elsewhere)):
            report.elsewhere[dataset] = shared


def _letters(post: str) -> str:
    return _NO_LETTERS.sub("", post).casefold() or post


def _shared(own: Counter[str], others: Iterable[Counter[str]]) -> int:
    others = list(others)
    return sum(n for post, n in own.items() if any(post in other for other in others))


def _mojibake_test() -> Callable[[str], bool] | None:
    """Return the test, or None where ftfy is not installed."""
    from imhi.io import has_mojibake

    try:
        has_mojibake("")
    except ModuleNotFoundError:
        return None
    return has_mojibake


def _published(dataset: Dataset, split: str) -> int | None:
    plain = "test" if split == "complete" else split.removesuffix(_MINUS_STYLE)
    return dataset.counts.get(plain)


def _is_published(
    files: PublishedFiles | None, described: Mapping[str, object], report: SplitReport
) -> bool | None:
    of_source = described.get("files")
    of_dataset = of_source.get(report.dataset) if isinstance(of_source, Mapping) else None
    path = of_dataset.get(report.split) if isinstance(of_dataset, Mapping) else None
    return files.is_published(path) if files is not None and path else None


def _absent(
    reports: Sequence[SplitReport], datasets: Mapping[str, Dataset]
) -> dict[str, list[str]]:
    there = {(report.dataset, report.split) for report in reports}
    absent = {
        name: [split for split in dataset.counts if (name, split) not in there]
        for name, dataset in datasets.items()
    }
    return {name: splits for name, splits in absent.items() if splits}

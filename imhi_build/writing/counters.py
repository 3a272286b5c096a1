"""Counts and distributions of what is written, gathered while the rows go by.

Rows are counted and let go: what stays is a counter per quantity, whose size depends on how many
different values there are (lengths, labels, reasons) and not on how many rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from imhi import Dataset
from imhi.build.writing.markdown import model_shown
from imhi.build.writing.wording import Worded

QUANTILES = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95, "p99": 0.99}
_BINS = 24


class Lengths:
    """A distribution of whole numbers, exact: how often each occurs."""

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: Counter[int] = Counter(counts or {})

    def __add__(self, other: Lengths) -> Lengths:
        return Lengths(self.counts + other.counts)

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return self.counts.total()

    def quantile(self, share: float) -> int:
        """Return the smallest value that at least this share of the rows does not exceed."""
        values = sorted(self.counts)
        for value, below in zip(values, accumulate(self.counts[v] for v in values), strict=True):
            if below >= share * self.rows:
                return value
        return 0

    def histogram(self, bins: int = _BINS) -> tuple[list[int], list[int]]:
        """Return edges and counts up to the 99th percentile, in steps of a whole number; the last
        bin also holds what lies beyond."""
        step = max(1, -(-(self.quantile(0.99) + 1) // bins))
        counts = [0] * bins
        for value, count in self.counts.items():
            counts[min(value // step, bins - 1)] += count
        while len(counts) > 1 and not counts[-1]:
            counts.pop()
        return [step * number for number in range(len(counts) + 1)], counts

    def to_json(self) -> dict[str, object]:
        """Return mean, quantiles and histogram."""
        rows = self.rows
        total = sum(value * count for value, count in self.counts.items())
        edges, counts = self.histogram()
        return {
            "mean": round(total / rows, 2) if rows else 0,
            "min": min(self.counts, default=0),
            **{name: self.quantile(share) for name, share in QUANTILES.items()},
            "max": max(self.counts, default=0),
            "histogram": {"edges": edges, "counts": counts, "last_bin_is_open": True},
        }


@dataclass
class SplitCounter:
    """What is counted of one dataset and split. Lengths are in words, that is between white space.

    ``labels`` is by aspect and label. ``disagreed`` are rows whose model gave another label than
    people, ``silent`` those whose model gave none; both whatever the gold label became.
    """

    rows: int = 0
    posts: int = 0
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)
    gold_from: Counter[str] = field(default_factory=Counter)
    disagreed: int = 0
    silent: int = 0
    evidence: int = 0
    explained_by: Counter[str] = field(default_factory=Counter)
    rounds: Counter[int] = field(default_factory=Counter)
    finish_reasons: Counter[str] = field(default_factory=Counter)
    post_words: Lengths = field(default_factory=Lengths)
    explanation_words: Lengths = field(default_factory=Lengths)

    def add(self, worded: Worded, new_post: bool) -> None:
        """Count a row; ``new_post``: the first row about its post."""
        row = worded.row
        self.rows += 1
        self.posts += new_post
        self.labels[row.aspect, row.label] += 1
        self.gold_from[row.gold_from] += 1
        if row.model_label is None:
            self.silent += 1
        elif row.model_label != row.human_label:
            self.disagreed += 1
        self.evidence += bool(row.evidence)
        self.explained_by[row.explained_by] += 1
        self.rounds[row.round] += 1
        self.finish_reasons[row.finish_reason] += 1
        self.post_words.counts[len(row.post.split())] += 1
        self.explanation_words.counts[len(row.explanation.split())] += 1

    def to_json(self) -> dict[str, object]:
        """Return the counts, models under names that anybody may know."""
        by_label: Counter[str] = Counter()
        by_aspect: dict[str, dict[str, int]] = {}
        for (aspect, label), count in self.labels.items():
            by_label[label] += count
            by_aspect.setdefault(aspect, {})[label] = count
        return {
            "rows": self.rows,
            "posts": self.posts,
            "labels": dict(by_label),
            "labels_by_aspect": {} if list(by_aspect) == [""] else by_aspect,
            "gold_from": dict(self.gold_from),
            "model_disagreed": self.disagreed,
            "model_gave_no_label": self.silent,
            "with_evidence": self.evidence,
            "explained_by": _shown(self.explained_by),
            "rounds": {str(number): count for number, count in sorted(self.rounds.items())},
            "finish_reasons": dict(self.finish_reasons),
            "post_words": self.post_words.to_json(),
            "explanation_words": self.explanation_words.to_json(),
        }


def _shown(models: Counter[str]) -> dict[str, int]:
    shown: Counter[str] = Counter()
    for name, count in models.items():
        shown[model_shown(name)] += count
    return dict(shown)


class Counters:
    """What is counted of everything: ``splits[dataset][split]``, in the order of the rows."""

    def __init__(self) -> None:
        self.splits: dict[str, dict[str, SplitCounter]] = {}
        self.datasets: dict[str, Dataset] = {}
        self._posts: dict[str, set[str]] = {}
        self._here: dict[str, SplitCounter] = {}

    def begin(self, dataset: Dataset) -> None:
        """Count the rows of this dataset from now on."""
        self.datasets[dataset.name] = dataset
        self._here = self.splits.setdefault(dataset.name, {})
        # The only thing that grows with the rows; let go with the dataset.
        self._posts = {}

    def add(self, worded: Worded) -> None:
        """Count a row of the dataset."""
        split = worded.row.split
        counter = self._here.setdefault(split, SplitCounter())
        seen = self._posts.setdefault(split, set())
        key = worded.row.post_id or worded.row.id
        counter.add(worded, key not in seen)
        seen.add(key)

    @property
    def rows(self) -> int:
        """How many rows were counted, of all datasets."""
        return sum(counter.rows for splits in self.splits.values() for counter in splits.values())

    def counts(self) -> dict[str, dict[str, int]]:
        """Return rows by dataset and split."""
        return {
            dataset: {split: splits[split].rows for split in in_order(splits)}
            for dataset, splits in self.splits.items()
        }

    def split_names(self) -> list[str]:
        """Return the splits there are."""
        return in_order(split for splits in self.splits.values() for split in splits)

    def to_json(self) -> dict[str, object]:
        """Return the counts by dataset and split."""
        return {
            dataset: {split: counter.to_json() for split, counter in splits.items()}
            for dataset, splits in self.splits.items()
        }


def in_order(splits: Iterable[str]) -> list[str]:
    """Return splits without repetition, the usual ones first and in their usual order."""
    usual = ("train", "val", "test")
    given = dict.fromkeys(splits)
    return [split for split in dict.fromkeys([*usual, *given]) if split in given]


def summed(counters: Iterable[SplitCounter]) -> SplitCounter:
    """Return the sum of several counters; posts that stand in several are counted in each."""
    total = SplitCounter()
    for one in counters:
        for name in ("rows", "posts", "disagreed", "silent", "evidence"):
            setattr(total, name, getattr(total, name) + getattr(one, name))
        for name in ("labels", "gold_from", "explained_by", "rounds", "finish_reasons"):
            getattr(total, name).update(getattr(one, name))
        total.post_words += one.post_words
        total.explanation_words += one.explanation_words
    return total


def label_table(
    dataset: Dataset, splits: Mapping[str, SplitCounter], names: Sequence[str]
) -> list[tuple[str, str, list[int]]]:
    """Return aspect, label and rows per split, in the order of the declaration, zeros included:
    a label that no row has is worth seeing."""
    return [
        (
            question.aspect,
            label.name,
            [splits[n].labels[question.aspect, label.name] if n in splits else 0 for n in names],
        )
        for question in dataset.questions
        for label in dataset.labels
    ]

"""What an analysis of errors comes to, as values: the terminal, ``--json`` and reports are made
from it.

No text of a post is in it unless it was asked for, apart from single words, each of which occurs in
at least five posts of its dataset: no post can be known again by them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

UNPARSED = "(unparsed)"
NO_ANSWER = "(no answer)"
MOST_RUNS = ""  # what stands for the runs together: an example is missed if more than half miss it


@dataclass(frozen=True)
class Missed:
    """An example that no run gets right.

    ``answers`` holds each run's label by the run's name, or ``(unparsed)`` or ``(no answer)`` where
    there is none. ``unread``: there is no label from any run. ``chance`` is the product of the
    runs' shares of errors on examples of the same question and gold label: how often such an
    example would be missed by all if runs erred independently. ``post`` is empty unless posts were
    asked for.
    """

    dataset: str
    id: str
    aspect: str
    gold: str
    answers: Mapping[str, str]
    unread: bool
    chance: float
    post: str = ""


@dataclass(frozen=True)
class Flip:
    """An example that some runs get right and others miss.

    ``right`` and ``wrong`` name the runs, those with the fewest errors on the dataset first.
    ``inversions`` counts the pairs of runs in which the better one misses it and the worse one is
    right: most where the runs are split in halves and the better half is wrong.
    """

    dataset: str
    id: str
    aspect: str
    gold: str
    answers: Mapping[str, str]
    right: Sequence[str]
    wrong: Sequence[str]
    inversions: int
    post: str = ""


@dataclass(frozen=True)
class Contradiction:
    """An answer of one run that says two things: ``label`` is what counts, ``other`` the second.

    ``between`` says where ``other`` comes from: the explanation, which argues for it, or the model
    itself, which gave it as its label beside a text that the labeler read otherwise. ``label`` is
    ``(unparsed)`` where the labeler found none. ``right`` says which of the two is the gold label.
    """

    dataset: str
    id: str
    aspect: str
    gold: str
    run: str
    between: Literal["explanation", "model"]
    label: str
    other: str
    right: Literal["label", "other", "neither"]
    post: str = ""


@dataclass(frozen=True)
class DistinctiveWord:
    """A word that missed examples of a dataset have more often than right ones.

    ``run`` is a run's name, or empty for the runs together. ``missed`` and ``right`` count the
    examples that have the word, of ``missed_all`` and ``right_all``. ``z`` is the log-odds ratio
    over its standard error, within question and gold label; ``p`` its one-sided p value, corrected
    for all words of all datasets and runs (false discovery rate).
    """

    dataset: str
    run: str
    word: str
    missed: int
    right: int
    missed_all: int
    right_all: int
    z: float
    p: float


@dataclass(frozen=True)
class Cluster:
    """Posts with words in common of which a run misses more than chance explains.

    ``run`` is a run's name, or empty for the runs together. All examples of a cluster have the
    question ``aspect`` and the gold label ``gold``; ``predicted`` is the answer most often given to
    the missed ones. ``words`` tell the cluster's posts from the others of the dataset, the clearest
    first. ``missed`` (with these ``ids``) and ``right`` count the examples in the cluster,
    ``missed_others`` and ``right_others`` those of the same question and gold label outside it.
    ``p`` is that of Fisher's exact test, one-sided, corrected for all clusters of all datasets and
    runs (false discovery rate).
    """

    dataset: str
    run: str
    aspect: str
    gold: str
    predicted: str
    words: Sequence[str]
    missed: int
    right: int
    missed_others: int
    right_others: int
    p: float
    ids: Sequence[str]

    @property
    def share(self) -> float:
        """The share missed in the cluster."""
        return self.missed / (self.missed + self.right)

    @property
    def share_others(self) -> float:
        """The share missed outside it, of the same question and gold label."""
        return self.missed_others / max(1, self.missed_others + self.right_others)


@dataclass(frozen=True)
class RunCounts:
    """One run on one dataset. ``errors`` holds the ``unparsed`` ones and those with ``no_answer`` too
    (failed, or not asked); ``contradictions`` counts answers that say two things; ``only_right``
    examples are right by this run alone, ``only_wrong`` missed by it alone."""

    errors: int
    unparsed: int
    no_answer: int
    contradictions: int
    only_right: int
    only_wrong: int


@dataclass(frozen=True)
class DatasetCounts:
    """How many of a dataset's ``examples`` went wrong, by how many runs.

    ``left_out`` examples are not in every run. ``missed_by`` counts the examples that exactly
    0, 1, 2 ... runs miss. ``expected_missed_by_all`` and ``expected_right_by_all`` are what there
    would be if runs erred independently of one another: the sums of the products of their shares of
    errors (of right answers) among examples of the same question and gold label. ``unread_by_all``
    examples have no label from any run. ``runs`` holds each run's own counts by its name.
    """

    dataset: str
    examples: int
    left_out: int
    missed_by: Sequence[int]
    expected_missed_by_all: float
    expected_right_by_all: float
    unread_by_all: int
    runs: Mapping[str, RunCounts]

    @property
    def missed_by_all(self) -> int:
        """How many examples every run misses."""
        return self.missed_by[-1]

    @property
    def right_by_all(self) -> int:
        """How many examples every run gets right."""
        return self.missed_by[0]

    @property
    def flips(self) -> int:
        """How many examples some runs get right and others miss."""
        return self.examples - self.missed_by_all - self.right_by_all


@dataclass(frozen=True)
class ErrorAnalysis:
    """What runs get wrong, on the examples that all of them have.

    ``missed_by_all`` begins with what is least to be expected, ``flips`` with the most informative,
    ``clusters`` and ``words`` with the clearest. ``left_out`` says what could not be looked at, and
    why.
    """

    runs: Sequence[str]
    counts: Sequence[DatasetCounts]
    missed_by_all: Sequence[Missed]
    flips: Sequence[Flip]
    contradictions: Sequence[Contradiction]
    clusters: Sequence[Cluster]
    words: Sequence[DistinctiveWord]
    left_out: Sequence[str] = ()

    def to_json(self) -> dict[str, object]:
        """Return one JSON object; what follows from the fields is added."""
        found = dataclasses.asdict(self)
        for row, cluster in zip(found["clusters"], self.clusters, strict=True):
            row |= {"share": cluster.share, "share_others": cluster.share_others}
        for row, counts in zip(found["counts"], self.counts, strict=True):
            row |= {name: getattr(counts, name) for name in _COUNTED}
        return found


_COUNTED = ("missed_by_all", "right_by_all", "flips")

"""What a comparison of runs comes to, as values: tables, reports and ``--json`` are made from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from imhi._core.comparing.answers import ALL, Answers
from imhi._core.statistics.significance import ALPHA


@dataclass(frozen=True)
class ComparedMetric:
    """A measure that runs were compared by. ``made_by`` is the metric it comes from; one that is no
    ``headline`` is about a part of the examples (a class's recall)."""

    name: str
    made_by: str
    decimals: int
    higher_is_better: bool
    headline: bool = True


@dataclass(frozen=True)
class ModelValue:
    """A run's value with its 95% interval, and its rank among the runs compared.

    ``dataset`` names a dataset, or is empty for a mean, whose ``over`` is ``datasets`` or
    ``tasks``. ``rank`` is 1 for the best; runs of equal value share the better rank.
    ``rank_low`` and ``rank_high`` hold 95% of the ranks in resamples of the same posts. Bounds are
    None where there is no interval: of one post only. ``cross_fitted``: see
    :class:`~imhi._core.results.ScoreRow`.
    """

    metric: str
    dataset: str
    over: str
    name: str
    value: float
    low: float | None
    high: float | None
    rank: int
    rank_low: int
    rank_high: int
    cross_fitted: bool = False


@dataclass(frozen=True)
class Disagreement:
    """Where two runs' labels differ in being right: McNemar's exact test.

    ``only_a`` examples have the right label from ``a`` alone, ``only_b`` from ``b`` alone. ``p`` is
    two-sided; it takes rows as independent, which rows about one post are not.
    """

    only_a: int
    only_b: int
    p: float


@dataclass(frozen=True)
class ExampleCounts:
    """What counting examples says of two runs; see :class:`Pair`. None where it says nothing."""

    better: int | None = None
    equal: int | None = None
    worse: int | None = None
    labels: Disagreement | None = None
    effect: float | None = None
    effect_name: str = ""


@dataclass(frozen=True)
class Pair:
    """Two runs on the same examples, by one metric.

    ``difference`` is ``a`` minus ``b`` with its 95% interval; ``p`` is that of the
    permutation test that permutes both runs' answers to whole posts; ``p_holm`` is corrected for
    the number of datasets (for a mean it is ``p``). ``effect`` is Cohen's g for labels and Cohen's
    d_z for scores per example, positive where ``a`` is better; None where it is not defined.
    ``better, equal, worse`` count examples from the side of ``a``. ``posts_needed`` is about how
    many posts would show a difference as large as this one with 80% power at 5%; None where the
    difference is nothing. ``detectable`` is the difference that so many posts as there are would show
    with 80% power. ``significant``: ``p_holm`` is below 0.05.
    """

    metric: str
    dataset: str
    over: str
    a: str
    b: str
    difference: float
    low: float | None
    high: float | None
    p: float
    p_holm: float
    posts: int
    examples: int
    effect: float | None = None
    effect_name: str = ""
    better: int | None = None
    equal: int | None = None
    worse: int | None = None
    labels: Disagreement | None = None
    posts_needed: int | None = None
    detectable: float | None = None

    @property
    def significant(self) -> bool:
        """Whether the difference is more than chance."""
        return self.p_holm < ALPHA

    def turned(self) -> Pair:
        """Return a pair seen from its other side."""
        labels = self.labels
        return dataclasses.replace(
            self,
            a=self.b,
            b=self.a,
            difference=-self.difference,
            low=None if self.high is None else -self.high,
            high=None if self.low is None else -self.low,
            effect=None if self.effect is None else -self.effect,
            better=self.worse,
            worse=self.better,
            labels=labels and Disagreement(labels.only_b, labels.only_a, labels.p),
        )


@dataclass(frozen=True)
class EngineDifference:
    """Something that may change answers, in which runs differ: what each run tells, by its name, None
    where it tells nothing."""

    name: str
    values: Mapping[str, str | None]


@dataclass(frozen=True)
class Comparison:
    """Runs beside each other on the same examples. ``runs`` are their folders, by which they are told
    apart; ``names`` are what each is called, no two alike, and what values and pairs call them by.
    ``left_out`` says what could not be compared, and why; ``view``
    names the gold labels and rows that count (empty: the released ones, all); ``answers`` count, for
    each run and dataset, the ``rows`` compared that it did not answer; ``engine_differences`` are what
    else may change answers, in which runs differ."""

    names: Sequence[str]
    runs: Sequence[str]
    labeler: str
    split: str
    source: str
    synthetic: bool
    datasets: Sequence[str]
    metrics: Mapping[str, ComparedMetric]
    values: Sequence[ModelValue]
    pairs: Sequence[Pair]
    left_out: Sequence[str] = ()
    notes: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    view: str = ""
    rows: str = ALL
    answers: Sequence[Answers] = ()
    engine_differences: Sequence[EngineDifference] = ()

    def __post_init__(self) -> None:
        if len(set(self.names)) < len(self.names) or len(self.names) != len(self.runs):
            raise ValueError(f"found the names {self.names} of {self.runs}, expected one for each")

    def value(self, name: str, metric: str, dataset: str = "", over: str = "") -> ModelValue | None:
        """Return one run's value, if it has one."""
        return self._values.get((name, metric, dataset, over))

    def pair(self, a: str, b: str, metric: str, dataset: str = "", over: str = "") -> Pair | None:
        """Return the comparison of two runs, ``a`` first, whichever way round it was made."""
        found = self._pairs.get((a, b, metric, dataset, over))
        if found is not None:
            return found
        other = self._pairs.get((b, a, metric, dataset, over))
        return None if other is None else other.turned()

    def missing(self, name: str, dataset: str = "") -> int:
        """Return how many of the rows compared, of a dataset or of all, a run did not answer."""
        return sum(
            one.missing for one in self.answers if one.name == name and dataset in ("", one.dataset)
        )

    @cached_property
    def _values(self) -> dict[tuple[str, str, str, str], ModelValue]:
        return {(v.name, v.metric, v.dataset, v.over): v for v in self.values}

    @cached_property
    def _pairs(self) -> dict[tuple[str, str, str, str, str], Pair]:
        return {(p.a, p.b, p.metric, p.dataset, p.over): p for p in self.pairs}

    def to_json(self) -> dict[str, object]:
        """Return the object that ``--json`` prints: values and pairs have their runs' folders too."""
        folder_of = dict(zip(self.names, self.runs, strict=True))
        found = dataclasses.asdict(self)
        found["values"] = [{**row, "run": folder_of[row["name"]]} for row in found["values"]]
        found["pairs"] = [
            {**row, "run_a": folder_of[row["a"]], "run_b": folder_of[row["b"]]}
            for row in found["pairs"]
        ]
        return found

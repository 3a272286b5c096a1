"""What varying the prompt comes to, as values: tables and ``--json`` are made from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imhi.plugins.robustness.rank_agreement import RankAgreement
from imhi.runs import ComparedMetric, statistics


@dataclass(frozen=True)
class Varied:
    """A model under another prompt, by one metric.

    ``dataset`` is empty for the mean over datasets. ``difference`` is the value minus that under the
    base prompt, with its 95% interval; ``p`` is that of the permutation test, and
    ``p_holm`` is corrected for the number of prompts tried on this model and dataset. ``flips`` is the
    share of examples, in percent, whose label is another one than under the base prompt (*no
    label* counts as a label); ``reworded`` the share that was asked in other words at all: a short
    post is not cut.
    """

    metric: str
    dataset: str
    model: str
    prompt: str
    kind: str
    run: str
    value: float
    difference: float
    low: float | None
    high: float | None
    p: float
    p_holm: float
    flips: float
    reworded: float

    @property
    def significant(self) -> bool:
        """Whether the difference is more than chance."""
        return self.p_holm < statistics.ALPHA


@dataclass(frozen=True)
class Spread:
    """How far a model's value moves with the prompt.

    ``value`` is that under the ``base`` prompt; ``mean``, ``deviation`` (standard deviation, n - 1)
    and the range from ``lowest`` to ``highest`` are over all ``prompts``, the base among them.
    ``worst`` and ``best`` name prompts, the base where it is as good. ``flips`` is the mean share of
    labels that change; ``moved`` counts prompts whose difference is more than chance.
    """

    metric: str
    dataset: str
    model: str
    base: str
    value: float
    mean: float
    deviation: float
    lowest: float
    highest: float
    worst: str
    best: str
    flips: float
    moved: int
    prompts: int


@dataclass(frozen=True)
class OrderShift:
    """The order of models under another prompt against that under their base prompts."""

    metric: str
    dataset: str
    prompt: str
    models: Sequence[str]
    agreement: RankAgreement


@dataclass(frozen=True)
class Variation:
    """Models asked in other words. ``kept_out`` says what could not be measured, and why."""

    models: Sequence[str]
    datasets: Sequence[str]
    metrics: Mapping[str, ComparedMetric]
    labeler: str
    split: str
    source: str
    synthetic: bool
    spreads: Sequence[Spread]
    varied: Sequence[Varied]
    orders: Sequence[OrderShift]
    kept_out: Sequence[str] = ()
    settings: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Return the object that ``--json`` prints."""
        return dataclasses.asdict(self)

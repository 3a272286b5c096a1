"""What a meta-evaluation comes to, as values: correlations, agreement, and which metric beats which."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imhi import Array
from imhi.runs import statistics


@dataclass(frozen=True)
class Figure:
    """A value with its 95% interval; None where undefined, for the reason in ``why``.

    ``n`` answers (of an annotators' figure: annotators) are behind it. ``undefined_draws`` is the
    share of resamples without a value: the interval is that of the others.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    why: str = ""
    undefined_draws: float = 0.0

    @property
    def above_zero(self) -> bool:
        """Say whether the whole interval is above 0."""
        return self.low is not None and self.low > 0


@dataclass(frozen=True)
class Agreement:
    """How far annotators agree on a mark. ``leave_one_out`` is by coefficient, as is
    ``system_alone``: what a metric would reach that knew which system gave an answer (its mean
    mark) and nothing about the answer; pooled only."""

    alpha: Figure
    leave_one_out: Mapping[str, Figure]
    system_alone: Mapping[str, Figure]

    @property
    def no_ceiling(self) -> bool:
        """Annotators do not demonstrably agree, so metrics have nothing to agree with."""
        return not self.alpha.above_zero


@dataclass(frozen=True)
class Comparison:
    """Whether ``first`` follows a mark more closely than ``second`` (difference above 0).

    Both are turned so that higher is better. ``statistic`` is t (Williams) or z (bootstrap); None
    where the test is not defined.
    """

    mark: str
    coefficient: str
    first: str
    second: str
    n: int
    difference: float | None
    low: float | None
    high: float | None
    test: str
    statistic: float | None
    p: float | None
    p_holm: float | None

    @property
    def better(self) -> str:
        """The metric that beats the other; empty where neither does."""
        if self.p_holm is None or self.p_holm >= statistics.ALPHA or not self.difference:
            return ""
        return self.first if self.difference > 0 else self.second

    @property
    def worse(self) -> str:
        """The metric that the other beats; empty where neither does."""
        return self.second if self.better == self.first else self.first if self.better else ""


@dataclass(frozen=True)
class Panel:
    """One system's figures, or those of all pooled: ``correlations`` by metric, mark and
    coefficient; ``agreement`` by mark."""

    name: str
    pooled: bool
    answers: int
    posts: int
    annotators: int
    correlations: Mapping[tuple[str, str, str], Figure]
    agreement: Mapping[str, Agreement]
    comparisons: Sequence[Comparison]


def figure_of(value: float, draws: Array, n: int, why: str) -> Figure:
    """Return a value with the interval of its draws, shape (resamples,); none where ``why`` says that
    it is undefined."""
    if why or not math.isfinite(value):
        return Figure(None, None, None, n, why or "undefined")
    finite = np.isfinite(draws)
    if not finite.any():
        return Figure(plain(value), None, None, n, "", 1.0)
    bounds = statistics.interval(value, draws)
    missing = round(1 - float(finite.mean()), 6)
    return Figure(plain(value), plain(bounds.low), plain(bounds.high), n, "", missing)


def plain(value: float) -> float | None:
    """Return a number for JSON; rounded, so that the order of sums does not show."""
    return round(value, 9) + 0.0 if math.isfinite(value) else None

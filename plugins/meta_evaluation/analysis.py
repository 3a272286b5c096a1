"""All figures of a meta-evaluation: for each system, then for all of them together (pooled)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from imhi import Array
from imhi.plugins.meta_evaluation.agreement import (
    alpha_draws,
    leave_one_out,
    mark_counts,
    mean_defined,
    mean_mark,
)
from imhi.plugins.meta_evaluation.comparisons import paired_bootstrap, williams
from imhi.plugins.meta_evaluation.correlations import (
    COEFFICIENTS,
    correlation,
    draw_weights,
    why_undefined,
)
from imhi.plugins.meta_evaluation.figures import (
    Agreement,
    Comparison,
    Figure,
    Panel,
    figure_of,
    plain,
)
from imhi.plugins.meta_evaluation.metric_values import Column
from imhi.runs import statistics

POOLED = "pooled"


def panels(
    columns: Sequence[Column],
    marks: Mapping[str, Array],
    systems: Sequence[str],
    posts: Sequence[str],
    resamples: int,
    seed: int,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> list[Panel]:
    """Return a panel per system, then the pooled one where there are several.

    ``marks`` are by kind, shape (answers, annotators), NaN for none. ``systems`` and ``posts`` name
    each answer's. All metrics of a panel see the same resamples. ``advance`` is told how many of
    the panels' marks are done.
    """
    names = list(dict.fromkeys(systems))
    chosen = [(name, np.array([s == name for s in systems])) for name in names]
    if len(names) > 1:
        chosen.append((POOLED, np.ones(len(systems), dtype=bool)))
    found: list[Panel] = []
    for position, (name, rows) in enumerate(chosen):
        keys = [post for post, inside in zip(posts, rows, strict=True) if inside]
        weights = draw_weights(keys, resamples, seed)
        correlations: dict[tuple[str, str, str], Figure] = {}
        agreements = {}
        comparisons: list[Comparison] = []
        here = [Column(c.name, c.values[rows], "", c.higher_is_better, c.headline) for c in columns]
        for number, (mark, given) in enumerate(marks.items()):
            inside = given[rows]
            inside = inside[:, ~np.isnan(inside).all(axis=0)]  # annotators of other systems
            target = mean_mark(inside)
            of_system = _system_means(target, systems) if position == len(names) else None
            agreements[mark] = _agreement(inside, target, of_system, weights)
            figures, tests = _mark(mark, here, target, weights)
            correlations.update(figures)
            comparisons += tests
            advance(position * len(marks) + number + 1, len(chosen) * len(marks))
        found.append(
            Panel(
                name=name,
                pooled=position == len(names),
                answers=int(rows.sum()),
                posts=len(set(keys)),
                annotators=max(_given(given[rows]) for given in marks.values()),
                correlations=correlations,
                agreement=agreements,
                comparisons=comparisons,
            )
        )
    return found


def _given(marks: Array) -> int:
    return int((~np.isnan(marks)).any(axis=0).sum())


def _system_means(target: Array, systems: Sequence[str]) -> Array:
    """Return for each answer the mean mark of its system."""
    names = np.array(systems)
    means = np.full(len(target), np.nan)
    for name in set(systems):
        means[names == name] = mean_defined(target[names == name])
    return means


def _agreement(marks: Array, target: Array, of_system: Array | None, weights: Array) -> Agreement:
    counts = mark_counts(marks)
    value = statistics.agreement.krippendorff_alpha(counts)
    why = "" if math.isfinite(value) else "all marks are alike, or each answer has only one"
    draws = alpha_draws(counts, weights) if not why else np.full(len(weights), np.nan)
    ones = np.ones((1, len(marks)))
    others = {}
    for name in COEFFICIENTS:
        alone = leave_one_out(name, marks, ones)[:, 0]
        counted = int((~np.isnan(alone)).sum())
        others[name] = figure_of(
            float(mean_defined(alone)),
            mean_defined(leave_one_out(name, marks, weights)),
            counted,
            "" if counted else "no annotator's marks vary with those of others",
        )
    alone_figures = {} if of_system is None else _figures(of_system, target, weights)
    return Agreement(figure_of(value, draws, len(marks), why), others, alone_figures)


def _figures(x: Array, target: Array, weights: Array) -> dict[str, Figure]:
    """Return one column's correlations with the marks, by coefficient."""
    rows = ~np.isnan(x) & ~np.isnan(target)
    x, y, weights = x[rows], target[rows], weights[:, rows]
    why = why_undefined(x, y)
    return {
        name: figure_of(
            math.nan if why else correlation(name, x, y),
            np.full(1, np.nan) if why else coefficient(x, y, weights),
            len(x),
            why,
        )
        for name, coefficient in COEFFICIENTS.items()
    }


def _mark(
    mark: str, columns: Sequence[Column], target: Array, weights: Array
) -> tuple[dict[tuple[str, str, str], Figure], list[Comparison]]:
    """Return every metric's correlations with one mark, and the tests between metrics."""
    drawn = _Draws(columns, target, weights)
    figures = {}
    for index, column in enumerate(columns):
        rows = drawn.rows(index)
        x, y = column.values[rows], target[rows]
        why = why_undefined(x, y)
        # Draws are of values turned so that higher is better; the figure is of those as they are.
        sign = -1.0 if column.higher_is_better is False else 1.0
        for name in COEFFICIENTS:
            value = math.nan if why else correlation(name, x, y)
            draws = np.full(1, np.nan) if why else sign * drawn.of(name, index, rows)
            figures[column.name, mark, name] = figure_of(value, draws, int(rows.sum()), why)
    comparisons: list[Comparison] = []
    for name in COEFFICIENTS:
        pairs = [
            _compare(mark, name, drawn, first, second)
            for first, second in itertools.combinations(range(len(columns)), 2)
            if columns[first].headline and columns[second].headline
        ]
        tested = statistics.holm([math.nan if pair.p is None else pair.p for pair in pairs])
        comparisons += [
            replace(pair, p_holm=plain(p)) for pair, p in zip(pairs, tested, strict=True)
        ]
    return figures, comparisons


class _Draws:
    """Correlations with one target on all resamples, each computed once."""

    def __init__(self, columns: Sequence[Column], target: Array, weights: Array) -> None:
        self.columns, self.target, self.weights = columns, target, weights
        self._known: dict[tuple[str, int, bytes], Array] = {}

    def rows(self, *indices: int) -> np.ndarray:
        """Return which answers have a mark and a value of all these metrics."""
        counted = ~np.isnan(self.target)
        for index in indices:
            counted &= ~np.isnan(self.columns[index].values)
        return counted

    def of(self, name: str, index: int, rows: np.ndarray) -> Array:
        key = (name, index, rows.tobytes())
        if key not in self._known:
            x = self.columns[index].oriented[rows]
            weights = self.weights[:, rows]
            self._known[key] = COEFFICIENTS[name](x, self.target[rows], weights)
        return self._known[key]


def _compare(mark: str, name: str, drawn: _Draws, first: int, second: int) -> Comparison:
    """Compare two metrics on the answers that both have a value for."""
    rows = drawn.rows(first, second)
    y = drawn.target[rows]
    x1, x2 = (drawn.columns[index].oriented[rows] for index in (first, second))
    difference = low = high = statistic = p = math.nan
    if not why_undefined(x1, y) and not why_undefined(x2, y):
        r1, r2 = correlation(name, x1, y), correlation(name, x2, y)
        draws = drawn.of(name, first, rows) - drawn.of(name, second, rows)
        difference = r1 - r2
        bounds = statistics.interval(difference, draws)
        low, high = bounds.low, bounds.high
        if name == "pearson":
            statistic, p = williams(r1, r2, correlation(name, x1, x2), int(rows.sum()))
        else:
            statistic, p = paired_bootstrap(difference, draws, int(rows.sum()))
    return Comparison(
        mark=mark,
        coefficient=name,
        first=drawn.columns[first].name,
        second=drawn.columns[second].name,
        n=int(rows.sum()),
        difference=plain(difference),
        low=plain(low),
        high=plain(high),
        test="williams" if name == "pearson" else "paired bootstrap",
        statistic=plain(statistic),
        p=plain(p),
        p_holm=None,
    )

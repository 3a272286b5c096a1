"""A comparison of runs in a terminal: who is first, and which differences are real.

Two runs have one table, a row for each dataset. More have a table of ranks, the tests of the means,
and the datasets' tests of neighbours in rank (all pairs with ``--all``).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from imhi._core.cli.console import out
from imhi._core.comparing.answers import Answers
from imhi._core.comparing.result import ComparedMetric, Comparison, Pair
from imhi._core.published import PublishedResult
from imhi._core.tables.figures import (
    closing,
    crossed,
    crossed_note,
    interval,
    means_over,
    p_value,
    titled,
)
from imhi._core.tables.table import Table
from imhi._core.tables.terminal import show_notes, show_table

_METHOD = (
    "Differences: first minus second, 95% intervals over posts. p: permutation test "
    "(both runs' answers to a post are exchanged), Holm-corrected over datasets; * is below 0.05. "
    "needed: about how many posts would show such a difference with 80% power. right: examples that "
    "only the first / only the second gets right (McNemar's exact test: a wide terminal, or --json). "
    "effect: Cohen's g for labels (0.05 small, 0.15 medium, 0.25 large), else d_z."
)
_MANY = 1_000_000
_WIDE = 100  # columns of a terminal from which there is room for more


def show_comparison(
    comparison: Comparison,
    published: Sequence[PublishedResult],
    against: str | None,
    show_all: bool,
) -> None:
    """Print a comparison; ``against`` names the one run that others are tested against."""
    for metric in comparison.metrics.values():
        order = _order(comparison, metric)
        beside = _beside(published, metric)
        if len(comparison.names) > 2 or beside:
            _show_ranks(comparison, metric, order, beside)
        if len(comparison.names) > 2 and len(comparison.datasets) > 1:
            _show_means(comparison, metric, _chosen_pairs(order, against, True))
        for a, b in _chosen_pairs(order, against, show_all):
            _show_pair(comparison, metric, a, b)
    offer = [Answers.OFFER] if _unanswered(comparison) else []
    notes = [*comparison.left_out, *comparison.notes, *offer]
    show_notes([*notes, *_remarks(comparison, published)])


def _remarks(comparison: Comparison, published: Sequence[PublishedResult]) -> list[str]:
    seen = f", view {comparison.view}" if comparison.view else ""
    remarks = [
        f"{comparison.source}, split {comparison.split}{seen}; labels read by {comparison.labeler}."
    ]
    remarks += means_over(comparison.datasets)
    remarks += [_METHOD] if comparison.pairs else []
    remarks += crossed_note(any(value.cross_fitted for value in comparison.values))
    if any(row.metric in comparison.metrics for row in published):
        sources = dict.fromkeys(f"{row.source}, {row.table}: {row.obtained}" for row in published)
        remarks.append(f"published: not measured here ({'; '.join(sources)}).")
    return [*remarks, *closing(comparison.synthetic)]


def _ranked_by(comparison: Comparison) -> tuple[str, str]:
    """Return what runs are ranked by: the mean over datasets, or the one dataset."""
    return ("", "datasets") if len(comparison.datasets) > 1 else (comparison.datasets[0], "")


def _order(comparison: Comparison, metric: ComparedMetric) -> list[str]:
    """Return the runs, best first."""
    ranks = {
        v.name: v.rank
        for v in comparison.values
        if (v.metric, v.dataset, v.over) == (metric.name, *_ranked_by(comparison))
    }
    return sorted(comparison.names, key=lambda name: ranks[name])


def _chosen_pairs(order: Sequence[str], against: str | None, every: bool) -> list[tuple[str, str]]:
    if against is not None:
        return [(name, against) for name in order if name != against]
    return list(itertools.combinations(order, 2)) if every else list(itertools.pairwise(order))


def _show_ranks(
    comparison: Comparison,
    metric: ComparedMetric,
    order: Sequence[str],
    beside: Mapping[str, Mapping[str, float]],
) -> None:
    """Print ranks by the mean over datasets, and beside them who won how often."""
    dataset, over = _ranked_by(comparison)
    won = _tallies(comparison, metric)
    rows = []
    for name in order:
        value = comparison.value(name, metric.name, dataset, over)
        assert value is not None
        rows.append(
            {
                "run": name,
                "rank": value.rank,
                "95%": "-".join(dict.fromkeys(map(str, (value.rank_low, value.rank_high)))),
                "value": crossed(
                    interval(value.value, value.low, value.high, metric.decimals),
                    value.cross_fitted,
                ),
                "won/tied/lost": "/".join(map(str, won[name])),
            }
            | _no_answer(comparison, name)
        )
    for model, values in beside.items():
        # A mean over other datasets would invite the comparison that it does not bear.
        complete = len(values) == len(comparison.datasets)
        mean = sum(values.values()) / len(values) if complete else None
        cells = {
            "run": f"{model} (published)",
            "value": interval(mean, None, None, metric.decimals),
        }
        rows.append({**dict.fromkeys(rows[0], ""), **cells})
    what = dataset or f"mean over {len(comparison.datasets)} datasets"
    show_table(Table.of(f"{titled(metric)} - {what}", rows), gap=True)


def _beside(
    published: Sequence[PublishedResult], metric: ComparedMetric
) -> dict[str, dict[str, float]]:
    """Return the published values of a measure by model and dataset; a model that several
    publications have figures of is told apart by them."""
    by_source: dict[tuple[str, str], dict[str, float]] = {}
    for row in published:
        if row.metric == metric.name:
            by_source.setdefault((row.model, row.source), {})[row.dataset] = row.value
    models = [model for model, _ in by_source]
    return {
        f"{model}, {source}" if models.count(model) > 1 else model: values
        for (model, source), values in by_source.items()
    }


def _tallies(comparison: Comparison, metric: ComparedMetric) -> Mapping[str, list[int]]:
    """Count, for each run, the tests (each other run on each dataset) that say it is better, say
    nothing, say it is worse."""
    counts = {name: [0, 0, 0] for name in comparison.names}
    sign = 1 if metric.higher_is_better else -1
    for pair in comparison.pairs:
        if pair.metric != metric.name or pair.over:
            continue
        for name, difference in ((pair.a, pair.difference), (pair.b, -pair.difference)):
            place = 1 if not pair.significant else 0 if sign * difference > 0 else 2
            counts[name][place] += 1
    return counts


def _show_means(
    comparison: Comparison, metric: ComparedMetric, pairs: Sequence[tuple[str, str]]
) -> None:
    tested = [comparison.pair(a, b, metric.name, over="datasets") for a, b in pairs]
    rows = [
        {
            "runs": f"{pair.a} - {pair.b}",
            **_tested(pair, metric),
            **_no_answer(comparison, pair.a, pair.b),
            "needed": _needed(pair),
        }
        for pair in tested
        if pair is not None
    ]
    title = f"{titled(metric)} - differences of the means over {len(comparison.datasets)} datasets"
    show_table(Table.of(title, rows), gap=True)


def _show_pair(comparison: Comparison, metric: ComparedMetric, a: str, b: str) -> None:
    """Print a line for each dataset, then the mean over them."""
    pairs = [pair for pair in comparison.pairs if pair.metric == metric.name]
    counted = any(pair.better is not None for pair in pairs)
    labels = any(pair.labels is not None for pair in pairs)
    wide = out().width >= _WIDE
    places = [(dataset, "") for dataset in comparison.datasets]
    places += [("", "datasets")] if len(comparison.datasets) > 1 else []
    rows = []
    for dataset, over in places:
        pair = comparison.pair(a, b, metric.name, dataset, over)
        assert pair is not None
        values = [comparison.value(name, metric.name, dataset, over) for name in (a, b)]
        first, second = (
            crossed(
                interval(v.value if v else None, None, None, metric.decimals),
                v is not None and v.cross_fitted,
            )
            for v in values
        )
        row = {"dataset": dataset or "mean", "first": first, "second": second}
        row |= _tested(pair, metric)
        row |= _no_answer(comparison, a, b, dataset=dataset)
        row["needed"] = _needed(pair)
        # What counts examples stands together, behind what is about the measure.
        if counted:
            right = "" if pair.better is None else f"{pair.better}/{pair.worse}"
            row["right" if labels else "better"] = right
        if counted and (wide or "no answer" not in row):
            row["effect"] = (
                "" if pair.effect is None else interval(pair.effect, None, None, 2, signed=True)
            )
        if labels and wide:
            row["McNemar p"] = "" if pair.labels is None else p_value(pair.labels.p)
        rows.append(row)
    show_table(Table.of(f"{titled(metric)} - {a} against {b}", rows), gap=True)


def _unanswered(comparison: Comparison) -> bool:
    return any(one.missing for one in comparison.answers)


def _no_answer(comparison: Comparison, *names: str, dataset: str = "") -> dict[str, str]:
    """Return how many rows each of these runs did not answer, if any run left one."""
    if not _unanswered(comparison):
        return {}
    return {"no answer": "/".join(f"{comparison.missing(name, dataset):,}" for name in names)}


def _tested(pair: Pair, metric: ComparedMetric) -> dict[str, str]:
    difference = interval(pair.difference, pair.low, pair.high, metric.decimals, signed=True)
    return {"difference": difference, "p": p_value(pair.p_holm)}


def _needed(pair: Pair) -> str:
    """Say how many posts would show the difference, where these do not."""
    if pair.significant:
        return ""
    if pair.posts_needed is None or pair.posts_needed > _MANY:
        return f">{_MANY // 1_000_000} M"
    return f"{pair.posts_needed:,}"

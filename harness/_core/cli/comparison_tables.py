"""A comparison of runs in a terminal: who is first, and which differences are real.

Two runs have one table, a row for each dataset. More have a table of ranks, the tests of the means,
and the datasets' tests of neighbours in rank (all pairs with ``--all``).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from imhi._core.cli.console import out
from imhi._core.cli.tables import print_table
from imhi._core.comparing.result import ComparedMetric, Comparison, Pair
from imhi._core.published import PublishedResult
from imhi._core.sanitizing import plain
from imhi._core.statistics.significance import ALPHA

_METHOD = (
    "Differences: first minus second, 95% paired bootstrap intervals over posts. p: permutation test "
    "(both runs' answers to a post are exchanged), Holm-corrected over datasets; * is below 0.05. "
    "right: examples that only the first / only the second gets right (McNemar's exact test: "
    "a wide terminal, or --json). effect: Cohen's g for labels (0.05 small, 0.15 medium, 0.25 large), "
    "else d_z. needed: about how many posts would show such a difference with 80% power."
)
_MANY = 1_000_000
_WIDE = 100  # columns of a terminal from which there is room for more


def show_comparison(
    found: Comparison,
    published: Sequence[PublishedResult],
    against: str | None,
    show_all: bool,
) -> None:
    """Print a comparison; ``against`` names the one run that others are tested against."""
    for metric in found.metrics.values():
        order = _order(found, metric)
        if len(found.names) > 2 or _beside(published, metric):
            _show_ranks(found, metric, order, published)
        pairs = _chosen_pairs(order, against, show_all)
        if len(found.names) > 2 and len(found.datasets) > 1:
            all_pairs = _chosen_pairs(order, against, True)
            _show_means(found, metric, all_pairs)
        for a, b in pairs:
            _show_pair(found, metric, a, b)
    for line in (*found.left_out, *found.notes, *_remarks(found, published)):
        out().print(plain(line), style="dim", markup=False)


def _remarks(found: Comparison, published: Sequence[PublishedResult]) -> list[str]:
    seen = f", view {found.view}" if found.view else ""
    split = f"{found.source}, split {found.split}{seen}; labels read by {found.labeler}."
    remarks = [split, _METHOD] if found.pairs else [split]
    if any(row.metric in found.metrics for row in published):
        sources = dict.fromkeys(f"{row.source}, {row.table}: {row.obtained}" for row in published)
        remarks.append(f"published: not measured here ({'; '.join(sources)}).")
    if found.synthetic:
        remarks.append("Demo posts are fictional: these scores are not IMHI results.")
    return [*remarks, "For non-clinical research only."]


def _order(found: Comparison, metric: ComparedMetric) -> list[str]:
    """Return the runs, best first: by the mean over datasets, or by the one dataset."""
    place = ("", "datasets") if len(found.datasets) > 1 else (found.datasets[0], "")
    ranks = {
        v.name: v.rank
        for v in found.values
        if (v.metric, v.dataset, v.over) == (metric.name, *place)
    }
    return sorted(found.names, key=lambda name: ranks[name])


def _chosen_pairs(order: Sequence[str], against: str | None, every: bool) -> list[tuple[str, str]]:
    if against is not None:
        return [(name, against) for name in order if name != against]
    return list(itertools.combinations(order, 2)) if every else list(itertools.pairwise(order))


def _show_ranks(
    found: Comparison,
    metric: ComparedMetric,
    order: Sequence[str],
    published: Sequence[PublishedResult],
) -> None:
    """Print ranks by the mean over datasets, and beside them who won how often."""
    over = "datasets" if len(found.datasets) > 1 else ""
    dataset = "" if over else found.datasets[0]
    won = _tallies(found, metric)
    rows = []
    for name in order:
        value = found.value(name, metric.name, dataset, over)
        assert value is not None
        span = "-".join(dict.fromkeys(map(str, (value.rank_low, value.rank_high))))
        shown = _interval(value.value, value.low, value.high, metric)
        rows.append([name, str(value.rank), span, shown, "/".join(map(str, won[name]))])
    for model, values in _beside(published, metric).items():
        mean = f"{sum(values.values()) / len(values):.{metric.decimals}f}"
        complete = len(values) == len(found.datasets)
        # A mean over other datasets would invite the comparison that it does not bear.
        rows.append([f"{model} (published)", "", "", mean if complete else "-", ""])
    what = f"mean over {len(found.datasets)} datasets" if over else dataset
    print_table(
        f"{_titled(metric)} - {what}",
        ["run", "rank", "95%", "value", "won/tied/lost"],
        rows,
    )
    out().print()


def _beside(
    published: Sequence[PublishedResult], metric: ComparedMetric
) -> dict[str, dict[str, float]]:
    """Return the published values of a measure by model and dataset; a model that several
    publications have figures of is told apart by them."""
    own = [row for row in published if row.metric == metric.name]
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in own:
        found.setdefault((row.model, row.source), {})[row.dataset] = row.value
    models = [model for model, _ in found]
    return {
        f"{model}, {source}" if models.count(model) > 1 else model: values
        for (model, source), values in found.items()
    }


def _tallies(found: Comparison, metric: ComparedMetric) -> Mapping[str, list[int]]:
    """Count, for each run, the tests (each other run on each dataset) that say it is better, say
    nothing, say it is worse."""
    counts = {name: [0, 0, 0] for name in found.names}
    sign = 1 if metric.higher_is_better else -1
    for pair in found.pairs:
        if pair.metric != metric.name or pair.over:
            continue
        for name, difference in ((pair.a, pair.difference), (pair.b, -pair.difference)):
            place = 1 if not pair.significant else 0 if sign * difference > 0 else 2
            counts[name][place] += 1
    return counts


def _show_means(
    found: Comparison, metric: ComparedMetric, pairs: Sequence[tuple[str, str]]
) -> None:
    rows = []
    for a, b in pairs:
        pair = found.pair(a, b, metric.name, over="datasets")
        assert pair is not None
        difference = _interval(pair.difference, pair.low, pair.high, metric, signed=True)
        rows.append([f"{a} - {b}", difference, _p(pair.p_holm), _needed(pair)])
    title = f"{_titled(metric)} - differences of the means over {len(found.datasets)} datasets"
    print_table(title, ["runs", "difference", "p", "needed"], rows)
    out().print()


def _show_pair(found: Comparison, metric: ComparedMetric, a: str, b: str) -> None:
    counted = any(p.better is not None for p in found.pairs if p.metric == metric.name)
    labels = any(p.labels is not None for p in found.pairs if p.metric == metric.name)
    columns = ["dataset", "first", "second", "difference", "p"]
    columns += ["right" if labels else "better", "effect"] if counted else []
    columns += ["needed"]
    columns += ["McNemar p"] if labels and out().width >= _WIDE else []
    rows = []
    places = [(dataset, "") for dataset in found.datasets]
    places += [("", "datasets")] if len(found.datasets) > 1 else []
    for dataset, over in places:
        pair = found.pair(a, b, metric.name, dataset, over)
        assert pair is not None
        values = [found.value(name, metric.name, dataset, over) for name in (a, b)]
        first, second = ("-" if v is None else f"{v.value:.{metric.decimals}f}" for v in values)
        cells = {
            "dataset": dataset or "mean",
            "first": first,
            "second": second,
            "difference": _interval(pair.difference, pair.low, pair.high, metric, signed=True),
            "p": _p(pair.p_holm),
            "right": "" if pair.better is None else f"{pair.better}/{pair.worse}",
            "effect": "" if pair.effect is None else f"{pair.effect:+.2f}",
            "needed": _needed(pair),
            "McNemar p": "" if pair.labels is None else _p(pair.labels.p),
        }
        cells["better"] = cells["right"]
        rows.append([cells[column] for column in columns])
    print_table(f"{_titled(metric)} - {a} against {b}", columns, rows)
    out().print()


def _titled(metric: ComparedMetric) -> str:
    return metric.name if metric.higher_is_better else f"{metric.name} \N{DOWNWARDS ARROW}"


def _interval(
    value: float,
    low: float | None,
    high: float | None,
    metric: ComparedMetric,
    signed: bool = False,
) -> str:
    form = f"{'+' if signed else ''}.{metric.decimals}f"
    shown = format(value, form)
    return shown if low is None or high is None else f"{shown} [{low:{form}}, {high:{form}}]"


def _p(value: float) -> str:
    shown = "<.001" if value < 0.001 else f"{value:.3f}".lstrip("0") if value < 1 else "1"
    return f"{shown}*" if value < ALPHA else f"{shown} "


def _needed(pair: Pair) -> str:
    """Say how many posts would show the difference, where these do not."""
    if pair.significant:
        return ""
    if pair.posts_needed is None or pair.posts_needed > _MANY:
        return f">{_MANY // 1_000_000} M"
    return f"{pair.posts_needed:,}"

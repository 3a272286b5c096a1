"""Prompts beside each other in a terminal: spread, differences, order of models."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from imhi.io import Table, figures, out, show_notes, show_table
from imhi.plugins.robustness.variants import PREFIX
from imhi.plugins.robustness.varying.result import OrderShift, Spread, Variation, Varied
from imhi.runs import ComparedMetric

_OTHER_TASK = frozenset({"degree", "length"})
_WIDE = 110  # columns of a terminal from which there is room for more


def show(variation: Variation, show_all: bool) -> None:
    """Print a variation; ``show_all`` has every dataset's differences, not only those of the mean."""
    mean = "" if len(variation.datasets) > 1 else variation.datasets[0]
    places = [*variation.datasets, *([""] if not mean else [])] if show_all else [mean]
    for metric in variation.metrics.values():
        for model in variation.models:
            _show_spread(variation, metric, model)
        for model in variation.models:
            for dataset in places:
                _show_variants(variation, metric, model, dataset)
        for dataset in places:
            _show_orders(variation, metric, dataset)
    show_notes([*variation.kept_out, *_remarks(variation)])


def _remarks(variation: Variation) -> list[str]:
    remarks = [
        f"{variation.source}, split {variation.split}; labels read by {variation.labeler}.",
        "sd: standard deviation over all prompts, the base among them. flips: labels (none is a label "
        "too) that are others than under the base prompt. moved: prompts whose difference to the base "
        "is more than chance. reworded: examples asked in other words at all (a wide terminal, or "
        "--json). Differences: prompt minus base, 95% intervals over posts; "
        "p: permutation test, Holm-corrected over the prompts of a model; * is below 0.05.",
    ]
    kinds = {row.kind for row in variation.varied}
    if kinds & _OTHER_TASK and kinds - _OTHER_TASK:
        remarks.append(
            "The kinds degree and length ask for something else by a shade, or show less: for spread by "
            "wording alone choose kinds with --variant."
        )
    if variation.orders:
        remarks.append(
            "tau: Kendall's tau-b of the models' order with that under the base prompt, 95% intervals "
            "over posts; turned: pairs of models that change places; itself: the tau that the base "
            "order has with itself on resampled posts - a tau no lower shows nothing."
        )
    return [*remarks, *figures.closing(variation.synthetic)]


def _short(style: str) -> str:
    return style.removeprefix(PREFIX)


def _place(variation: Variation, dataset: str) -> str:
    return dataset or f"mean over {len(variation.datasets)} datasets"


def _show_spread(variation: Variation, metric: ComparedMetric, model: str) -> None:
    spreads = [s for s in variation.spreads if (s.metric, s.model) == (metric.name, model)]
    first = spreads[0]
    title = f"{figures.titled(metric)} - {model}, {first.prompts} prompts (base: {first.base})"
    show_table(Table.of(title, [_spread_cells(spread, metric) for spread in spreads]), gap=True)


def _spread_cells(spread: Spread, metric: ComparedMetric) -> dict[str, str]:
    shown = functools.partial(figures.number, decimals=metric.decimals)
    low, high = shown(spread.lowest), shown(spread.highest)
    worst, best = (low, high) if metric.higher_is_better else (high, low)
    cells = {
        "dataset": spread.dataset or "mean",
        "base": shown(spread.value),
        "mean": shown(spread.mean),
        "sd": shown(spread.deviation),
        "worst": f"{_short(spread.worst)} {worst}",
        "best": f"{_short(spread.best)} {best}",
        "flips": f"{spread.flips:.1f}%",
    }
    if out().width >= _WIDE:
        cells["range"] = shown(spread.highest - spread.lowest)
        cells["moved"] = f"{spread.moved}/{spread.prompts - 1}"
    return cells


def _show_variants(variation: Variation, metric: ComparedMetric, model: str, dataset: str) -> None:
    of_model = [row for row in variation.varied if (row.metric, row.model) == (metric.name, model)]
    rows = [
        _variant_cells(row, metric, [one for one in of_model if one.prompt == row.prompt])
        for row in of_model
        if row.dataset == dataset
    ]
    title = f"{figures.titled(metric)} - {model}, {_place(variation, dataset)}"
    show_table(Table.of(title, rows, left=2), gap=True)


def _variant_cells(
    row: Varied, metric: ComparedMetric, same_prompt: Sequence[Varied]
) -> dict[str, str]:
    """Return the cells of a row; ``same_prompt`` are those about other datasets."""
    decimals = metric.decimals
    cells = {
        "prompt": _short(row.prompt),
        "kind": row.kind,
        "value": figures.number(row.value, decimals),
        "difference": figures.interval(row.difference, row.low, row.high, decimals, signed=True),
        "p": figures.p_value(row.p_holm),
        "flips": f"{row.flips:.1f}%",
    }
    if not row.dataset:
        significant = [one.significant for one in same_prompt if one.dataset]
        cells["moved"] = f"{sum(significant)}/{len(significant)}"
    if out().width >= _WIDE:
        cells["reworded"] = f"{row.reworded:.0f}%"
    return cells


def _show_orders(variation: Variation, metric: ComparedMetric, dataset: str) -> None:
    orders = [o for o in variation.orders if (o.metric, o.dataset) == (metric.name, dataset)]
    if not orders:
        return
    models = f"order of {len(variation.models)} models"
    title = f"{figures.titled(metric)} - {models}, {_place(variation, dataset)}"
    show_table(Table.of(title, map(_order_cells, orders)), gap=True)


def _order_cells(order: OrderShift) -> dict[str, str]:
    agreement = order.agreement
    return {
        "prompt": _short(order.prompt),
        "tau": figures.interval(agreement.tau, agreement.low, agreement.high, 2),
        "turned": f"{agreement.turned}/{agreement.pairs}",
        "itself": figures.interval(agreement.itself, None, None, 2),
    }

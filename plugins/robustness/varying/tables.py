"""Prompts beside each other in a terminal: spread, differences, order of models."""

from __future__ import annotations

from imhi.io import out, plain, print_table
from imhi.plugins.robustness.variants import PREFIX
from imhi.plugins.robustness.varying.result import OrderShift, Spread, Variation, Varied
from imhi.runs import ALPHA, ComparedMetric

_OTHER_TASK = frozenset({"degree", "length"})
_WIDE = 110  # columns of a terminal from which there is room for more


def show(found: Variation, show_all: bool) -> None:
    """Print a variation; ``show_all`` has every dataset's differences, not only those of the mean."""
    mean = "" if len(found.datasets) > 1 else found.datasets[0]
    places = [*found.datasets, *([""] if not mean else [])] if show_all else [mean]
    for metric in found.metrics.values():
        for model in found.models:
            _show_spread(found, metric, model)
        for model in found.models:
            for dataset in places:
                _show_variants(found, metric, model, dataset)
        for dataset in places:
            _show_orders(found, metric, dataset)
    for line in (*found.kept_out, *_remarks(found)):
        out().print(plain(line), style="dim", markup=False)


def _remarks(found: Variation) -> list[str]:
    remarks = [
        f"{found.source}, split {found.split}; labels read by {found.labeler}.",
        "sd: standard deviation over all prompts, the base among them. flips: labels (none is a label "
        "too) that are others than under the base prompt. moved: prompts whose difference to the base "
        "is more than chance. reworded: examples asked in other words at all (a wide terminal, or "
        "--json). Differences: prompt minus base, 95% paired bootstrap intervals over posts; "
        "p: permutation test, Holm-corrected over the prompts of a model; * is below 0.05.",
    ]
    kinds = {row.kind for row in found.varied}
    if kinds & _OTHER_TASK and kinds - _OTHER_TASK:
        remarks.append(
            "The kinds degree and length ask for something else by a shade, or show less: for spread by "
            "wording alone choose kinds with --variant."
        )
    if found.orders:
        remarks.append(
            "tau: Kendall's tau-b of the models' order with that under the base prompt, 95% intervals "
            "over posts; turned: pairs of models that change places; itself: the tau that the base "
            "order has with itself on resampled posts - a tau no lower shows nothing."
        )
    if found.synthetic:
        remarks.append("Demo posts are fictional: these scores are not IMHI results.")
    return [*remarks, "For non-clinical research only."]


def _named(dataset: str) -> str:
    return dataset or "mean"


def _short(style: str) -> str:
    return style.removeprefix(PREFIX)


def _titled(metric: ComparedMetric) -> str:
    return metric.name if metric.higher_is_better else f"{metric.name} \N{DOWNWARDS ARROW}"


def _show_spread(found: Variation, metric: ComparedMetric, model: str) -> None:
    spreads = [s for s in found.spreads if (s.metric, s.model) == (metric.name, model)]
    wide = out().width >= _WIDE
    columns = ["dataset", "base", "mean", "sd", "worst", "best", "flips"]
    columns += ["range", "moved"] if wide else []
    rows = [[_spread_cells(spread, metric)[column] for column in columns] for spread in spreads]
    first = spreads[0]
    title = f"{_titled(metric)} - {model}, {first.prompts} prompts (base: {first.base})"
    print_table(title, columns, rows)
    out().print()


def _spread_cells(spread: Spread, metric: ComparedMetric) -> dict[str, str]:
    form = f".{metric.decimals}f"
    low, high = format(spread.lowest, form), format(spread.highest, form)
    worst, best = (low, high) if metric.higher_is_better else (high, low)
    return {
        "dataset": _named(spread.dataset),
        "base": format(spread.value, form),
        "mean": format(spread.mean, form),
        "sd": format(spread.deviation, form),
        "worst": f"{_short(spread.worst)} {worst}",
        "best": f"{_short(spread.best)} {best}",
        "flips": f"{spread.flips:.1f}%",
        "range": format(spread.highest - spread.lowest, form),
        "moved": f"{spread.moved}/{spread.prompts - 1}",
    }


def _show_variants(found: Variation, metric: ComparedMetric, model: str, dataset: str) -> None:
    rows = [
        row
        for row in found.varied
        if (row.metric, row.model, row.dataset) == (metric.name, model, dataset)
    ]
    several = not dataset
    columns = ["prompt", "kind", "value", "difference", "p", "flips"]
    columns += ["moved"] if several else []
    columns += ["reworded"] if out().width >= _WIDE else []
    cells = []
    for row in rows:
        own = [
            one
            for one in found.varied
            if (one.metric, one.model, one.prompt) == (row.metric, row.model, row.prompt)
            and one.dataset
        ]
        shown = _variant_cells(row, metric)
        shown["moved"] = f"{sum(one.significant for one in own)}/{len(own)}"
        cells.append([shown[column] for column in columns])
    where = dataset or f"mean over {len(found.datasets)} datasets"
    print_table(f"{_titled(metric)} - {model}, {where}", columns, cells, left=2)
    out().print()


def _variant_cells(row: Varied, metric: ComparedMetric) -> dict[str, str]:
    difference = _signed(row.difference, metric)
    if row.low is not None and row.high is not None:
        difference += f" [{_signed(row.low, metric)}, {_signed(row.high, metric)}]"
    return {
        "prompt": _short(row.prompt),
        "kind": row.kind,
        "value": f"{row.value:.{metric.decimals}f}",
        "difference": difference,
        "p": _p(row.p_holm),
        "flips": f"{row.flips:.1f}%",
        "reworded": f"{row.reworded:.0f}%",
    }


def _signed(value: float, metric: ComparedMetric) -> str:
    # Adding 0 makes a plain zero of a negative one.
    return format(round(value, metric.decimals) + 0.0, f"+.{metric.decimals}f")


def _p(value: float) -> str:
    shown = "<.001" if value < 0.001 else f"{value:.3f}".lstrip("0") if value < 1 else "1"
    return f"{shown}*" if value < ALPHA else f"{shown} "


def _show_orders(found: Variation, metric: ComparedMetric, dataset: str) -> None:
    orders = [o for o in found.orders if (o.metric, o.dataset) == (metric.name, dataset)]
    if not orders:
        return
    where = dataset or f"mean over {len(found.datasets)} datasets"
    title = f"{_titled(metric)} - order of {len(found.models)} models, {where}"
    columns = ["prompt", "tau", "turned", "itself"]
    print_table(title, columns, [_order_cells(order) for order in orders])
    out().print()


def _order_cells(order: OrderShift) -> list[str]:
    found = order.agreement
    tau = "-" if found.tau is None else f"{found.tau:.2f}"
    if found.low is not None and found.high is not None:
        tau += f" [{found.low:.2f}, {found.high:.2f}]"
    itself = "-" if found.itself is None else f"{found.itself:.2f}"
    return [_short(order.prompt), tau, f"{found.turned}/{found.pairs}", itself]

"""The command line of ``imhi ranks``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imhi.io import options

if TYPE_CHECKING:
    from imhi.plugins.robustness.ranking.rank_changes import Order, Ranking

_LEGEND = (
    "tau: Kendall's tau-b of the models' order with that of (1), with a 95% interval over posts. "
    "itself: what the order of (1) has with itself on resamples of as many posts; a tau that is no "
    "lower shows nothing. turned: pairs of models that stand the other way round."
)


def ranks(
    context: typer.Context,
    names: options.RunNames,
    labeler: Annotated[
        options.Texts,
        typer.Option(
            "--labeler", metavar="NAME", help="Rank by labels it read; repeatable (default hybrid)."
        ),
    ] = None,
    view: Annotated[
        options.Texts,
        typer.Option("--view", metavar="NAME", help="Rank under this view; repeatable (released)."),
    ] = None,
    gold: Annotated[
        options.Texts,
        typer.Option("--gold", metavar="WHICH", help="Rank by these labels too; repeatable."),
    ] = None,
    audit: options.Audit = Path("audit"),
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="A metric of labels.")
    ] = "weighted_f1",
    dataset: options.DatasetNames = None,
    rows: options.Rows = "all",
    folder: options.Out = Path("runs"),
    resamples: options.Resamples = None,
    seed: options.Seed = None,
    as_json: options.AsJson = False,
) -> None:
    """Say whether models keep their order under other labelers, other gold labels, fewer rows.

    The first labeler and the first view are what the others are held against. Asks no model.
    """
    from imhi.io import print_json
    from imhi.plugins.robustness.ranking.rank_changes import conditions_of, rank
    from imhi.runs import OpenView, RunFolder

    registry = context.obj.registry
    views = [OpenView.open(registry, audit, name=name) for name in view or [OpenView.RELEASED]]
    views += [OpenView.open(registry, audit, gold=name) for name in gold or ()]
    found = rank(
        [RunFolder.find(name, folder) for name in names],
        context.obj,
        conditions_of(labeler or ["hybrid"], views),
        metric=metric,
        datasets=[registry.datasets.get(name).name for name in dataset or ()],
        rows=rows,
        resamples=10_000 if resamples is None else resamples,
        seed=seed or 0,
    )
    if as_json:
        orders = [order.to_json() for order in found.orders]
        print_json({"models": list(found.models), "runs": list(found.runs), "metric": found.metric,
                    "synthetic": found.synthetic, "orders": orders, "notes": list(found.notes)})  # fmt: skip
        return
    _show(found)


def _show(ranking: Ranking) -> None:
    from imhi.io import Table, figures, show_notes, show_table
    from imhi.runs import Answers

    places = list(dict.fromkeys(order.dataset for order in ranking.orders))
    # The mean first: it is what boards rank by.
    for place in sorted(places, key=bool):
        orders = [order for order in ranking.orders if order.dataset == place]
        title = f"{ranking.metric} - {place or f'mean over {len(places) - 1} datasets'}"
        models = sorted(range(len(ranking.models)), key=lambda model: orders[0].ranks[model])
        rows = [
            [
                ranking.models[model],
                *(
                    f"{figures.interval(order.values[model], None, None, ranking.decimals)} "
                    f"({order.ranks[model]})"
                    for order in orders
                ),
            ]
            for model in models
        ]
        heads = [f"({number})" for number in range(1, len(orders) + 1)]
        columns = [*Table.texts("model"), *Table.numbers(*heads)]
        show_table(Table(f"{title}: value (rank)", columns, rows))
        agreements = [
            {"measured by": f"{head} {order.condition}", "examples": f"{order.examples:,}"}
            | _agreement(order)
            for head, order in zip(heads, orders, strict=True)
        ]
        show_table(Table.of("", agreements), gap=True)
    offer = [] if ranking.complete else [Answers.OFFER]
    means = figures.means_over([place for place in places if place])
    show_notes([*ranking.notes, *offer, *means, _LEGEND, *figures.closing(ranking.synthetic)])


def _agreement(order: Order) -> dict[str, str]:
    from imhi.io import figures

    agreement = order.agreement
    if agreement is None or agreement.tau is None:
        return dict.fromkeys(("tau", "itself", "turned"), "")
    return {
        "tau": figures.interval(agreement.tau, agreement.low, agreement.high, 2),
        "itself": "" if agreement.itself is None else f"{agreement.itself:.2f}",
        "turned": f"{agreement.turned} of {agreement.pairs}",
    }

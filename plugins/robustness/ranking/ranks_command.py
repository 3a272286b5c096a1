"""The command line of ``imhi ranks``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imhi.io import options

if TYPE_CHECKING:
    from imhi.plugins.robustness.ranking.rank_changes import Order, Ranking


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
    from imhi.runs import RELEASED, find_run, open_view

    registry = context.obj.registry
    views = [open_view(registry, audit, name=name) for name in view or [RELEASED]]
    views += [open_view(registry, audit, gold=name) for name in gold or ()]
    found = rank(
        [find_run(name, folder) for name in names],
        context.obj,
        conditions_of(labeler or ["hybrid"], views),
        metric=metric,
        datasets=[registry.datasets.get(name).name for name in dataset or ()],
        resamples=10_000 if resamples is None else resamples,
        seed=seed or 0,
    )
    if as_json:
        orders = [order.to_json() for order in found.orders]
        print_json({"models": list(found.models), "metric": found.metric, "orders": orders,
                    "notes": list(found.notes)})  # fmt: skip
        return
    _show(found)


def _show(found: Ranking) -> None:
    from imhi.io import out, plain, print_table

    places = list(dict.fromkeys(order.dataset for order in found.orders))
    # The mean first: it is what boards rank by.
    for place in sorted(places, key=bool):
        own = [order for order in found.orders if order.dataset == place]
        title = f"{found.metric} - {place or f'mean over {len(places) - 1} datasets'}"
        models = sorted(range(len(found.models)), key=lambda model: own[0].ranks[model])
        rows = [
            [found.models[model], *(_placed(order, model) for order in own)] for model in models
        ]
        heads = [f"({number})" for number in range(1, len(own) + 1)]
        print_table(f"{title}: value (rank)", ["model", *heads], rows)
        agreements = [
            [f"({number}) {order.condition}", f"{order.examples:,}", *_agreement(order)]
            for number, order in enumerate(own, start=1)
        ]
        print_table("", ["measured by", "examples", "tau", "itself", "turned"], agreements)
        out().print()
    remarks = [
        *found.notes,
        "tau: Kendall's tau-b of the models' order with that of (1), with a 95% interval over posts. "
        "itself: what the order of (1) has with itself on resamples of as many posts; a tau that is no lower "
        "shows nothing. turned: pairs of models that stand the other way round.",
        "For non-clinical research only.",
    ]
    for line in remarks:
        out().print(plain(line), style="dim")


def _placed(order: Order, model: int) -> str:
    return f"{order.values[model]:.1f} ({order.ranks[model]})"


def _agreement(order: Order) -> list[str]:
    found = order.agreement
    if found is None or found.tau is None:
        return ["", "", ""]
    itself = "" if found.itself is None else f"{found.itself:.2f}"
    bounds = f"{found.tau:.2f} [{found.low:.2f}, {found.high:.2f}]"
    return [bounds, itself, f"{found.turned} of {found.pairs}"]

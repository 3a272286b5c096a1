"""``imhi models prices``: what tokens cost, as model families know it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from imhi._core.budget import PriceFacts, Rate
from imhi._core.cli import options
from imhi._core.cli.console import out, print_json
from imhi._core.declarations import ModelFamily, resolve
from imhi._core.errors import HarnessError, UnknownName
from imhi._core.models import ModelSpec
from imhi._core.plugin_manager import PluginManager
from imhi._core.protocols import PriceList
from imhi._core.registry import Registry
from imhi._core.tables.table import Table
from imhi._core.tables.terminal import FittedTable, show_table

_UNIT = "US dollars per million tokens"
_AMOUNTS = ("prompt", "completion", "batch prompt", "batch completion")


def prices(
    context: typer.Context,
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="As for --model, or the name at a provider alone."),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="All models of a provider that have a price."),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Show what the tokens of a model cost, and where that is from.

    Without a model: those of a provider; without either: the providers there are.
    """
    manager: PluginManager = context.obj
    registry = manager.registry
    if model is not None and provider is not None:
        raise HarnessError(
            f"found the model '{model}' and --provider {provider}, expected one of them: the provider of "
            "a model is told by its base_url="
        )
    if model is not None:
        facts = price_of(model, registry)
        print_json(dataclasses.asdict(facts)) if as_json else _show_model(facts)
    elif provider is not None:
        found = prices_of(provider, registry)
        if as_json:
            print_json({"prices": [dataclasses.asdict(one) for one in found]})
        else:
            _show_provider(provider, found)
    else:
        names = {key: name for _, one in _lists(registry) for key, name in one.providers().items()}
        if as_json:
            print_json({"providers": names})
        else:
            heads = [*Table.whole_texts("--provider"), *Table.texts("name")]
            show_table(Table("", heads, sorted(names.items())))


def price_of(name: str, registry: Registry) -> PriceFacts:
    """Return the price of a model, named as for ``--model`` or by its name at a provider alone.

    Raises:
        HarnessError: no such model, its family knows no prices, or not this one.
    """
    lists = list(_lists(registry))
    try:
        spec = ModelSpec.parse(name, registry)
    except UnknownName as error:
        if ":" in name.partition(",")[0]:
            raise
        return _price_of_bare(name, registry, lists) if lists else _raise(error)
    known = next((one for family, one in lists if family is spec.family), None)
    if known is None:
        schemes = ", ".join(f"{family.scheme}:" for family, _ in lists)
        raise HarnessError(
            f"{spec.name}: no prices are known of models of {spec.family.scheme}: (they are of: {schemes})"
        )
    return known.price(spec)


def _price_of_bare(
    name: str, registry: Registry, lists: Sequence[tuple[ModelFamily, PriceList]]
) -> PriceFacts:
    refused: HarnessError | None = None
    for family, known in lists:
        try:
            return known.price(ModelSpec.parse(f"{family.scheme}:{name}", registry))
        except HarnessError as error:
            refused = refused or error
    assert refused is not None
    raise refused


def _raise(error: Exception) -> PriceFacts:
    raise error


def prices_of(provider: str, registry: Registry) -> Sequence[PriceFacts]:
    """Return all prices of a provider.

    Raises:
        UnknownName: no family knows it.
    """
    names: set[str] = set()
    for _, known in _lists(registry):
        if provider in known.providers():
            return known.prices(provider)
        names |= set(known.providers())
    raise UnknownName("provider", provider, names)


def _lists(registry: Registry) -> Iterator[tuple[ModelFamily, PriceList]]:
    for family in registry.families:
        if family.prices is not None:
            yield family, resolve(family.prices)()


def _amount(value: float) -> str:
    """Return an amount with at least two decimals, and all that it has."""
    text = f"{value:.6f}".rstrip("0")
    return text + "0" * max(0, 2 - len(text.partition(".")[2]))


def _amounts(rate: Rate | None) -> list[str]:
    return [_amount(rate.prompt), _amount(rate.completion)] if rate else ["-", "-"]


def _at(rates: Sequence[Rate], above: int) -> Rate | None:
    return next((rate for rate in reversed(rates) if rate.above <= above), None)


def _rows(facts: PriceFacts) -> Iterator[tuple[int, list[str]]]:
    """Yield, by length of the prompt, prices of prompt and completion, then those in batches."""
    for above in sorted({rate.above for rate in (*facts.rates, *facts.batch)}):
        yield above, [*_amounts(_at(facts.rates, above)), *_amounts(_at(facts.batch, above))]


def _show_model(facts: PriceFacts) -> None:
    rows = [
        [f"prompts above {above} tokens" if above else "any prompt", *amounts]
        for above, amounts in _rows(facts)
    ]
    columns = [*Table.whole_texts(""), *Table.numbers(*_AMOUNTS)]
    title = f"{facts.model} of {facts.provider}, {_UNIT}"
    show_table(Table(title, columns, rows, notes=[f"from {facts.source}"]))


def _show_provider(provider: str, found: Sequence[PriceFacts]) -> None:
    rows = []
    for facts in found:
        (_, (prompt, completion, *batch)), *longer = _rows(facts)
        more = ", ".join(str(above) for above, _ in longer)
        in_batches = " / ".join(batch) if facts.batch else "-"
        rows.append([facts.model, prompt, completion, in_batches, more])
    title, amounts = f"{provider}, {_UNIT}", Table.numbers("prompt", "completion", "in batches")
    last = Table.texts("more above")
    layouts = [
        Table(title, [*names("model"), *amounts, *last], rows)
        for names in (Table.whole_texts, Table.texts)
    ]
    out().print(FittedTable(lambda _: layouts))
    out().print(
        "more above: prompts of more tokens cost more; imhi models prices MODEL says how much, and "
        "where a price is from",
        style="dim",
    )

"""Prices of the package genai-prices, from the data it carries: it is never asked to fetch newer ones.

Where a price depends on what is not known before a request (the hour, a price that is announced), the
dearest is taken; by the length of the prompt it is a price with tiers.
"""

from __future__ import annotations

import functools
import importlib.metadata
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from imhi import Rate
from imhi.plugins.models.openai_api.known_models import Table
from imhi.plugins.models.openai_api.price import AT_WHOLE, UNLISTED, Price, compared

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider

PACKAGE = "genai-prices"
BATCH = {"processing": "batch"}

# A run may be taken up again for so long: what is announced for that time counts.
AHEAD = timedelta(days=31)

# Prices for something else than tokens in and out, which nobody can say the number of beforehand.
_ALSO_CHARGED = {
    "requests_kcount": "every request as well",
    "output_citation_mtok": "tokens of what it looked up as well",
}
_PROMPT, _WRITTEN = ("input_mtok",), ("cache_write_mtok",)
_COMPLETION = ("output_mtok", "output_reasoning_mtok")


def providers() -> Sequence[Provider]:
    """Return the providers the package carries."""
    from genai_prices.data import providers

    return providers


def provider_named(name: str) -> Provider | None:
    """Return the provider of that identifier."""
    return next((one for one in providers() if one.id == name), None)


def provider_at(url: str, table: Table) -> Provider | None:
    """Return whose server stands at a URL, None where that is not known."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    if origin in table.addresses:
        return provider_named(table.addresses[origin])
    asked = origin + parts.path
    return next((one for one in providers() if _serves(one.api_pattern, asked, origin)), None)


def _serves(pattern: str, url: str, origin: str) -> bool:
    """Say whether a pattern of the package, which matches how a URL begins, means this server."""
    match = re.match(pattern, url)
    if match is None:
        return False
    host, rest = url[: len(origin)], url[match.end() : len(origin)]
    host_end = origin.rpartition(":")[0] if re.search(r":\d+$", origin) else host
    if match.end() > len(origin):
        return "." not in url[len(origin) : match.end()]  # a host's name that stands in a path
    if match.end() >= len(host_end):
        return True
    # Some patterns leave the last label open (https://api.moonshot.); others would take any host
    # that only begins like theirs (api.openai.com.example).
    return url[match.end() - 1] == "." and "." not in rest


def find_model(provider: Provider, model: str) -> ModelInfo | None:
    """Return the model as the provider offers it."""
    return provider.find_model(model, all_providers=list(providers()))


def listed_price(
    provider: Provider, model: str, batch: bool, table: Table, now: datetime | None = None
) -> Price | None:
    """Return what the provider takes for a model's tokens.

    Args:
        batch: by the provider's batch interface. Where no price for it is listed, the whole is taken.
        now: in UTC; the prices of this moment and of the month after it count.

    Returns:
        None where the model is not listed, or is charged for something else than its tokens.
    """
    found = find_model(provider, model)
    if found is None:
        return None
    now = now or datetime.now(UTC)
    prices = _prices(found, provider, batch, now)
    if any(_not_by_tokens(price) for price in prices):
        return None
    said = [f"{PACKAGE} {version()} (data to {data_date()}), {provider.id}: {found.id}"]
    if len(prices) > 1:
        said.append("the dearest of what it takes by the hour or has announced")
    written = _amounts(prices, _WRITTEN)
    cached = table.cached_above(found.id) if written else None
    starts = {0} | _starts(_amounts(prices, (*_PROMPT, *_COMPLETION)))
    if cached is not None:
        starts |= {cached} | _starts(written)
        said.append(f"prompts above {cached} tokens with what it takes to cache them")
    tiers = [_tier(prices, start, cached) for start in sorted(starts)]
    longer = [tier for before, tier in pairwise(tiers) if _rates(tier) != _rates(before)]
    if longer:
        said.append("more for prompts above " + ", ".join(f"{one.above}" for one in longer))
    if batch:
        whole = _tier(_prices(found, provider, False, now), 0, None)
        said.append(
            _batch_words(_has_batch_price(found, provider), _rates(tiers[0]), _rates(whole))
        )
    return Price(tiers[0].prompt, tiers[0].completion, "; ".join(said), tuple(longer))


def obstacle(provider: Provider, model: str) -> str:
    """Return what a model that is listed is charged for beside its tokens; an empty text where it is
    not listed, or has a price."""
    found = find_model(provider, model)
    prices = _prices(found, provider, False, datetime.now(UTC)) if found else ()
    return next(filter(None, map(_not_by_tokens, prices)), "")


def priced(provider: Provider) -> list[str]:
    """Return the names of a provider's models that have a price. (Some that the package lists are
    found by no name: they stand for a family.)"""
    names = [model.id for model in provider.models]
    return [name for name in names if find_model(provider, name) and not obstacle(provider, name)]


@functools.cache
def version() -> str:
    """Return the version of the package."""
    return importlib.metadata.version(PACKAGE)


@functools.cache
def data_date() -> str:
    """Return the day of the newest price in the data that is not in the future, YYYY-MM-DD: the
    package itself does not say of which day it is."""
    today = datetime.now(UTC).date()
    days = (_start_of(one) for provider in providers() for model in provider.models
            for one in _constraints(model))  # fmt: skip
    return str(max((day for day in days if day and day <= today), default="?"))


def _prices(model: ModelInfo, provider: Provider, batch: bool, now: datetime) -> list[ModelPrice]:
    """Return every price that counts at some moment from now on."""
    context = BATCH if batch and _has_batch_price(model, provider) else None
    prices: list[ModelPrice] = []
    for moment in _moments(model, now):
        price = model.get_prices(moment, context)
        if price not in prices:
            prices.append(price)
    return prices


def _moments(model: ModelInfo, now: datetime) -> Iterator[datetime]:
    """Yield moments such that no price of the coming month is missed."""
    days, hours = {now.date()}, {time(0, tzinfo=UTC)}
    for constraint in _constraints(model):
        start = _start_of(constraint)
        if start is None:
            ends = (constraint.start_time, constraint.end_time)
            hours |= {end.replace(tzinfo=end.tzinfo or UTC) for end in ends}
        elif now.date() < start <= (now + AHEAD).date():
            days.add(start)
    return (datetime.combine(day, hour) for day in days for hour in hours)


def _constraints(model: ModelInfo) -> Iterator[Any]:
    conditional = model.prices if isinstance(model.prices, list) else []
    for one in (*conditional, *(model.price_variants or ())):
        if one.constraint is not None:
            yield one.constraint


def _start_of(constraint: Any) -> date | None:
    return getattr(constraint, "start_date", None)


def _has_batch_price(model: ModelInfo, provider: Provider) -> bool:
    # What a provider's models cost in batches says nothing of who else offers them.
    own = any(model is one for one in provider.models)
    return own and any(one.when == BATCH for one in model.price_variants or ())


def _not_by_tokens(price: ModelPrice) -> str:
    """Return why the price does not follow from the tokens in and out; empty where it does."""
    for unit, words in _ALSO_CHARGED.items():
        if _amounts([price], (unit,)):
            return words
    if not _amounts([price], _PROMPT) or not _amounts([price], _COMPLETION[:1]):
        return "something else than tokens of text"
    return ""


def _amounts(prices: Iterable[ModelPrice], units: Sequence[str]) -> list[Any]:
    """Return what is listed for these units: decimals, and such by the length of the prompt."""
    found = (getattr(price, unit, None) for price in prices for unit in units)
    return [amount for amount in found if amount is not None]


def _starts(amounts: Iterable[Any]) -> set[int]:
    return {tier.start for amount in amounts for tier in getattr(amount, "tiers", ())}


def _tier(prices: Sequence[ModelPrice], above: int, cached: int | None) -> Rate:
    """Return the most that a token costs of requests whose prompt has more tokens than ``above``."""

    def most(units: Sequence[str]) -> float:
        return max(_at(amount, above) for amount in _amounts(prices, units))

    is_cached = cached is not None and above >= cached
    return Rate(above, most((*_PROMPT, *_WRITTEN) if is_cached else _PROMPT), most(_COMPLETION))


def _at(amount: Any, above: int) -> float:
    rate = getattr(amount, "base", amount)
    for tier in getattr(amount, "tiers", ()):
        if above >= tier.start:
            rate = tier.price
    return float(rate)


def _rates(tier: Rate) -> tuple[float, float]:
    return tier.prompt, tier.completion


def _batch_words(listed: bool, batch: tuple[float, float], whole: tuple[float, float]) -> str:
    if not listed:
        return f"{UNLISTED}: {AT_WHOLE}"
    return compared(batch, whole)

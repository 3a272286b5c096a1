"""The prices of ``openai:``, ``anthropic:`` and ``gemini:`` as ``imhi models prices`` shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from imhi import HarnessError, ModelSpec, PriceFacts, Rate
from imhi.plugins.models.openai_api import listed_prices
from imhi.plugins.models.openai_api.known_models import read_table
from imhi.plugins.models.openai_api.price import UNLISTED, Price
from imhi.plugins.models.openai_api.prices import (
    GIVEN,
    no_price,
    price_of,
    priced_models,
    table_price,
)
from imhi.plugins.models.openai_api.providers import Provider, provider_of


def openai() -> PriceList:
    """Return the prices of ``openai:``."""
    return PriceList(provider_of("openai"))


def anthropic() -> PriceList:
    """Return the prices of ``anthropic:``."""
    return PriceList(provider_of("anthropic"))


def gemini() -> PriceList:
    """Return the prices of ``gemini:``."""
    return PriceList(provider_of("gemini"))


@dataclass(frozen=True)
class PriceList:
    """See :class:`imhi.PriceList`. ``provider`` is that of the models' family."""

    provider: Provider

    def price(self, spec: ModelSpec) -> PriceFacts:
        """Return what the model's tokens cost.

        Raises:
            HarnessError: that is not known, or one of the two price arguments is missing.
        """
        own = self.provider
        options = replace(own.arguments(**spec.arguments), mode="live")
        whole = price_of(spec.target, options, own.seller, own.scheme)
        if whole is None:
            raise HarnessError(f"{spec.name}: {no_price(spec.target, options, own.seller)}")
        batch = price_of(spec.target, replace(options, mode="batch"), own.seller, own.scheme)
        return _facts(spec.target, _seller(options.base_url, own.seller), whole, batch)

    def providers(self) -> Mapping[str, str]:
        """Return the names of providers."""
        return {one.id: one.name for one in listed_prices.providers()}

    def prices(self, provider: str) -> Sequence[PriceFacts]:
        """Return the prices of a provider's models, by name."""
        found = []
        for model in priced_models(provider):
            whole = table_price(model, provider=provider)
            if whole is not None:
                batch = table_price(model, provider=provider, batch=True)
                found.append(_facts(model, provider, whole, batch))
        return found


def _seller(url: str | None, own: str) -> str:
    if url is None:
        return own
    seller = listed_prices.provider_at(url, read_table())
    return seller.id if seller else url


def _facts(model: str, provider: str, whole: Price, batch: Price | None) -> PriceFacts:
    if batch is None or UNLISTED in batch.source or batch.source == GIVEN:
        return PriceFacts(model, provider, _rates(whole), (), whole.source)
    return PriceFacts(model, provider, _rates(whole), _rates(batch), batch.source)


def _rates(price: Price) -> tuple[Rate, ...]:
    return (Rate(0, price.prompt, price.completion), *price.tiers)

"""The prices of ``openai:`` as ``imhi models prices`` shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from imhi import HarnessError, ModelSpec, PriceFacts, Rate
from imhi.plugins.models.openai_api import listed_prices
from imhi.plugins.models.openai_api.arguments import OpenAIArguments
from imhi.plugins.models.openai_api.known_models import read_table
from imhi.plugins.models.openai_api.price import UNLISTED, Price
from imhi.plugins.models.openai_api.prices import (
    GIVEN,
    PROVIDER,
    no_price,
    price_of,
    priced_models,
    table_price,
)


@dataclass(frozen=True)
class PriceList:
    """See :class:`imhi.PriceList`."""

    def price(self, spec: ModelSpec) -> PriceFacts:
        """Return what the model's tokens cost.

        Raises:
            HarnessError: that is not known, or one of the two price arguments is missing.
        """
        options = replace(OpenAIArguments(**spec.arguments), mode="live")
        whole = price_of(spec.target, options)
        if whole is None:
            raise HarnessError(f"{spec.name}: {no_price(spec.target, options)}")
        batch = price_of(spec.target, replace(options, mode="batch"))
        return _facts(spec.target, _seller(options), whole, batch)

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


def _seller(options: OpenAIArguments) -> str:
    if options.base_url is None:
        return PROVIDER
    seller = listed_prices.provider_at(options.base_url, read_table())
    return seller.id if seller else options.base_url


def _facts(model: str, provider: str, whole: Price, batch: Price | None) -> PriceFacts:
    if batch is None or UNLISTED in batch.source or batch.source == GIVEN:
        return PriceFacts(model, provider, _rates(whole), (), whole.source)
    return PriceFacts(model, provider, _rates(whole), _rates(batch), batch.source)


def _rates(price: Price) -> tuple[Rate, ...]:
    return (Rate(0, price.prompt, price.completion), *price.tiers)

"""What a model's tokens cost: by its arguments, by ``prices.yaml``, or by the package genai-prices."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from imhi import HarnessError
from imhi.plugins.models.openai_api import listed_prices
from imhi.plugins.models.openai_api.credentials import is_loopback
from imhi.plugins.models.openai_api.known_models import (
    TABLE,
    Override,
    known_model as known_model,
    read_table,
)
from imhi.plugins.models.openai_api.price import AT_HALF, AT_WHOLE, Price as Price, compared

GIVEN = "arguments price_prompt, price_completion"
PROVIDER = "openai"

# A byte-level tokenizer makes at most one token of a byte; the rest is room for the message frame.
FRAME_TOKENS = 64
BYTES_PER_TOKEN = 4
_NEAREST = 3


class PriceOptions(Protocol):
    """What the arguments of a model say of its price: the server (None: the provider's own), how it
    is asked (``live`` or ``batch``), and US dollars per million tokens."""

    @property
    def base_url(self) -> str | None: ...
    @property
    def mode(self) -> str: ...
    @property
    def price_prompt(self) -> float | None: ...
    @property
    def price_completion(self) -> float | None: ...


def price_of(
    model: str, options: PriceOptions, provider: str = PROVIDER, scheme: str = "openai"
) -> Price | None:
    """Return the price given as arguments, else that of whose server is asked, else None.

    A price that is given is taken as it is, for batches too: only who gives it knows what their
    server takes.

    Args:
        provider: whose server is asked where ``base_url`` is None, as genai-prices calls it.
        scheme: of the model's family, for messages.

    Raises:
        HarnessError: only one of the two price arguments is given.
    """
    prompt, completion = options.price_prompt, options.price_completion
    if (prompt is None) != (completion is None):
        missing = "price_prompt" if prompt is None else "price_completion"
        raise HarnessError(
            f"{scheme}:{model}: {missing}= is missing; prices are given as a pair, in US dollars per "
            "million tokens: price_prompt=0.5,price_completion=1.5"
        )
    if prompt is not None and completion is not None:
        return Price(prompt, completion, GIVEN)
    return table_price(model, options.base_url, provider, batch=options.mode == "batch")


def table_price(
    model: str,
    url: str | None = None,
    provider: str = PROVIDER,
    *,
    batch: bool = False,
    path: Path = TABLE,
) -> Price | None:
    """Return the price of our table, else that of genai-prices, else None.

    Args:
        url: of the server asked; None for the provider's own. Only a server that is known has prices:
            the name of a model says nothing of what a gateway or a server of one's own takes.
        provider: as genai-prices calls it; counts where there is no ``url``.
        batch: requests go by the provider's batch interface.
        path: of our table.
    """
    if url is not None and is_loopback(url):
        return None  # Without the package's data, which takes half as much memory as the client.
    table = read_table(path)
    named, at = listed_prices.provider_named, listed_prices.provider_at
    seller = named(provider) if url is None else at(url, table)
    if seller is None:
        return None
    if ours := table.override(model, seller.id):
        return _our_price(ours, batch)
    return listed_prices.listed_price(seller, model, batch, table)


def _our_price(ours: Override, batch: bool) -> Price:
    whole = (ours.prompt, ours.completion)
    if not batch:
        return Price(*whole, ours.source)
    return Price(*ours.batch, f"{ours.source}; {compared(ours.batch, whole)}")


def batch_words(price: Price) -> str:
    """Return how a price for batches compares with the whole one, for notes."""
    if price.source == GIVEN:
        return "at the price given"
    return next((words for words in (AT_HALF, AT_WHOLE) if words in price.source), "at their price")


def no_price(model: str, options: PriceOptions, provider: str = PROVIDER) -> str:
    """Return, for a model without a price, why it has none and what to do; without a stop."""
    advice = (
        "add price_prompt=USD,price_completion=USD (per million tokens; 0 for a server of your own)"
    )
    what = f"no price of '{model}' is known"
    url = options.base_url
    if url is None:
        seller = listed_prices.provider_named(provider)
    else:
        seller = listed_prices.provider_at(url, read_table())
        if seller is None:
            parts = urlsplit(url)
            return f"{what}, nor whose server {parts.scheme}://{parts.netloc} is; {advice}"
        what = f"no price of '{model}' at {seller.name} is known"
    if seller and (charged := listed_prices.obstacle(seller, model)):
        return (
            f"{what} that follows from its tokens ({seller.name} charges for {charged}); {advice}"
        )
    near = ", ".join(nearest(model, seller.id)) if seller else ""
    return f"{what}; nearest: {near}; {advice}" if near else f"{what}; {advice}"


def nearest(model: str, provider: str = PROVIDER) -> list[str]:
    """Return the models of a provider that have a price and whose names are most like this one."""
    lowered = {name.lower(): name for name in priced_models(provider)}
    close = difflib.get_close_matches(model.lower(), lowered, n=_NEAREST)
    return [lowered[name] for name in close]


def priced_models(provider: str = PROVIDER) -> Sequence[str]:
    """Return the names of a provider's models that have a price, by name."""
    ours = [one for one in read_table().overrides if one.provider == provider]
    names = {name for one in ours for name in one.names if "*" not in name}
    seller = listed_prices.provider_named(provider)
    return sorted(names.union(listed_prices.priced(seller) if seller else ()))


def most_tokens(*texts: str) -> int:
    """Return a number of tokens that a prompt of these texts cannot exceed."""
    return sum(len(text.encode("utf-8", "replace")) for text in texts) + FRAME_TOKENS


def likely_tokens(*texts: str) -> int:
    """Return about how many tokens the texts have: 4 bytes each, as in English."""
    return -(-sum(len(text.encode("utf-8", "replace")) for text in texts) // BYTES_PER_TOKEN)

"""What tokens cost, from ``prices.yaml`` or from the model's arguments."""

from __future__ import annotations

import fnmatch
import functools
from dataclasses import dataclass
from pathlib import Path

from imhi import HarnessError
from imhi.plugins.models.openai_api.arguments import OpenAIArguments

TABLE = Path(__file__).parent.parent / "prices.yaml"

# "Each model will be offered at 50% cost discount vs. the synchronous APIs": OpenAI Help Center, Batch
# API FAQ (help.openai.com/en/articles/9197833-batch-api-faq), compared 2026-11.
BATCH_FACTOR = 0.5
BATCH_SOURCE = "half of it by the Batch API: OpenAI Help Center, Batch API FAQ, 2026-11"

# A byte-level tokenizer makes at most one token of a byte; the rest is room for the message frame.
FRAME_TOKENS = 64
BYTES_PER_TOKEN = 4


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens, and where that is from."""

    prompt: float
    completion: float
    source: str

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Return US dollars."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6

    def describe(self) -> dict[str, object]:
        """Return what the manifest holds of it."""
        return {
            "prompt_usd_per_million": self.prompt,
            "completion_usd_per_million": self.completion,
            "source": self.source,
        }


@dataclass(frozen=True)
class Known:
    """An entry of the table: the price, and what the model's interface asks for or refuses."""

    price: Price
    token_limit: str = "max_tokens"
    refuses: tuple[str, ...] = ()


@functools.cache
def _table() -> tuple[tuple[str, Known], ...]:
    import yaml

    entries = []
    for row in yaml.safe_load(TABLE.read_text(encoding="utf-8"))["models"]:
        source = f"{TABLE.name}, {row['date']}: {row['source']}"
        known = Known(
            Price(float(row["prompt"]), float(row["completion"]), source),
            row.get("token_limit", "max_tokens"),
            tuple(row.get("refuses", ())),
        )
        entries += [(pattern, known) for pattern in row["names"]]
    return tuple(entries)


def known_model(model: str) -> Known | None:
    """Return the first entry one of whose name patterns (``*`` allowed) fits the model."""
    for pattern, known in _table():
        if fnmatch.fnmatchcase(model, pattern):
            return known
    return None


def price_of(
    model: str, options: OpenAIArguments, batch_source: str = BATCH_SOURCE
) -> Price | None:
    """Return the price given as arguments, else the table's, else None.

    Batches take half of the table's, as ``batch_source`` says. A price that is given is taken as it
    is: only who gives it knows what their server takes for a batch.

    Raises:
        HarnessError: only one of the two price arguments is given.
    """
    prompt, completion = options.price_prompt, options.price_completion
    if (prompt is None) != (completion is None):
        missing = "price_prompt" if prompt is None else "price_completion"
        raise HarnessError(
            f"openai:{model}: {missing}= is missing; prices are given as a pair, in US dollars per "
            "million tokens: price_prompt=0.5,price_completion=1.5"
        )
    if prompt is not None and completion is not None:
        return Price(prompt, completion, "arguments price_prompt, price_completion")
    known = known_model(model)
    if known is None or options.mode != "batch":
        return known.price if known else None
    price = known.price
    return Price(
        price.prompt * BATCH_FACTOR,
        price.completion * BATCH_FACTOR,
        f"{price.source}; {batch_source}",
    )


def most_tokens(*texts: str) -> int:
    """Return a number of tokens that a prompt of these texts cannot exceed."""
    return sum(len(text.encode("utf-8", "replace")) for text in texts) + FRAME_TOKENS


def likely_tokens(*texts: str) -> int:
    """Return about how many tokens the texts have: 4 bytes each, as in English."""
    return -(-sum(len(text.encode("utf-8", "replace")) for text in texts) // BYTES_PER_TOKEN)

"""A price: what tokens cost, by the length of the prompt."""

from __future__ import annotations

from dataclasses import dataclass

from imhi import Rate

# How sources say what batches cost, compared with single requests.
AT_HALF = "at half price"
AT_WHOLE = "at the whole price"
UNLISTED = "no price of batches is listed"


def compared(batch: tuple[float, float], whole: tuple[float, float]) -> str:
    """Return how the price of prompt and completion in batches compares with the whole one."""
    if batch == whole:
        return f"batches {AT_WHOLE}"
    half = tuple(2 * amount for amount in batch) == whole
    return f"batches {AT_HALF}" if half else "batches at a price of their own"


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens, and where that is from.

    ``prompt`` and ``completion`` are those of prompts of ordinary length; ``tiers``, by rising
    length, those of longer ones.
    """

    prompt: float
    completion: float
    source: str
    tiers: tuple[Rate, ...] = ()

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Return what one request costs, in US dollars. Of the tokens of several requests together it
        is the most they can cost."""
        rate: Price | Rate = self
        for tier in self.tiers:
            if prompt_tokens > tier.above:
                rate = tier
        return (prompt_tokens * rate.prompt + completion_tokens * rate.completion) / 1e6

    def describe(self) -> dict[str, object]:
        """Return what the manifest holds of it."""
        described: dict[str, object] = {
            "prompt_usd_per_million": self.prompt,
            "completion_usd_per_million": self.completion,
            "source": self.source,
        }
        if self.tiers:
            described["longer_prompts"] = [
                {
                    "above_tokens": tier.above,
                    "prompt_usd_per_million": tier.prompt,
                    "completion_usd_per_million": tier.completion,
                }
                for tier in self.tiers
            ]
        return described

"""Which prompts begin alike, so that what they share is computed once.

Prompts of one dataset share a system prompt and the examples of a few-shot style; prompts of several
datasets share less. So what is looked for is a division of all prompts that saves the most tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Below, copying keys and values into each row costs about what computing them does.
SHORTEST = 32


@dataclass(frozen=True)
class Sharing:
    """Prompts by number, and how many tokens at their beginning are the same; 0: none worth it."""

    prompts: tuple[int, ...]
    tokens: int = 0

    @property
    def saved(self) -> int:
        """Tokens that need not be computed."""
        return (len(self.prompts) - 1) * self.tokens


def sharings(prompts: Sequence[Sequence[int]], shortest: int = SHORTEST) -> list[Sharing]:
    """Return the prompts in groups that begin alike, those that save the most first, and last those
    that share too little. Each prompt stands in one group, in the order given.

    The last two tokens of a prompt are never shared: one is left to be computed in a batch, and the
    last is what the first new token comes from.
    """
    found = _divided(prompts, tuple(range(len(prompts))), shortest, shortest)
    alone = tuple(sorted(place for one in found if not one.saved for place in one.prompts))
    shared = sorted((one for one in found if one.saved), key=lambda one: (-one.saved, one.prompts))
    return [*shared, *([Sharing(alone)] if alone else [])]


def _divided(
    prompts: Sequence[Sequence[int]], places: tuple[int, ...], depth: int, shortest: int
) -> list[Sharing]:
    """Return the best division of these prompts by their first ``depth`` tokens, or by more."""
    alike: dict[tuple[int, ...], list[int]] = {}
    alone = []
    for place in places:
        if len(prompts[place]) < depth + 2:
            alone.append(place)
        else:
            alike.setdefault(tuple(prompts[place][:depth]), []).append(place)
    found = [Sharing(tuple(alone))] if alone else []
    for same in alike.values():
        if len(same) == 1:
            found.append(Sharing(tuple(same)))
            continue
        whole = Sharing(tuple(same), _common([prompts[place] for place in same]))
        # A quarter more tokens each time, so that few levels reach any window.
        further = whole.tokens + max(shortest, whole.tokens // 4)
        parts = _divided(prompts, tuple(same), further, shortest)
        more = sum(part.saved for part in parts) > whole.saved
        found += parts if more else [whole]
    return found


def _common(prompts: Sequence[Sequence[int]]) -> int:
    """Return how many tokens at the beginning are the same in all, the last two aside."""
    # What the first and the last in order have in common, all have.
    first, last = min(map(list, prompts)), max(map(list, prompts))
    most = min(len(prompt) for prompt in prompts) - 2
    pairs = zip(first[:most], last[:most], strict=True)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), most)

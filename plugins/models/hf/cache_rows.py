"""Caches of keys and values whose rows are one request each: put together, cut to what is used.

Rows stand at the right, as tokens do in a batch that is padded on the left, so a cache of several
prompts has zeros at the left of the shorter ones, which the attention mask leaves out. Only caches
made of plain layers can be taken apart so; states of other kinds belong to a whole row of tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def is_plain(cache: Any) -> bool:
    """Say whether a cache is nothing but keys and values, one of each for a token."""
    from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

    plain = (DynamicLayer, DynamicSlidingWindowLayer)
    return (
        type(cache) is DynamicCache
        and not cache.offloading
        and bool(cache.layers)
        and all(type(layer) in plain and layer.is_initialized for layer in cache.layers)
    )


def joined(caches: Sequence[Any], length: int, config: Any) -> Any:
    """Return one cache of the rows of all, ``length`` slots long: what is longer loses slots at the
    left, what is shorter is filled up there. The caches are used up on the way, layer by layer, so that
    nothing is held twice."""

    def layer(index: int, name: str) -> Any:
        import torch

        parts = [getattr(cache.layers[index], name) for cache in caches]
        for cache in caches:
            setattr(cache.layers[index], name, None)
        rows = sum(part.shape[0] for part in parts)
        whole = parts[0].new_zeros((rows, parts[0].shape[1], length, parts[0].shape[3]))
        # A sliding layer holds fewer tokens than it has seen, the last.
        for part, place in zip(parts, torch.split(whole, [len(p) for p in parts]), strict=True):
            taken = min(part.shape[2], length)
            place[:, :, length - taken :] = part[:, :, part.shape[2] - taken :]
        return whole

    return _made(len(caches[0].layers), layer, config)


def begun(prefix: Any, counts: Sequence[int], config: Any) -> Any:
    """Return a cache of one row for each number in ``counts``: so many of the first slots of
    ``prefix``, a cache of one row that keeps every token. It is as long as the highest number."""
    length = max(counts)

    def layer(index: int, name: str) -> Any:
        states = getattr(prefix.layers[index], name)
        whole = states.new_zeros((len(counts), states.shape[1], length, states.shape[3]))
        for row, count in enumerate(counts):
            whole[row, :, length - count :] = states[0, :, :count]
        return whole

    return _made(len(prefix.layers), layer, config)


def _made(layers: int, layer: Any, config: Any) -> Any:
    from transformers.cache_utils import DynamicCache

    cache = DynamicCache(config=config)
    for index in range(layers):
        cache.update(layer(index, "keys"), layer(index, "values"), index)
    return cache

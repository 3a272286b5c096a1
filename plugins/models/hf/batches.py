"""Requests answered in batches: how much goes into one, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from imhi import Request, Response
from imhi.checkpoints import failed, free_memory, memory_as_memory_error, run_batches
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.loading import Loaded

Encoded = TypeVar("Encoded")

# Tokens per batch, prompt + answer + padding. On a CPU bigger batches stop paying early (for a
# classifier sooner: it does all its work at once); on a GPU the key-value cache is the bound.
_CPU_TOKENS = {"causal": 8_192, "seq2seq": 8_192, "classifier": 1_024}
_GPU_TOKENS = 32_768
_MOST_GPU_TOKENS = 262_144
_SHARE_OF_FREE_MEMORY = 0.5


def answer_in_batches(
    items: Sequence[tuple[Request, Encoded]],
    lengths: Sequence[int],
    answer: Callable[[Sequence[tuple[Request, Encoded]]], list[Response]],
    loaded: Loaded,
    arguments: HfArguments,
    unit: str,
) -> Iterator[Response]:
    """Yield a response to each request as batches finish, the longest first. One that does not fit
    the memory alone gets an error; ``unit`` says what it is (a prompt, a post). ``lengths`` are in
    tokens; ``latency``, in seconds, is each request's share of its batch."""

    def work(batch: Sequence[tuple[Request, Encoded]]) -> list[Response]:
        started = time.perf_counter()
        try:
            with memory_as_memory_error():
                responses = answer(batch)
        except MemoryError as error:
            if len(batch) > 1:
                raise
            return [failed(batch[0][0], f"out of memory with this {unit} alone: {error}")]
        latency = (time.perf_counter() - started) / len(batch)
        return [replace(response, latency=latency) for response in responses]

    budget, most = batch_limits(loaded, arguments, max(lengths, default=1))
    for _, response in run_batches(
        items,
        lengths,
        work,
        budget,
        max_items=most,
        free=lambda: free_memory(loaded.device),
    ):
        yield response


def batch_limits(loaded: Loaded, arguments: HfArguments, longest: int) -> tuple[int, int | None]:
    """Return the token budget and the most items of a batch.

    A ``batch_size`` alone is honoured whatever the lengths: the budget then is that many of the
    longest item, so that halving it after running out of memory has an effect.
    """
    size, tokens = arguments.batch_size, arguments.batch_tokens
    if tokens is not None:
        return tokens, size
    if size is not None:
        return size * longest, size
    return default_tokens(loaded), None


def default_tokens(loaded: Loaded) -> int:
    """Return the token budget for the device: on CUDA what half the free memory holds of keys and
    values, elsewhere a constant."""
    if loaded.device == "cpu":
        return _CPU_TOKENS[loaded.kind]
    if not loaded.device.startswith("cuda") or loaded.kind == "classifier":
        return _GPU_TOKENS
    import torch

    config = loaded.model.config.get_text_config(decoder=True)
    layers = getattr(config, "num_hidden_layers", None)
    heads = getattr(config, "num_key_value_heads", None) or getattr(
        config, "num_attention_heads", None
    )
    width = getattr(config, "head_dim", None) or (
        config.hidden_size // config.num_attention_heads if heads else None
    )
    if not (layers and heads and width):
        return _GPU_TOKENS
    item = next(loaded.model.parameters()).element_size()
    free, _ = torch.cuda.mem_get_info(loaded.device)
    per_token = 2 * layers * heads * width * max(item, 2)
    return max(2_048, min(_MOST_GPU_TOKENS, int(free * _SHARE_OF_FREE_MEMORY / per_token)))


def padded(
    rows: Sequence[Sequence[int]], pad: int, left: bool, least: int = 0
) -> tuple[Any, Any]:
    """Return token ids and attention mask, both of shape (rows, longest row or ``least``), int64."""
    import torch

    longest = max(least, *(len(row) for row in rows))
    ids, mask = [], []
    for row in rows:
        filling = longest - len(row)
        padding, gap = [pad] * filling, [0] * filling
        ids.append([*padding, *row] if left else [*row, *padding])
        mask.append([*gap, *[1] * len(row)] if left else [*[1] * len(row), *gap])
    return torch.tensor(ids), torch.tensor(mask)


def positions(mask: Any) -> Any:
    """Return each token's position among those that are no padding, shape as the mask's."""
    return (mask.cumsum(dim=-1) - 1).clamp(min=0)

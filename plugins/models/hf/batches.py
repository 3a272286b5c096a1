"""Requests answered in batches: how much goes into one, and what comes of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from imhi import Request, Response
from imhi.checkpoints import failed, free_memory, memory_as_memory_error, run_batches
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.loading import Loaded

Encoded = TypeVar("Encoded")

# Tokens per batch, prompt + answer + padding. A causal model's rows leave as they end, and a step
# reads all weights once for the whole batch, so the bound is the key-value cache, also on a CPU.
# Elsewhere bigger batches stop paying early on a CPU (for a classifier sooner: it does all its work
# at once).
_CPU_TOKENS = {"causal": 65_536, "unknown": 8_192, "seq2seq": 8_192, "classifier": 1_024}
_SHARE_OF_CPU_MEMORY = 0.25
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
    """Return the token budget for the device: for a causal model what a share of the free memory
    holds of keys and values, within bounds; elsewhere a constant."""
    cpu, cuda = loaded.device == "cpu", loaded.device.startswith("cuda")
    if cpu and loaded.kind != "causal":
        return _CPU_TOKENS[loaded.kind]
    if not (cpu or cuda) or loaded.kind == "classifier":
        return _GPU_TOKENS
    per_token, free = _bytes_per_token(loaded.model), _free_bytes(loaded.device)
    if per_token is None or free is None:
        return _CPU_TOKENS["unknown"] if cpu else _GPU_TOKENS
    share, most = (
        (_SHARE_OF_CPU_MEMORY, _CPU_TOKENS["causal"])
        if cpu
        else (_SHARE_OF_FREE_MEMORY, _MOST_GPU_TOKENS)
    )
    return max(2_048, min(most, int(free * share / per_token)))


def _bytes_per_token(model: Any) -> int | None:
    """Return what keys and values of one token take in all layers; None: the config does not say."""
    config = model.config.get_text_config(decoder=True)
    layers = getattr(config, "num_hidden_layers", None)
    heads = getattr(config, "num_key_value_heads", None) or getattr(
        config, "num_attention_heads", None
    )
    width = getattr(config, "head_dim", None) or (
        config.hidden_size // config.num_attention_heads if heads else None
    )
    if not (layers and heads and width):
        return None
    return int(2 * layers * heads * width * max(next(model.parameters()).element_size(), 2))


def _free_bytes(device: str) -> int | None:
    """Return the free memory of a device; None: the system does not say."""
    if device != "cpu":
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows; macOS lacks the first
        return None


def padded(rows: Sequence[Sequence[int]], pad: int, left: bool, least: int = 0) -> tuple[Any, Any]:
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

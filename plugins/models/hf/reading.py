"""Prompts read before anything is generated: all tokens but the last, into keys and values.

Prompts of like length are read together, so little or no padding is computed; what they share with
the prompts beside them is computed once. Rows that share a beginning are all given as many tokens as the
longest has beyond it: a shorter one then reads some tokens that are shared, and has fewer in its cache,
so that no gap stands in the middle of a row, which positions and sliding windows would count.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from imhi.plugins.models.hf.batches import padded, positions
from imhi.plugins.models.hf.cache_rows import begun, is_plain
from imhi.plugins.models.hf.loading import Loaded

# Tokens computed at a time: beyond it, more at once are no faster.
_TOKENS_AT_ONCE = {"cpu": 1_024}
_GPU_TOKENS_AT_ONCE = 16_384
# A group may have this share of padding.
_PADDING = 0.1


@dataclass(frozen=True)
class Read:
    """Keys and values of some prompts, a row each, in the order they were asked for."""

    rows: int
    cache: Any


class Reader:
    """Reads prompts with one model. ``tokens`` counts what was computed, padding included, and
    ``shared`` what was not, since another prompt had it; ``able`` turns False where the model's
    memory of a prompt is more than keys and values, ``can_share`` is False where a token's depend on how
    many follow."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.takes = set(inspect.signature(plain_model(loaded.model).forward).parameters)
        self.at_once = _TOKENS_AT_ONCE.get(loaded.device.split(":")[0], _GPU_TOKENS_AT_ONCE)
        config = loaded.model.config.get_text_config(decoder=True)
        self.able = not (_reads_in_chunks(config) or _has_virtual_tokens(loaded.model))
        self.can_share = not _turns_by_length(config)
        self.tokens = self.shared = 0
        self._prefix: tuple[list[int], Any] = ([], None)

    def read(self, prompts: Sequence[Sequence[int]], shared: int) -> Iterator[Read]:
        """Yield the prompts in groups of like length, in order. ``shared`` is how many of the first
        tokens all of them have in common. Ends early, with ``able`` turned False, where the model
        does not allow it."""
        start = 0
        while start < len(prompts) and self.able:
            lengths = [max(1, len(prompt) - 1 - shared) for prompt in prompts[start:]]
            count = self._group(lengths)
            group = prompts[start : start + count]
            cache = self._read(group, shared)
            if cache is None:
                return
            yield Read(count, cache)
            start += count

    def forget(self) -> None:
        """Let go of the keys and values that prompts shared."""
        self._prefix = ([], None)

    def _group(self, lengths: Sequence[int]) -> int:
        """Return how many of the first are read together."""
        longest = total = 0
        for count, length in enumerate(lengths):
            longest, total = max(longest, length), total + length
            computed = longest * (count + 1)
            if count and (computed > self.at_once or computed - total > _PADDING * computed):
                return count
        return len(lengths)

    def _read(self, group: Sequence[Sequence[int]], shared: int) -> Any:
        longest = max(1, *(len(prompt) - 1 - shared for prompt in group))
        counts = [max(0, len(prompt) - 1 - longest) for prompt in group]
        rows = [
            prompt[count : len(prompt) - 1] for prompt, count in zip(group, counts, strict=True)
        ]
        past = None
        if any(counts):
            prefix = self._shared(group[0][:shared])
            if prefix is None:
                return None
            past = begun(prefix, counts, self.loaded.model.config)
            self.shared += sum(counts)
        cache = self._forward(rows, counts, past)
        self.able = is_plain(cache)
        return cache if self.able else None

    def _shared(self, tokens: Sequence[int]) -> Any:
        """Return the keys and values of tokens that all prompts of a group begin with."""
        if self._prefix[0] != list(tokens):
            from transformers.cache_utils import DynamicCache

            self.forget()
            # Made without the model's config: it keeps every token, beyond a sliding window too.
            cache = self._forward([tokens], [0], DynamicCache())
            self.able = is_plain(cache)
            if not self.able:
                return None
            self._prefix = (list(tokens), cache)
        return self._prefix[1]

    def _forward(self, rows: Sequence[Sequence[int]], counts: Sequence[int], past: Any) -> Any:
        """Run the model over tokens that stand behind ``counts`` tokens of its cache."""
        import torch

        model = self.loaded.model
        ids, mask = padded(rows, model.generation_config.pad_token_id, left=True, least=1)
        if max(counts):
            before = torch.arange(max(counts))[None] >= max(counts) - torch.tensor(counts)[:, None]
            mask = torch.cat([before.to(mask), mask], dim=1)
        self.tokens += ids.numel()
        more: dict[str, Any] = {"past_key_values": past} if past is not None else {}
        if "position_ids" in self.takes:
            more["position_ids"] = positions(mask)[:, -ids.shape[1] :].to(self.loaded.device)
        if "logits_to_keep" in self.takes:
            more["logits_to_keep"] = 1
        read = model(
            input_ids=ids.to(self.loaded.device),
            attention_mask=mask.to(self.loaded.device),
            use_cache=True,
            **more,
        )
        return getattr(read, "past_key_values", None)


def plain_model(model: Any) -> Any:
    """Return the model below an adapter, whose own signature says nothing."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def _reads_in_chunks(config: Any) -> bool:
    """Say whether what a token looks at depends on its place in the row, padding included."""
    types = getattr(config, "layer_types", None) or ()
    return "chunked_attention" in types or bool(getattr(config, "attention_chunk_size", None))


def _has_virtual_tokens(model: Any) -> bool:
    """Say whether an adapter puts tokens of its own before each prompt."""
    adapter = getattr(model, "active_peft_config", None)
    return bool(getattr(adapter, "is_prompt_learning", False))


def _turns_by_length(config: Any) -> bool:
    """Say whether positions are encoded otherwise in a long row than in a short one."""
    rope = getattr(config, "rope_parameters", None) or {}
    # One for all layers, or one for each type of layer.
    kinds = [rope, *(one for one in rope.values() if isinstance(one, dict))]
    return any(one.get("rope_type") in ("dynamic", "longrope") for one in kinds)

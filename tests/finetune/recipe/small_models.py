"""Recipes and small models whose memory and sizes are counted."""

from __future__ import annotations

from typing import Any

import pytest

from imhi.finetune.recipe.schema import Base, Data, Hardware, Method, Recipe, Training
from imhi.finetune.recipe.sizes import size_of

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

SHARDED = ("fsdp", "deepspeed-zero2", "deepspeed-zero3")


def a_recipe(
    strategy: Any = "single", kind: str = "causal", window: int = 512, **fields: Any
) -> Recipe:
    """A recipe whose ``method`` is a name and whose other ``fields`` are those of its training."""
    data = {name: fields.pop(name) for name in ("answer_window",) if name in fields}
    method = {
        "name" if name == "method" else name: fields.pop(name)
        for name in ("method", "rank", "targets", "dropout")
        if name in fields
    }
    return Recipe(
        name="a-recipe",
        summary="to be measured",
        kind=kind,
        base=Base(model="a-model"),
        data=Data(window=window, **data),
        method=Method(**method),
        training=Training(**{"batch_size": 64, "device_batch_size": 4, **fields}),
        hardware=Hardware(strategy=strategy),
    )


def a_llama(hidden: int, inner: int, layers: int, heads: int, shared: int, words: int) -> Any:
    return transformers.LlamaConfig(
        hidden_size=hidden,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=shared,
        vocab_size=words,
    )


LLAMA_7B = size_of(a_llama(4096, 11008, 32, 32, 32, 32000))
LLAMA_13B = size_of(a_llama(5120, 13824, 40, 40, 40, 32000))
SMALL = a_llama(256, 688, 2, 4, 2, 1000)


def built_on_meta(config: Any) -> Any:
    with torch.device("meta"):
        return transformers.AutoModelForCausalLM.from_config(config)


def numbers(parameters: Any) -> int:
    return sum(parameter.numel() for parameter in parameters)

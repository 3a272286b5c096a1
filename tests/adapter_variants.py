"""Adapters that tests make, real ones of peft, and what can be wrong with them.

Each function writes a folder as ``save_pretrained`` leaves it and returns it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Tensors = dict[str, Any]


def changed(
    adapter: Path,
    folder: Path,
    tensors: Callable[[Tensors], Tensors] = lambda held: held,
    **config: object,
) -> Path:
    """Copy an adapter with its weights changed by ``tensors``, and fields of its configuration."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(adapter, folder)
    weights, said = folder / "adapter_model.safetensors", folder / "adapter_config.json"
    held = tensors(load_file(weights))
    save_file({name: tensor.clone() for name, tensor in held.items()}, weights)
    said.write_text(json.dumps({**json.loads(said.read_text()), **config}), encoding="utf-8")
    return folder


def save_lora(
    base: Path,
    folder: Path,
    *,
    added_tokens: int = 0,
    shift: float = 0.0,
    task: str = "CAUSAL_LM",
    auto: str = "AutoModelForCausalLM",
    model: Mapping[str, Any] | None = None,
    **config: Any,
) -> Path:
    """Save a LoRA adapter that changes answers: ``config`` are fields of ``LoraConfig``. ``added_tokens``
    rows are added to the embeddings before; whole weights (``modules_to_save``) are moved by ``shift``."""
    import peft
    import torch
    import transformers

    torch.manual_seed(1)
    loaded = getattr(transformers, auto).from_pretrained(base, **(model or {}))
    if added_tokens:
        rows = loaded.get_input_embeddings().weight.shape[0]
        loaded.resize_token_embeddings(rows + added_tokens, mean_resizing=False)
    fields = {"r": 4, "target_modules": ["q_proj", "v_proj"], "init_lora_weights": False, **config}
    adapted = peft.get_peft_model(loaded, peft.LoraConfig(task_type=task, **fields))
    for name, weight in adapted.named_parameters():
        if "modules_to_save" in name:
            weight.data += shift * torch.randn_like(weight)
    adapted.save_pretrained(str(folder))
    return folder


def with_another_layer(held: Tensors) -> Tensors:
    """Return the weights of an adapter of two layers with those of a fourth."""
    more = {name.replace("layers.1", "layers.3"): held[name] for name in held if "layers.1" in name}
    return {**held, **more}


def logits(base: Path, adapter: Path, ids: list[list[int]], rows: int | None = None) -> Any:
    """Return what peft itself computes with an adapter on a causal model."""
    import peft
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    if rows is not None:
        model.resize_token_embeddings(rows, mean_resizing=False)
    adapted = peft.PeftModel.from_pretrained(model, str(adapter)).eval()
    with torch.no_grad():
        return adapted(torch.tensor(ids)).logits

"""Loads config, tokenizer and weights as bert-score does, and says in one line what went wrong."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

from harness.checkpoints import Checkpoint, explained, out_of_memory_named, quiet
from harness.errors import HarnessError
from plugins.metrics.neural.bertscore.conventions import USER

# Tokenizers without a real limit carry a huge number instead.
_NO_LIMIT = 1_000_000


def read_config(checkpoint: Checkpoint, shared: Mapping[str, Any]) -> tuple[Any, int]:
    """Return the config and the number of layers of the (encoder part of the) model.

    Raises:
        HarnessError: it is no encoder, or does not say how many layers it has.
    """
    transformers = _package("transformers")
    _package("torch")
    with quiet(), explained(checkpoint.written, "config", USER):
        config = transformers.AutoConfig.from_pretrained(checkpoint.location, **shared)
    architecture = (getattr(config, "architectures", None) or [type(config).__name__])[0]
    if architecture.endswith("ForCausalLM") or getattr(config, "is_decoder", False):
        raise HarnessError(
            f"{USER}:{checkpoint.written}: found a {architecture}, which reads from left to right "
            "only; expected an encoder (BERT, RoBERTa, DeBERTa ...) or an encoder-decoder"
        )
    layers = getattr(config, "encoder_layers", None) or getattr(config, "num_hidden_layers", None)
    if not isinstance(layers, int) or layers < 1:
        raise HarnessError(
            f"{USER}:{checkpoint.written}: found a {architecture}, whose config names no number of "
            "layers; expected a text encoder (BERT, RoBERTa, DeBERTa ...)"
        )
    return config, layers


def load_tokenizer(checkpoint: Checkpoint, shared: Mapping[str, Any], config: Any) -> Any:
    """Load the tokenizer, with ``use_fast=False`` as bert-score asks for it.

    Raises:
        HarnessError: there is none, or it does not belong to the model.
    """
    from transformers import AutoTokenizer

    written = checkpoint.written
    with quiet(), explained(written, "tokenizer", USER):
        tokenizer = AutoTokenizer.from_pretrained(checkpoint.location, use_fast=False, **shared)
        # Without tokenizer files transformers may build an empty tokenizer instead of failing.
        ids = tokenizer.encode("The poster writes of stress.", add_special_tokens=False)
    if not set(ids) - {tokenizer.unk_token_id}:
        raise HarnessError(
            f"{USER}:{written}: the tokenizer knows no words; the checkpoint lacks its tokenizer "
            "files (tokenizer.json or the like): copy them in from the base model"
        )
    vocabulary = getattr(config, "vocab_size", None)
    if vocabulary is not None and max(ids) >= vocabulary:
        raise HarnessError(
            f"{USER}:{written}: the tokenizer gives token {max(ids)}, but the model knows "
            f"{vocabulary} tokens; they do not belong together: use the tokenizer the model was "
            "trained with"
        )
    return tokenizer


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise HarnessError(
            f"{USER} needs the package '{error.name or name}', which is not installed: "
            "pip install 'imhi-harness[hf]'"
        ) from None


def load_model(
    checkpoint: Checkpoint,
    config: Any,
    layer: int,
    arguments: Mapping[str, Any],
    shared: Mapping[str, Any],
    device: str,
) -> Any:
    """Load the weights, without the layers above the one that is used.

    Raises:
        HarnessError: they cannot be loaded, are incomplete, or do not fit the memory.
    """
    import torch
    from transformers import AutoModel

    # Loading must not make transformers ask the hub's conversion bot for anything.
    os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
    written = checkpoint.written
    with quiet(), explained(written, "model", USER), out_of_memory_named(written, device, USER):
        model, info = AutoModel.from_pretrained(
            checkpoint.location,
            config=config,
            dtype=getattr(torch, arguments["dtype"]),
            # None prefers safetensors and takes pickles where there is nothing else.
            use_safetensors=True if arguments["safetensors"] else None,
            output_loading_info=True,
            **shared,
        )
    _check_complete(info, written)
    if hasattr(model, "decoder") and hasattr(model, "encoder"):
        model = model.encoder
    _drop_layers_above(model, layer, written)
    model.eval()
    with out_of_memory_named(written, device, USER):
        return model.to(device)


def _check_complete(info: Mapping[str, Any], written: str) -> None:
    """Refuse weights that were not in the checkpoint: transformers fills them in at random.

    What BERTScore never looks at may be missing: a pooler, a decoder, buffers that are computed.
    """
    missing = [
        name
        for name in sorted(map(str, info.get("missing_keys", ())))
        if "pooler" not in name
        and not name.startswith("decoder.")
        and not name.endswith(("position_ids", "inv_freq"))
    ]
    if missing:
        raise HarnessError(
            f"{USER}:{written}: {len(missing)} weights are not in the checkpoint ({missing[0]}, "
            "...) and would be random; expected a complete encoder: train it, or give the one that "
            "was"
        )


def _drop_layers_above(model: Any, layer: int, written: str) -> None:
    """Leave the first ``layer`` layers, for the architectures that bert-score knows."""
    import torch

    if hasattr(model, "n_layers"):  # XLM
        model.n_layers = layer
        return
    inner: Any = getattr(model, "encoder", None)
    if hasattr(inner, "albert_layer_groups"):  # one layer, passed through again and again
        inner.config.num_hidden_layers = layer
        return
    for owner, name in (
        (model, "layer"),  # XLNet
        (inner, "block"),  # T5 as a whole encoder
        (inner, "layer"),  # BERT, RoBERTa, DeBERTa ...
        (getattr(model, "transformer", None), "layer"),  # DistilBERT
        (model, "block"),  # the encoder of T5
        (model, "layers"),  # the encoder of BART, ModernBERT
    ):
        layers = getattr(owner, name, None)
        if isinstance(layers, torch.nn.ModuleList):
            setattr(owner, name, torch.nn.ModuleList(list(layers)[:layer]))
            return
    raise HarnessError(
        f"{USER}:{written}: found a {type(model).__name__}, whose layers bert-score does not know "
        "how to cut; expected an encoder such as BERT, RoBERTa, DeBERTa, DistilBERT or BART"
    )


def window_of(model: Any, config: Any, tokenizer: Any, asked: int | None, written: str) -> int:
    """Return the most tokens of a text: ``max_length``, else what the tokenizer says (as in
    bert-score), but never more than the model has positions for.

    Raises:
        HarnessError: ``max_length`` is more than that.
    """
    positions: Any = getattr(config, "max_position_embeddings", None)
    table: Any = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    if padding is not None:
        # RoBERTa and its kin count positions from padding_idx + 1.
        positions = table.num_embeddings - padding - 1
    limited = isinstance(positions, int) and positions > 0
    if asked is not None:
        if limited and asked > positions:
            raise HarnessError(
                f"{USER}:{written}: found max_length={asked}, but the model has positions for "
                f"{positions} tokens; expected max_length={positions} or less"
            )
        return asked
    said = getattr(tokenizer, "model_max_length", None)
    limits = [positions] if limited else []
    if said and said < _NO_LIMIT:
        limits.append(int(said))
    return min(limits) if limits else _NO_LIMIT

"""Loads config, tokenizer and weights as bert-score does, and says in one line what went wrong."""

from __future__ import annotations

from typing import Any

from imhi import HarnessError
from imhi.checkpoints import Checkpoint, require_package
from imhi.plugins.metrics.neural.bertscore.arguments import BertScoreArguments
from imhi.plugins.metrics.neural.bertscore.conventions import USER

# Tokenizers without a real limit carry a huge number instead.
_NO_LIMIT = 1_000_000


def read_config(checkpoint: Checkpoint) -> tuple[Any, int]:
    """Return the config and the number of layers of the (encoder part of the) model.

    Raises:
        HarnessError: it is no encoder, or does not say how many layers it has.
    """
    transformers = require_package("transformers", USER)
    require_package("torch", USER)
    with checkpoint.loading("config"):
        config = transformers.AutoConfig.from_pretrained(
            checkpoint.location, revision=checkpoint.commit
        )
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


def load_tokenizer(checkpoint: Checkpoint, config: Any) -> Any:
    """Load the tokenizer, with ``use_fast=False`` as bert-score asks for it.

    Raises:
        HarnessError: there is none, or it does not belong to the model.
    """
    from transformers import AutoTokenizer

    with checkpoint.loading("tokenizer"):
        tokenizer = AutoTokenizer.from_pretrained(
            checkpoint.location, use_fast=False, revision=checkpoint.commit
        )
        checkpoint.check_tokenizer(tokenizer, config)
    return tokenizer


def load_model(
    checkpoint: Checkpoint,
    config: Any,
    layer: int,
    arguments: BertScoreArguments,
    device: str,
) -> Any:
    """Load the weights, without the layers above the one that is used.

    Raises:
        HarnessError: they cannot be loaded, are incomplete, or do not fit the memory.
    """
    import torch
    from transformers import AutoModel

    with checkpoint.loading(device=device):
        model, info = AutoModel.from_pretrained(
            checkpoint.location,
            config=config,
            dtype=getattr(torch, arguments.dtype),
            # None prefers safetensors and takes pickles where there is nothing else.
            use_safetensors=True if arguments.safetensors else None,
            output_loading_info=True,
            revision=checkpoint.commit,
        )
    # BERTScore never looks at a pooler or a decoder.
    checkpoint.check_complete(info, "encoder", unused=("pooler", "decoder"))
    if hasattr(model, "decoder") and hasattr(model, "encoder"):
        model = model.encoder
    _drop_layers_above(model, layer, checkpoint.written)
    model.eval()
    with checkpoint.loading(device=device):
        return model.to(device)


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
    declared = getattr(tokenizer, "model_max_length", None)
    limits = [positions] if limited else []
    if declared and declared < _NO_LIMIT:
        limits.append(int(declared))
    return min(limits) if limits else _NO_LIMIT

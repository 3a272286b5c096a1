"""What a checkpoint is, and how many tokens it can take."""

from __future__ import annotations

from typing import Any, Literal

from imhi._core.errors import HarnessError

Kind = Literal["causal", "seq2seq", "classifier"]

# Tokenizers without a real limit carry a huge number instead.
_NO_LIMIT = 1_000_000
_WINDOW_NAMES = (
    "max_position_embeddings",
    "n_positions",
    "n_ctx",
    "max_sequence_length",
    "seq_length",
)


def kind_of(config: Any, target: str) -> Kind:
    """Return what a checkpoint is, from its config.

    Raises:
        HarnessError: it is something that answers no question (an encoder, a masked LM ...).
    """
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    architecture = (getattr(config, "architectures", None) or [""])[0]
    if architecture.endswith("ForSequenceClassification"):
        return "classifier"
    own_code = getattr(config, "auto_map", None) or {}
    if getattr(config, "is_encoder_decoder", False):
        known = type(config) in AutoModelForSeq2SeqLM._model_mapping
        if known or "AutoModelForSeq2SeqLM" in own_code:
            return "seq2seq"
    else:
        known = type(config) in AutoModelForCausalLM._model_mapping
        speaks = architecture.endswith(("ForCausalLM", "LMHeadModel", "ForConditionalGeneration"))
        if (known and (speaks or not architecture)) or "AutoModelForCausalLM" in own_code:
            return "causal"
    raise HarnessError(
        f"hf:{target}: found a {architecture or type(config).__name__}, expected a causal model, "
        "an encoder-decoder or a ...ForSequenceClassification; such a model gives no answers"
    )


def window_of(
    model: Any, config: Any, tokenizer: Any, override: int | None, kind: Kind
) -> tuple[int | None, str]:
    """Return a model's window in tokens and who said so; None where no limit is known."""
    if override is not None:
        return override, "max_length"
    text_config = config.get_text_config(decoder=kind == "causal")
    limits = [
        (int(value), f"config {name}")
        for name in _WINDOW_NAMES
        if isinstance(value := getattr(text_config, name, None), int) and value > 0
    ][:1]
    embeddings = getattr(getattr(model, "base_model", model), "embeddings", None)
    positions: Any = getattr(embeddings, "position_embeddings", None)
    padding = getattr(positions, "padding_idx", None)
    if padding is not None:
        # RoBERTa and its kin count positions from padding_idx + 1.
        limits = [(positions.num_embeddings - padding - 1, "position embeddings")]
    limit = getattr(tokenizer, "model_max_length", None)
    if limit and limit < _NO_LIMIT and (not limits or kind == "classifier"):
        limits.append((int(limit), "tokenizer model_max_length"))
    return min(limits) if limits else (None, "no limit known")

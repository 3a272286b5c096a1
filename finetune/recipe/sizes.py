"""What a model measures: parameters, matrices of a layer, the weights of an adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imhi import HarnessError
from imhi.finetune.recipe.schema import Size

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe

# The matrices of a layer by the names that LLaMA, T5, BART and BERT give them.
NAMES = {
    "q": "q q_proj query",
    "k": "k k_proj key",
    "v": "v v_proj value",
    "o": "o o_proj out_proj",
    "gate": "gate_proj wi_0",
    "up": "up_proj wi wi_1 fc1",
    "down": "down_proj wo fc2",
}


def size_of(config: Any) -> Size:
    """Return the measures of a model by its transformers configuration. Parameters of LLaMA and
    Mistral are computed; others are built without memory, on torch's meta device, and counted.

    Raises:
        HarnessError: the configuration does not name a measure as others do.
    """

    def field(*names: str) -> int:
        for name in names:
            if getattr(config, name, None):
                return int(getattr(config, name))
        raise HarnessError(
            f"configuration of {config.model_type}: no {' or '.join(names)}, expected one; write the "
            "model's measures in base.size of the recipe"
        )

    hidden, heads = field("hidden_size"), field("num_attention_heads")
    one = getattr(config, "head_dim", None) or hidden // heads
    inner = "intermediate_size", "d_ff", "encoder_ffn_dim", "n_inner"
    layers = field("num_hidden_layers")
    if config.is_encoder_decoder:
        layers += field("num_decoder_layers", "decoder_layers")
    size = Size(
        parameters=1,
        layers=layers,
        hidden_size=hidden,
        intermediate_size=4 * hidden if config.model_type == "gpt2" else field(*inner),
        heads=heads,
        key_value_heads=getattr(config, "num_key_value_heads", None) or heads,
        head_size=None if one * heads == hidden else one,
        vocabulary=field("vocab_size"),
        source=f"configuration of {getattr(config, 'name_or_path', '') or config.model_type}",
    )
    plain = config.model_type in ("llama", "mistral") and not any(
        getattr(config, name, None) for name in ("attention_bias", "mlp_bias")
    )
    if plain and size.head_size is None:
        layer = sum(rows * columns for rows, columns in matrices(size).values()) + 2 * hidden
        ends = size.vocabulary * hidden * (1 if config.tie_word_embeddings else 2)
        return size.model_copy(update={"parameters": float(layers * layer + ends + hidden)})
    return size.model_copy(update={"parameters": float(_counted(config))})


def _counted(config: Any) -> int:
    import torch
    import transformers
    from transformers.models.auto import modeling_auto

    kind = "AutoModelForCausalLM"
    if config.is_encoder_decoder:
        kind = "AutoModelForSeq2SeqLM"
    elif type(config) in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING:
        kind = "AutoModelForSequenceClassification"
    with torch.device("meta"):
        model = getattr(transformers, kind).from_config(config)
    return sum(parameter.numel() for parameter in model.parameters())


def matrices(size: Size) -> dict[str, tuple[int, int]]:
    """Return (in, out) of the matrices of one LLaMA layer."""
    hidden, inner = size.hidden_size, size.intermediate_size
    one = size.head_size or hidden // size.heads
    own, shared = one * size.heads, one * size.key_value_heads
    attention = {"q": (hidden, own), "k": (hidden, shared), "v": (hidden, shared)}
    mlp = {"gate": (hidden, inner), "up": (hidden, inner), "down": (inner, hidden)}
    return {**attention, "o": (own, hidden), **mlp}


def adapter_parameters(recipe: Recipe, size: Size) -> int:
    """Return the weights of the recipe's adapter, rank x (in + out) for each target of each layer:
    exact for LLaMA-like models, of the right order for others.

    Raises:
        HarnessError: a target that is no known name of a matrix.
    """
    shapes, wanted = matrices(size), recipe.method.targets
    known = {alias: name for name, aliases in NAMES.items() for alias in aliases.split()}
    targets = list(shapes) if wanted == "all-linear" else [t.rpartition(".")[2] for t in wanted]
    unknown = [target for target in targets if target not in {**known, **shapes}]
    if unknown:
        raise HarnessError(
            f"method.targets: found {', '.join(unknown)}, whose size is not known; expected all-linear "
            f"or some of {', '.join(known)}"
        )
    chosen = {known.get(target, target) for target in targets}
    return size.layers * recipe.method.rank * sum(sum(shapes[name]) for name in chosen)


def linear_parameters(size: Size) -> int:
    """Return the weights in the matrices of all layers, at most all but the embeddings."""
    counted = size.layers * sum(rows * columns for rows, columns in matrices(size).values())
    return min(counted, max(0, round(size.parameters) - size.vocabulary * size.hidden_size))

"""Models made from nothing: random weights, and a tokenizer trained on their own rows.

They are for tests, for trying a recipe in a minute, and for asking what the data alone can teach.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Architecture

_PAD, _START, _END, _UNKNOWN = 0, 1, 2, 3
_SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")


def make_from_nothing(
    architecture: Architecture,
    seed: int,
    texts: Iterable[str],
    labels: tuple[str, ...],
    folder: Path,
) -> None:
    """Save model and tokenizer into ``folder``, which appears complete or not at all."""
    import torch

    from imhi.checkpoints import quiet

    tokenizer = _tokenizer(architecture, texts)
    before = torch.random.get_rng_state()
    torch.manual_seed(seed)
    model = _model(architecture, len(tokenizer), labels)
    torch.random.set_rng_state(before)
    making = folder.with_name(f".{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    with quiet():
        tokenizer.save_pretrained(making)
        model.save_pretrained(making)
    making.replace(folder)


def _tokenizer(architecture: Architecture, texts: Iterable[str]) -> Any:
    """Return a byte-level BPE: no text has an unknown token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=architecture.vocabulary,
        special_tokens=list(_SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    form = {
        "llama": ("<s> $A", "<s> $A $B:1"),
        "bert": ("<s> $A </s>", "<s> $A </s> $B:1 </s>:1"),
    }.get(architecture.type, ("$A </s>", "$A $B:1 </s>:1"))
    core.post_processor = processors.TemplateProcessing(
        single=form[0], pair=form[1], special_tokens=[("<s>", _START), ("</s>", _END)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=architecture.window,
        model_input_names=["input_ids", "attention_mask"],
    )


def _model(architecture: Architecture, vocabulary: int, labels: tuple[str, ...]) -> Any:
    import transformers

    size, layers, heads = architecture.hidden_size, architecture.layers, architecture.heads
    inner, window = architecture.intermediate_size, architecture.window
    plain = {
        "hidden_size": size,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "max_position_embeddings": window,
    }
    tokens = {"pad_token_id": _PAD, "bos_token_id": _START, "eos_token_id": _END}
    named: dict[str, tuple[str, dict[str, object]]] = {
        "llama": ("AutoModelForCausalLM", {**plain, "tie_word_embeddings": True}),
        "bert": (
            "AutoModelForSequenceClassification",
            {
                **plain,
                "num_labels": len(labels),
                "id2label": dict(enumerate(labels)),
                "label2id": {label: number for number, label in enumerate(labels)},
            },
        ),
        "t5": (
            "AutoModelForSeq2SeqLM",
            {
                "d_model": size,
                "d_kv": size // heads,
                "d_ff": inner,
                "num_layers": layers,
                "num_heads": heads,
                "dropout_rate": 0.0,
                "decoder_start_token_id": _PAD,
            },
        ),
        "bart": (
            "AutoModelForSeq2SeqLM",
            {
                "d_model": size,
                **{f"{part}_layers": layers for part in ("encoder", "decoder")},
                **{f"{part}_attention_heads": heads for part in ("encoder", "decoder")},
                **{f"{part}_ffn_dim": inner for part in ("encoder", "decoder")},
                "max_position_embeddings": window,
                "dropout": 0.0,
                "decoder_start_token_id": _END,
                "forced_eos_token_id": None,
            },
        ),
    }
    loader, fields = named[architecture.type]
    config = transformers.AutoConfig.for_model(
        architecture.type, vocab_size=vocabulary, **fields, **tokens
    )
    return getattr(transformers, loader).from_config(config)

"""Tiny Hugging Face models that tests build: random weights, fixed seeds, nothing downloaded.

Each function writes a complete checkpoint folder (config, safetensors weights, generation config,
fast tokenizer) that ``from_pretrained`` of any tool loads, and returns the folder. The tokenizer is
a byte-level BPE trained on the fictional posts of the demo source. The same arguments give the
same weights, so answers of one folder can be compared between tools and between processes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

DEMO = Path(__file__).resolve().parent.parent / "tasks" / "demo"

# Marks roles, as most real templates do, and opens with the BOS token itself.
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "[{{ message['role'] }}] {{ message['content'] }}\n"
    "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)
# Hands the bare text through: what a chat server is sent equals what a plain model is prompted.
PLAIN_TEMPLATE = "{{ bos_token }}{% for message in messages %}{{ message['content'] }}{% endfor %}"

_SIZE = 64
_LAYERS = 2
_HEADS = 4
_VOCABULARY = 700


@functools.cache
def demo_posts() -> tuple[str, ...]:
    """Return the posts and explanations of the demo source, each text once, in file order."""
    texts: dict[str, None] = {}
    for file in sorted(DEMO.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            texts.setdefault(row["post"])
            texts.setdefault(row["explanation"])
    return tuple(texts)


@functools.cache
def _trained_bpe() -> str:
    """Return the tokenizer's JSON; training takes about 0.1 s and is done once per process."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(demo_posts(), trainer)
    return str(tokenizer.to_str())


def make_tokenizer(
    kind: Literal["causal", "seq2seq", "classifier"],
    window: int,
    chat_template: str | None = None,
    pad: bool = True,
) -> Any:
    """Return a fast tokenizer: ids 0 ``<pad>``, 1 ``<s>``, 2 ``</s>``.

    A causal one puts ``<s>`` first, a seq2seq one ``</s>`` last, a classifier's
    ``<s> A </s> B </s>`` around a text or a pair. ``pad=False`` leaves the pad token undeclared.
    """
    from tokenizers import Tokenizer, processors
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer.from_str(_trained_bpe())
    forms = {
        "causal": ("<s> $A", "<s> $A $B:1"),
        "seq2seq": ("$A </s>", "$A $B:1 </s>:1"),
        "classifier": ("<s> $A </s>", "<s> $A </s> $B:1 </s>:1"),
    }
    single, double = forms[kind]
    core.post_processor = processors.TemplateProcessing(
        single=single, pair=double, special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    special = {"pad_token": "<pad>"} if pad else {}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<s>",
        eos_token="</s>",
        model_max_length=window,
        padding_side="left" if kind == "causal" else "right",
        model_input_names=["input_ids", "attention_mask"],
        **special,
    )
    if chat_template is not None:
        tokenizer.chat_template = chat_template
    return tokenizer


def save_causal(
    folder: Path,
    *,
    chat_template: str | None = None,
    window: int = 2048,
    seed: int = 0,
    pad: bool = True,
    dtype: str = "float32",
    heads: int = _HEADS,
    tied: bool = False,
) -> Path:
    """Save a Llama-type causal model (2 layers, width 64) whose greedy answers end now and then. vLLM
    on CPUs knows no heads of less than 32: two. ``tied``: its head is its embeddings."""
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    tokenizer = make_tokenizer("causal", window, chat_template, pad)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=_SIZE,
        intermediate_size=2 * _SIZE,
        num_hidden_layers=_LAYERS,
        num_attention_heads=heads,
        max_position_embeddings=window,
        initializer_range=0.4,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0 if pad else None,
        tie_word_embeddings=tied,
    )
    model = LlamaForCausalLM(config)
    _let_answers_end(model.lm_head.weight, 1.6)
    model.generation_config = GenerationConfig(
        bos_token_id=1, eos_token_id=2, pad_token_id=0 if pad else None
    )
    return _save(model.to(getattr(torch, dtype)), tokenizer, folder)


def save_sliding(folder: Path, *, sliding_window: int = 16, window: int = 2048) -> Path:
    """Save a Gemma 3-type causal model (2 layers, width 64): one that looks at everything, and one at
    no more than ``sliding_window`` tokens. Its greedy answers end now and then."""
    import torch
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    tokenizer = make_tokenizer("causal", window)
    torch.manual_seed(0)
    config = Gemma3TextConfig(
        vocab_size=len(tokenizer),
        hidden_size=_SIZE,
        intermediate_size=2 * _SIZE,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=window,
        layer_types=["sliding_attention", "full_attention"],
        sliding_window=sliding_window,
        query_pre_attn_scalar=1,
        initializer_range=0.4,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        tie_word_embeddings=False,
    )
    model = Gemma3ForCausalLM(config)
    _let_answers_end(model.lm_head.weight, 1.6)
    return _save(_with_ends(model), tokenizer, folder)


def save_with_states(folder: Path, *, window: int = 2048) -> Path:
    """Save an LFM2-type causal model (a convolution and an attention layer, width 64), whose memory
    of a prompt is more than keys and values."""
    import torch
    from transformers import Lfm2Config, Lfm2ForCausalLM

    tokenizer = make_tokenizer("causal", window)
    torch.manual_seed(0)
    config = Lfm2Config(
        vocab_size=len(tokenizer),
        hidden_size=_SIZE,
        intermediate_size=2 * _SIZE,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        num_key_value_heads=_HEADS,
        max_position_embeddings=window,
        layer_types=["conv", "full_attention"],
        initializer_range=0.4,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        tie_word_embeddings=False,
    )
    model = Lfm2ForCausalLM(config)
    _let_answers_end(model.lm_head.weight, 1.6)
    return _save(_with_ends(model), tokenizer, folder)


def save_seq2seq(
    folder: Path,
    *,
    architecture: Literal["t5", "bart"] = "t5",
    window: int = 1024,
    seed: int = 0,
) -> Path:
    """Save an encoder-decoder (2 + 2 layers, width 64): T5 (relative positions), whose answers end
    now and then, or BART, whose answers never do."""
    import torch
    from transformers import (
        BartConfig,
        BartForConditionalGeneration,
        GenerationConfig,
        T5Config,
        T5ForConditionalGeneration,
    )

    tokenizer = make_tokenizer("seq2seq", window)
    torch.manual_seed(seed)
    model: Any
    if architecture == "t5":
        model = T5ForConditionalGeneration(
            T5Config(
                vocab_size=len(tokenizer),
                d_model=_SIZE,
                d_kv=_SIZE // _HEADS,
                d_ff=2 * _SIZE,
                num_layers=_LAYERS,
                num_heads=_HEADS,
                initializer_factor=4.0,
                pad_token_id=0,
                eos_token_id=2,
                decoder_start_token_id=0,
            )
        )
        _let_answers_end(model.get_output_embeddings().weight, 4.0)
        start = 0
    else:
        model = BartForConditionalGeneration(
            BartConfig(
                vocab_size=len(tokenizer),
                d_model=_SIZE,
                encoder_layers=_LAYERS,
                decoder_layers=_LAYERS,
                encoder_attention_heads=_HEADS,
                decoder_attention_heads=_HEADS,
                encoder_ffn_dim=2 * _SIZE,
                decoder_ffn_dim=2 * _SIZE,
                max_position_embeddings=window,
                init_std=0.4,
                pad_token_id=0,
                bos_token_id=1,
                eos_token_id=2,
                decoder_start_token_id=2,
                # The default would end every answer, so that none is ever cut off.
                forced_eos_token_id=None,
            )
        )
        start = 2
    model.generation_config = GenerationConfig(
        bos_token_id=1, eos_token_id=2, pad_token_id=0, decoder_start_token_id=start
    )
    return _save(model, tokenizer, folder)


def save_classifier(
    folder: Path, labels: Sequence[str], *, window: int = 512, seed: int = 0
) -> Path:
    """Save a RoBERTa-type sequence classifier whose ``id2label`` is ``labels`` in that order."""
    import torch
    from transformers import RobertaConfig, RobertaForSequenceClassification

    tokenizer = make_tokenizer("classifier", window)
    torch.manual_seed(seed)
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=_SIZE,
        intermediate_size=2 * _SIZE,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        # RoBERTa counts positions from pad_token_id + 1.
        max_position_embeddings=window + 1,
        initializer_range=0.4,
        type_vocab_size=1,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    return _save(RobertaForSequenceClassification(config), tokenizer, folder)


def save_adapter(base: Path, folder: Path, *, seed: int = 0) -> Path:
    """Save a LoRA adapter for a causal model of :func:`save_causal` that changes its answers."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_pretrained(base)
    # init_lora_weights=False: a fresh adapter is otherwise zero and changes nothing.
    config = LoraConfig(
        r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM", init_lora_weights=False
    )
    get_peft_model(model, config).save_pretrained(str(folder))
    return folder


def _with_ends(model: Any) -> Any:
    from transformers import GenerationConfig

    model.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=2, pad_token_id=0)
    return model


def _let_answers_end(output_weight: Any, factor: float) -> None:
    """Scale the output row of ``</s>`` up, so that a random model chooses it now and then."""
    import torch

    with torch.no_grad():
        output_weight[2] *= factor


def _save(model: Any, tokenizer: Any, folder: Path) -> Path:
    model.eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder

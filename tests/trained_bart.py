"""A small BART trained for a minute on real explanations, for tests that need a model which reads.

With random weights BARTScore hardly depends on the source. This one is taught to write explanations
from posts, and to write a text again from itself with half of its words left out; after about a
minute on one core it prefers the explanation that belongs to a post. It is no good for anything else.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from imhi._core.answer_format import explanation_of

VOCABULARY = 2500
WINDOW = 256
_PARTS = ("DR", "dreaddit", "SAD", "Irf", "MultiWD")
_OF_EACH = 900
_STEPS = 300
_BATCH = 12
# How much the source's words weigh beside the word before, at the start.
_SIGHT = 4.0
_LONGEST = 64  # in training; attention to later tokens is not needed to tell texts apart


def train_bart(imhi: Path, folder: Path) -> Path:
    """Train on train rows of an official checkout (about half a minute), save, return ``folder``."""
    import torch

    rows = list(training_rows(imhi))
    tokenizer = make_tokenizer([text for row in rows for text in row])
    generator = random.Random(0)
    before = torch.random.get_rng_state()
    model = make_model(tokenizer, init_std=0.1)
    _let_it_see_the_source(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=3e-3, total_steps=_STEPS, pct_start=0.1
    )
    model.train()
    for _ in range(_STEPS):
        pairs = [_task(row, generator) for row in generator.sample(rows, _BATCH)]
        sources, targets = (
            tokenizer(
                list(side),
                padding=True,
                truncation=True,
                max_length=_LONGEST,
                return_tensors="pt",
            )
            for side in zip(*pairs, strict=True)
        )
        labels = targets["input_ids"].masked_fill(targets["attention_mask"] == 0, -100)
        loss = model(**sources, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    torch.random.set_rng_state(before)
    model.eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_model(tokenizer: Any, **settings: Any) -> Any:
    """Return a BART of width 128, 1 + 1 layers, with random weights (seed 0)."""
    import torch
    from transformers import BartConfig, BartForConditionalGeneration

    torch.manual_seed(0)
    config: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "d_model": 128,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
        "encoder_ffn_dim": 256,
        "decoder_ffn_dim": 256,
        "max_position_embeddings": WINDOW,
        "dropout": 0.0,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "decoder_start_token_id": 2,
        "forced_eos_token_id": None,
    }
    return BartForConditionalGeneration(BartConfig(**config | settings))


def _let_it_see_the_source(model: Any) -> None:
    """Start where each step of the decoder sees the mean of the source's word vectors.

    From random weights 600 steps taught it what texts look like, and nothing about the source:
    scores of shuffled explanations were the same to three digits.
    """
    import torch

    with torch.no_grad():
        for half in (model.model.encoder, model.model.decoder):
            half.embed_positions.weight.mul_(0.1)
            for layer in half.layers:
                layer.self_attn.out_proj.weight.mul_(0.1)
                layer.fc2.weight.mul_(0.1)
        for layer in model.model.decoder.layers:
            attention = layer.encoder_attn
            for part, scale in ((attention.v_proj, 1.0), (attention.out_proj, _SIGHT)):
                torch.nn.init.eye_(part.weight)
                part.weight.mul_(scale)
            attention.q_proj.weight.mul_(0.3)


def training_rows(imhi: Path) -> Iterator[tuple[str, str]]:
    """Yield posts with their explanations: the first rows of every dataset's train file, or val
    file where a checkout has no other."""
    for name in _PARTS:
        folder = imhi / "train_data" / "instruction_data" / name
        path = next(file for file in (folder / "train.csv", folder / "val.csv") if file.is_file())
        with path.open(encoding="utf-8", newline="") as stream:
            for number, row in enumerate(csv.DictReader(stream)):
                if number == _OF_EACH:
                    break
                post = row["query"].rpartition(" Question: ")[0].partition(": ")[2]
                explanation = explanation_of(row["gpt-3.5-turbo"])
                if post and explanation:
                    yield post, explanation


def _task(row: tuple[str, str], generator: random.Random) -> tuple[str, str]:
    """Return source and target: the explanation from the post, or from half of its own words."""
    post, explanation = row
    if generator.random() < 0.5:
        return post, explanation
    words = explanation.split()
    return " ".join(word for word in words if generator.random() < 0.5) or words[0], explanation


def make_tokenizer(texts: Sequence[str]) -> Any:
    """Return a byte-level BPE trained on texts: ids 0 ``<pad>``, 1 ``<s>``, 2 ``</s>``."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    core.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=["<pad>", "<s>", "</s>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    core.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        model_max_length=WINDOW,
        padding_side="right",
        model_input_names=["input_ids", "attention_mask"],
    )

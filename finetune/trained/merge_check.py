"""Whether a merged model is the model that base and adapter are: their logits on sample prompts.

The prompts are fictional posts of the demo, in the recipe's own style, with their answers behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from imhi import Context, open_source
from imhi.finetune.rows.texts import class_rows, text_rows
from imhi.finetune.trained.manifest import ModelRecord, TrainingManifest

if TYPE_CHECKING:
    from imhi import PluginManager

SAMPLES, TOKENS, POSITIONS = 6, 256, 16
# What logits may differ by at most, as a share of their size (see :func:`difference`). In float32 base
# + adapter and their sum differ by the order of additions: 1.4e-6 was measured on Gemma 3 270M. In 16
# bit every weight of the sum is rounded (by up to 2**-9 of it in bfloat16, 2**-12 in float16), layers
# add that up, and base and adapter are computed in 16 bit themselves: 0.023 was measured in bfloat16.
BOUNDS = {"float32": 1e-4, "float16": 2e-2, "bfloat16": 1e-1}


def bound_for(dtype: str, effect: float) -> float:
    """Return what a merged model's logits may differ by from those of base and adapter: the bound of
    the type, and no more than half of what the adapter changes (``effect``), so that a merge that lost
    the adapter is found; half of the bound is left for noise."""
    bound = BOUNDS.get(dtype, BOUNDS["bfloat16"])
    return min(bound, max(effect, bound) / 2)


def sample_texts(
    manifest: TrainingManifest, record: ModelRecord, manager: PluginManager
) -> list[tuple[str, str | None]]:
    """Return what the model is given, and what it answers (a classifier: the question, if any)."""
    _, source = open_source("demo", manager.registry)
    data = manifest.recipe.data
    known = source.datasets()
    name = next((name for name in record.datasets if name in known), known[0])
    split = source.splits(name)[0]
    context = Context(manager.registry, source, split=split)
    examples = islice(source.examples(name, split), SAMPLES)
    if record.labels:
        return [(row.text, row.pair) for row in class_rows(examples, data, context)]
    return [(row.request.prompt, row.answer) for row in text_rows(examples, data, context)]


def sample_logits(model: Any, tokenizer: Any, texts: list[tuple[str, str | None]]) -> Any:
    """Return a model's logits, float32, of shape (positions, vocabulary or labels): those of the last
    positions of each text."""
    import torch

    model.eval()
    found = []
    with torch.no_grad():
        for given in _given(model, tokenizer, texts):
            logits = model(**given).logits[0]
            found.append(logits.reshape(-1, logits.shape[-1])[-POSITIONS:].float().cpu())
    return torch.cat(found)


def difference(merged: Any, adapted: Any) -> float:
    """Return by how much logits of shape (positions, words) differ, at the position where they do most:
    the length of the difference over that of the logits, both without their mean, which changes no
    probability. Not a number where one of them is none."""

    def centred(logits: Any) -> Any:
        return logits - logits.mean(-1, keepdim=True)

    if merged.shape != adapted.shape:
        return float("inf")
    apart = centred(merged - adapted).norm(dim=-1)
    return float((apart / centred(adapted).norm(dim=-1).clamp(min=1e-9)).max())


def _given(
    model: Any, tokenizer: Any, texts: list[tuple[str, str | None]]
) -> Iterator[dict[str, Any]]:
    import torch

    config = model.config
    classifies = type(model).__name__.endswith("ForSequenceClassification")
    for read, written in texts:
        if classifies:
            yield dict(
                tokenizer(read, written, truncation=True, max_length=TOKENS, return_tensors="pt")
            )
        elif config.is_encoder_decoder:
            answer = tokenizer(written or "")["input_ids"][:POSITIONS]
            start = config.decoder_start_token_id or 0
            yield {
                "input_ids": torch.tensor([tokenizer(read)["input_ids"][:TOKENS]]),
                "decoder_input_ids": torch.tensor([[start, *answer]]),
            }
        else:
            ids = tokenizer(f"{read} {written or ''}")["input_ids"]
            yield {"input_ids": torch.tensor([ids[-TOKENS:]])}

"""Loads config, tokenizer, weights and adapter, and says in one line what went wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from imhi.checkpoints import (
    AdapterFiles,
    Checkpoint,
    Kind,
    adapter_tokenizer,
    apply_adapter,
    check_adapter_base,
    check_rows,
    check_size,
    choose_device,
    ends_too,
    find_checkpoint,
    kind_of,
    open_adapter,
    plain_generation,
    require_package,
    window_of,
)
from imhi.plugins.models.hf.arguments import HfArguments


@dataclass
class Loaded:
    """A model ready to answer. ``window`` is in tokens, None where the model knows no limit
    (relative positions); ``window_from`` says who said so. ``own_words`` is what of the adapter's
    tokenizer differs from the base's, and is used; ``notes`` are for the run."""

    kind: Kind
    model: Any
    tokenizer: Any
    device: str
    dtype: str
    window: int | None
    window_from: str
    checkpoint: Checkpoint
    adapter: Checkpoint | None = None
    unused_defaults: Mapping[str, object] = field(default_factory=dict)
    own_words: str = ""
    notes: tuple[str, ...] = ()


def load(target: str, arguments: HfArguments) -> Loaded:
    """Load what ``hf:TARGET,arguments`` names.

    Raises:
        HarnessError: anything the user can put right: no such model, gated, no tokenizer, pickle
            weights, unknown kind, weights that are missing, no such device, not enough memory, an
            adapter that does not fit.
    """
    transformers = require_package("transformers", f"hf:{target}")
    require_package("torch", f"hf:{target}")
    checkpoint = find_checkpoint(target, arguments.revision, file=arguments.gguf_file)
    if arguments.safetensors:
        checkpoint.require_safetensors()
    adapter = None
    if arguments.peft:
        require_package("peft", f"peft={arguments.peft}")
        found = find_checkpoint(arguments.peft, arguments.peft_revision, "adapter")
        adapter = open_adapter(found, safetensors=arguments.safetensors)
    shared: dict[str, object] = {"trust_remote_code": arguments.trust_remote_code}
    if checkpoint.commit:
        shared["revision"] = checkpoint.commit
    if arguments.gguf_file:
        require_package("gguf", f"hf:{target},gguf_file={arguments.gguf_file}", "gguf")
        # Configuration and tokenizer are read out of it too.
        shared["gguf_file"] = arguments.gguf_file
    with checkpoint.loading():
        config = transformers.AutoConfig.from_pretrained(checkpoint.location, **shared)
        kind = kind_of(config, target)
    check_size(checkpoint, config)
    with checkpoint.loading("tokenizer"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint.location, **shared)
    checkpoint.check_tokenizer(tokenizer, config)
    device = choose_device(arguments.device)
    dtype = _choose_dtype(arguments.dtype, "cpu" if arguments.gguf_file else device)
    classes = {
        "causal": transformers.AutoModelForCausalLM,
        "seq2seq": transformers.AutoModelForSeq2SeqLM,
        "classifier": transformers.AutoModelForSequenceClassification,
    }
    placed = None if device == "cpu" else "auto" if device == "spread" else {"": device}
    with checkpoint.loading(device=device), _without_its_bar(arguments):
        model, info = classes[kind].from_pretrained(
            checkpoint.location,
            config=config,
            dtype=dtype,
            device_map=placed,
            # None prefers safetensors and takes pickles where there is nothing else.
            use_safetensors=True if arguments.safetensors else None,
            output_loading_info=True,
            **shared,
        )
    checkpoint.check_complete(info, f"{kind} model")
    notes: list[str] = []
    own_words = ""
    if adapter is not None:
        tokenizer, own_words = adapter_tokenizer(
            adapter, tokenizer, trust_remote_code=arguments.trust_remote_code
        )
        model, notes = _with_adapter(model, adapter, checkpoint, arguments)
        if own_words:
            check_rows(tokenizer, model.get_input_embeddings().weight.shape[0], adapter, checkpoint)
            checkpoint.check_tokenizer(tokenizer, model.config)
    model.eval()
    window, window_from = window_of(model, config, tokenizer, arguments.max_length, kind)
    unused = {} if kind == "classifier" else plain_generation(model, tokenizer)
    if own_words and kind != "classifier":
        ends_too(model.generation_config, tokenizer.eos_token_id)
    found_dtype = str(next(model.parameters()).dtype).removeprefix("torch.")
    place = str(model.device) if device == "spread" else device
    return Loaded(
        kind,
        model,
        tokenizer,
        place,
        found_dtype,
        window,
        window_from,
        checkpoint,
        adapter.checkpoint if adapter else None,
        unused,
        own_words,
        tuple(notes),
    )


@contextlib.contextmanager
def _without_its_bar(arguments: HfArguments) -> Iterator[None]:
    """Keep the progress bar away that transformers shows over the tensors of a GGUF file: alone of its
    bars it cannot be turned off."""
    if arguments.gguf_file is None:
        yield
        return
    from transformers import modeling_gguf_pytorch_utils as unpacking

    bar = unpacking.tqdm
    unpacking.tqdm = partial(bar, disable=True)
    try:
        yield
    finally:
        unpacking.tqdm = bar


def _choose_dtype(asked: str, device: str) -> Any:
    import torch

    if asked == "auto":
        # bfloat16 runs on CPUs, but far slower than float32.
        return torch.float32 if device == "cpu" else "auto"
    return getattr(torch, asked)


def _with_adapter(
    model: Any, adapter: AdapterFiles, base: Checkpoint, arguments: HfArguments
) -> tuple[Any, list[str]]:
    notes = check_adapter_base(adapter, base, any_base=arguments.any_base)
    applied, more = apply_adapter(model, adapter, base, any_base=arguments.any_base)
    return applied, [*notes, *more]

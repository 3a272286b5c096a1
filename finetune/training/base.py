"""The model a training starts from: a checkpoint, or one made from nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imhi import HarnessError
from imhi.checkpoints import (
    check_complete,
    check_tokenizer,
    explained,
    find_checkpoint,
    quiet,
    require_package,
    require_safetensors,
    window_of,
)
from imhi.finetune.training.job import Job
from imhi.finetune.training.scratch import make_from_nothing

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Base, Kind

_CLASSES = {
    "causal": "AutoModelForCausalLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
    "classifier": "AutoModelForSequenceClassification",
}
_USER = "base.model"
_OPTION = "--set base.{}"
# A new head stands on the encoder: its weights are not in the checkpoint, and are to be learnt.
_HEADS = ("classifier", "score", "classification_head", "pre_classifier", "pooler")


@dataclass
class Start:
    """Model and tokenizer before the first update."""

    model: Any
    tokenizer: Any
    notes: list[str]


def load_start(job: Job, texts: Iterable[str], labels: tuple[str, ...] = ()) -> Start:
    """Return what the recipe's ``base`` names. ``texts`` are what a tokenizer made from nothing is
    trained on; ``labels`` are a classifier's, in the order of its outputs.

    A model made from nothing is saved in ``job.base`` once, so that a resumed training finds the
    same one.

    Raises:
        HarnessError: no such model, not enough memory, no tokenizer ...
    """
    from imhi.finetune.training.processes import processes

    recipe = job.recipe
    source: Base = recipe.base
    if recipe.base.scratch is not None:
        with processes().main_process_first():
            if not job.base.is_dir():
                make_from_nothing(
                    recipe.base.scratch, recipe.training.seed, texts, labels, job.base
                )
        source = recipe.base.model_copy(update={"model": str(job.base)})
    notes: list[str] = []
    tokenizer = _tokenizer(source, recipe.kind, notes)
    model = _model(job, source, labels)
    check_tokenizer(tokenizer, model.config, f"{_USER}:{source.model}")
    window, said = window_of(model, model.config, tokenizer, None, recipe.kind)
    if window is not None and recipe.data.window > window:
        raise HarnessError(
            f"data.window: found {recipe.data.window}, but {source.model} takes {window} tokens ({said}); "
            f"write --set data.window={window}"
        )
    if model.config.get_text_config().pad_token_id is None:
        model.config.get_text_config().pad_token_id = tokenizer.pad_token_id
    if getattr(model, "generation_config", None) is not None:
        model.generation_config.pad_token_id = tokenizer.pad_token_id
        if model.generation_config.eos_token_id is None:
            model.generation_config.eos_token_id = tokenizer.eos_token_id
    return Start(model, tokenizer, notes)


def _tokenizer(base: Base, kind: Kind, notes: list[str]) -> Any:
    transformers = require_package("transformers", f"{_USER}:{base.model}")
    where = find_checkpoint(str(base.model), base.revision, user=_USER)
    with quiet(), explained(str(base.model), "tokenizer", _USER, _OPTION):
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            where.location, revision=where.commit, trust_remote_code=base.trust_remote_code
        )
    if kind != "classifier" and tokenizer.eos_token is None:
        raise HarnessError(
            f"{_USER}:{base.model}: its tokenizer has no end token (eos_token), so that an answer could "
            "never end; expected one: add it to tokenizer_config.json"
        )
    if tokenizer.pad_token is None:
        stand_in = tokenizer.unk_token or tokenizer.eos_token
        if stand_in is None:
            raise HarnessError(
                f"{_USER}:{base.model}: its tokenizer has no token to pad with, expected pad_token, "
                "unk_token or eos_token in tokenizer_config.json"
            )
        tokenizer.pad_token = stand_in
        notes.append(
            f"{base.model}: its tokenizer has no pad token, so {stand_in} fills up short rows; filling "
            "has no attention and no loss"
        )
    tokenizer.padding_side = "right"
    return tokenizer


def _model(job: Job, base: Base, labels: tuple[str, ...]) -> Any:
    import torch
    import transformers

    recipe = job.recipe
    where = find_checkpoint(str(base.model), base.revision, user=_USER)
    if base.safetensors:
        require_safetensors(where, "model", _OPTION)
    full = recipe.method.name == "full"
    gpu = torch.cuda.is_available()
    options: dict[str, Any] = {
        "revision": where.commit,
        "trust_remote_code": base.trust_remote_code,
        # All weights are trained: float32, so that small steps are not lost (bfloat16 has 8 bits);
        # computing happens in training.precision. A frozen base may be smaller.
        "dtype": torch.float32 if full or not gpu else torch.bfloat16,
        "output_loading_info": True,
        # None prefers safetensors and takes pickles where there is nothing else.
        "use_safetensors": True if base.safetensors else None,
    }
    if recipe.training.attention != "auto":
        options["attn_implementation"] = recipe.training.attention
    if recipe.method.name == "qlora":
        options["quantization_config"] = _four_bit(gpu)
    if labels:
        options |= {
            "num_labels": len(labels),
            "id2label": dict(enumerate(labels)),
            "label2id": {label: number for number, label in enumerate(labels)},
            "ignore_mismatched_sizes": True,
        }
    loader = getattr(transformers, _CLASSES[recipe.kind])
    torch.manual_seed(recipe.training.seed)
    with quiet(), explained(str(base.model), "model", _USER, _OPTION):
        model, info = loader.from_pretrained(where.location, **options)
    check_complete(info, f"{_USER}:{base.model}", f"{recipe.kind} model", _HEADS if labels else ())
    model.config.architectures = [
        type(model).__name__
    ]  # an encoder's config still names the encoder
    return model


def _four_bit(gpu: bool) -> Any:
    """Return the quantization of QLoRA (arXiv 2305.14314): NormalFloat 4, constants quantized too."""
    import torch
    from transformers import BitsAndBytesConfig

    require_package("bitsandbytes", "method.name qlora")
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if gpu else torch.float32,
    )

"""The model a training starts from: a checkpoint, or one made from nothing."""

from __future__ import annotations

from typing import Any

from imhi import HarnessError
from imhi.checkpoints import (
    Checkpoint,
    Kind,
    check_size,
    find_checkpoint,
    require_package,
    window_of,
)
from imhi.finetune.training.job import TrainingJob
from imhi.finetune.training.precision import precision_of
from imhi.finetune.training.processes import processes
from imhi.finetune.training.scratch import make_from_nothing

_USER = "base.model"
# A new head stands on the encoder: its weights are not in the checkpoint, and are to be learnt.
_HEADS = ("classifier", "score", "classification_head", "pre_classifier", "pooler")


def load_start(job: TrainingJob) -> tuple[Any, Any]:
    """Return model and tokenizer before the first update, as the recipe's ``base`` names them.

    A model made from nothing is saved in ``job.base`` once, so that a resumed training finds the
    same one.

    Raises:
        HarnessError: no such model, not enough memory, no tokenizer ...
    """
    recipe = job.recipe
    base, location = recipe.base, str(recipe.base.model)
    if base.scratch is not None:
        location = str(job.base)
        with processes().main_process_first():
            if not job.base.is_dir():
                make_from_nothing(
                    base.scratch, recipe.training.seed, job.texts(), job.labels, job.base
                )
    transformers = require_package("transformers", f"{_USER}:{location}")
    checkpoint = find_checkpoint(location, base.revision, user=_USER, option="--set base.{}")
    with checkpoint.loading("tokenizer"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            checkpoint.location,
            revision=checkpoint.commit,
            trust_remote_code=base.trust_remote_code,
        )
    _check_special_tokens(job, tokenizer, location)
    model = _model(job, checkpoint)
    checkpoint.check_tokenizer(tokenizer, model.config)
    window, limit = window_of(model, model.config, tokenizer, None, _kind(job))
    if window is not None and recipe.data.window > window:
        raise HarnessError(
            f"data.window: found {recipe.data.window}, but {location} takes {window} tokens ({limit}); "
            f"write --set data.window={window}"
        )
    if model.config.get_text_config().pad_token_id is None:
        model.config.get_text_config().pad_token_id = tokenizer.pad_token_id
    if getattr(model, "generation_config", None) is not None:
        model.generation_config.pad_token_id = tokenizer.pad_token_id
        if model.generation_config.eos_token_id is None:
            model.generation_config.eos_token_id = tokenizer.eos_token_id
    return model, tokenizer


def _kind(job: TrainingJob) -> Kind:
    if job.labels:
        return "classifier"
    return "seq2seq" if job.trainer.model_class == "AutoModelForSeq2SeqLM" else "causal"


def _check_special_tokens(job: TrainingJob, tokenizer: Any, location: str) -> None:
    """Make sure that answers can end and short rows be filled up."""
    if not job.labels and tokenizer.eos_token is None:
        raise HarnessError(
            f"{_USER}:{location}: its tokenizer has no end token (eos_token), so that an answer could "
            "never end; expected one: add it to tokenizer_config.json"
        )
    if tokenizer.pad_token is None:
        stand_in = tokenizer.unk_token or tokenizer.eos_token
        if stand_in is None:
            raise HarnessError(
                f"{_USER}:{location}: its tokenizer has no token to pad with, expected pad_token, "
                "unk_token or eos_token in tokenizer_config.json"
            )
        tokenizer.pad_token = stand_in
        job.context.note(
            f"{location}: its tokenizer has no pad token, so {stand_in} fills up short rows; filling "
            "has no attention and no loss"
        )
    tokenizer.padding_side = "right"


def _model(job: TrainingJob, checkpoint: Checkpoint) -> Any:
    import torch
    import transformers

    recipe, labels = job.recipe, job.labels
    base = recipe.base
    if base.safetensors:
        checkpoint.require_safetensors()
    full = recipe.method.name == "full"
    gpu = torch.cuda.is_available()
    small = gpu or precision_of(recipe) == "bfloat16"
    options: dict[str, object] = {
        "revision": checkpoint.commit,
        "trust_remote_code": base.trust_remote_code,
        # All weights are trained: float32, so that small steps are not lost (bfloat16 has 8 bits);
        # computing happens in training.precision. A frozen base may be smaller.
        "dtype": torch.float32 if full or not small else torch.bfloat16,
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
    with checkpoint.loading():
        config = transformers.AutoConfig.from_pretrained(
            checkpoint.location,
            revision=checkpoint.commit,
            trust_remote_code=base.trust_remote_code,
        )
    check_size(checkpoint, config)
    loader = getattr(transformers, job.trainer.model_class)
    torch.manual_seed(recipe.training.seed)
    with checkpoint.loading():
        model, info = loader.from_pretrained(checkpoint.location, **options)
    checkpoint.check_complete(info, f"{recipe.kind} model", _HEADS if labels else ())
    # An encoder's config still names the encoder.
    model.config.architectures = [type(model).__name__]
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

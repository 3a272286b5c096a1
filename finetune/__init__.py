"""Trained models: ``imhi finetune RECIPE`` trains, ``imhi run --model trained:NAME`` evaluates.

A recipe (``finetune/recipes/*.yaml``) says which base model is trained how on which rows. What a
training leaves is a folder ``trained/NAME``: the model or adapter in safetensors, its tokenizer, a
model card, curves, and what reproduces it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imhi import Argument, Labeler, ModelFamily, Trainer, hookimpl


@hookimpl
def imhi_commands(app: Any) -> None:
    from imhi.finetune.commands import add_commands

    add_commands(app)


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        "trained",
        "Models that imhi finetune made: a name under trained/, or a folder",
        create="imhi.finetune.trained.model:create",
        target="NAME_OR_FOLDER",
        arguments=(
            Argument("device", "as for hf:", "auto"),
            Argument("dtype", "as for hf:", "auto"),
            Argument("batch_size", "as for hf:", None, changes_answers=False),
            Argument("batch_tokens", "as for hf:", None, changes_answers=False),
        ),
        fingerprint="imhi.finetune.trained.model:fingerprint",
        cache_key="imhi.finetune.trained.model:cache_key",
        prompt="imhi.finetune.trained.model:prompt_style",
        datasets="imhi.finetune.trained.model:known_datasets",
        examples=("trained:tiny-causal",),
    )


@hookimpl
def imhi_trainers() -> Iterator[Trainer]:
    for name, summary, model_class in (
        ("causal", "Instruction tuning: the loss is on the answer", "AutoModelForCausalLM"),
        ("seq2seq", "Encoder-decoders: prompt in, answer out", "AutoModelForSeq2SeqLM"),
        ("classifier", "Labels of posts, or of explanations", "AutoModelForSequenceClassification"),
    ):
        module = f"imhi.finetune.training.{name}"
        yield Trainer(
            name,
            summary,
            encoder=f"{module}:encoder",
            trainer=f"{module}:trainer",
            model_class=model_class,
            labels=name == "classifier",
        )


@hookimpl
def imhi_labelers() -> Iterator[Labeler]:
    yield Labeler(
        "classifier",
        "What sequence classifiers make of the answer: classifier:published, a folder, a hub id",
        create="imhi.finetune.trained.labeler:create",
        argument="FOLDER_OR_ID",
        fingerprint="imhi.finetune.trained.labeler:fingerprint",
    )
    yield Labeler(
        "trained",
        "What label classifiers that imhi finetune made read out of the explanation",
        create="imhi.finetune.trained.labeler:create_trained",
        argument="NAME_OR_FOLDER",
        fingerprint="imhi.finetune.trained.labeler:trained_fingerprint",
    )

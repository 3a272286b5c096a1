"""From a recipe to the arguments of a :class:`transformers.Trainer`."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from imhi import HarnessError
from imhi.finetune.training.precision import precision_of
from imhi.finetune.training.processes import processes

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe, Training

A = TypeVar("A")
# accelerate's names.
_MIXED = {"bfloat16": "bf16", "float16": "fp16", "float32": "no"}


def training_arguments(
    recipe: Recipe,
    kind: Callable[..., A],
    rows: int,
    validated: bool,
    more: Mapping[str, object],
) -> A:
    """Return ``kind`` (TrainingArguments or a subclass) filled from the recipe.

    ``rows`` are the training rows (after packing), ``validated`` says whether there are rows to
    validate on, ``more`` are arguments that no recipe knows.

    Raises:
        HarnessError: the batch size cannot be shared evenly among the devices.
    """
    import torch

    training, validation = recipe.training, recipe.validation
    size, accumulated = _batches(training, int(processes().num_processes))
    per_epoch = max(1, math.ceil(rows / training.batch_size))  # updates
    every = max(1, round(validation.every * per_epoch))
    total = training.max_steps or math.ceil(training.epochs * per_epoch)
    choose_best = validated and None not in (validation.metric, validation.patience)
    gpu = torch.cuda.is_available()
    precision = precision_of(recipe)
    # The recipe decides, also where a launch file says otherwise.
    os.environ["ACCELERATE_MIXED_PRECISION"] = _MIXED[precision]
    # Read when MLflow is imported, by the callback of report_to: it tells its makers how it is used.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    return kind(
        num_train_epochs=training.epochs,
        max_steps=training.max_steps or -1,
        per_device_train_batch_size=size,
        per_device_eval_batch_size=size,
        gradient_accumulation_steps=accumulated,
        learning_rate=training.learning_rate,
        lr_scheduler_type=training.schedule,
        # The first update of a warm-up has a rate of 0: one alone would learn nothing.
        warmup_steps=min(math.ceil(training.warmup * total), total - 1),
        weight_decay=training.weight_decay,
        adam_beta2=training.adam_beta2,
        max_grad_norm=training.max_grad_norm,
        optim=training.optimizer,
        gradient_checkpointing=training.gradient_checkpointing,
        bf16=precision == "bfloat16",
        fp16=precision == "float16",
        label_smoothing_factor=training.label_smoothing,
        train_sampling_strategy="group_by_length" if training.length_grouping else "random",
        length_column_name="length",
        seed=training.seed,
        data_seed=training.seed,
        logging_steps=training.log_every,
        logging_nan_inf_filter=False,  # a loss that is no number must be seen
        save_strategy="steps",
        # The best checkpoint can be kept only where measuring and saving fall together.
        save_steps=every if choose_best else max(1, round(training.save_every * per_epoch)),
        save_total_limit=training.keep_checkpoints,
        eval_strategy="steps" if validated else "no",
        eval_steps=every,
        load_best_model_at_end=choose_best,
        metric_for_best_model=f"eval_{validation.metric}" if choose_best else None,
        greater_is_better=True if choose_best else None,
        report_to=list(recipe.report_to) or "none",
        disable_tqdm=True,
        remove_unused_columns=False,
        ddp_find_unused_parameters=False,
        ddp_timeout=6 * 3600,  # seconds: others wait while one process scores a finished model
        dataloader_pin_memory=gpu,
        use_cpu=not gpu and not torch.backends.mps.is_available(),
        **more,
    )


def _batches(training: Training, world: int) -> tuple[int, int]:
    """Return (examples per device, accumulated steps), so that their product over all devices is
    the recipe's batch size.

    Raises:
        HarnessError: the batch size cannot be shared evenly among the devices.
    """
    share, left = divmod(training.batch_size, world)
    if left:
        raise HarnessError(
            f"training.batch_size: found {training.batch_size} for {world} processes, expected a "
            f"multiple of {world}; write --set training.batch_size={world * max(share, 1)}"
        )
    size = max(n for n in range(1, share + 1) if share % n == 0 and n <= training.device_batch_size)
    return size, share // size

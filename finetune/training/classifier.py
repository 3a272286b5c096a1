"""Sequence classifiers: of posts (the discriminative baselines), or of explanations (the label
classifiers)."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imhi import Example
from imhi.finetune.rows.encoding import Counts, Encoder, Row, encode_classes
from imhi.finetune.training.job import TrainingJob

if TYPE_CHECKING:
    import torch


def encoder(job: TrainingJob, tokenizer: Any) -> Encoder:
    """Return the function from examples to rows of :func:`encode_classes`."""
    window, index = job.recipe.data.window, job.labels.index

    def encode(examples: Sequence[Example], counts: Counts) -> Iterator[Row]:
        return encode_classes(job.class_rows(examples), tokenizer, window, index, counts)

    return encode


def trainer(job: TrainingJob, model: Any, tokenizer: Any, train: Any, validation: Any) -> Any:
    """Return a trainer of transformers that weighs classes where the recipe says so."""
    import transformers

    loss = None
    if job.recipe.training.class_weights == "balanced":
        weights = balanced_weights([row.label for row in job.train], job.labels)
        loss = functools.partial(class_loss, weights, job.recipe.training.label_smoothing)
    pad = transformers.DataCollatorWithPadding(tokenizer)

    def collate(rows: Sequence[Row]) -> Any:
        return pad([{n: v for n, v in row.items() if n != "length"} for row in rows])

    return transformers.Trainer(
        model=model,
        args=job.training_arguments(transformers.TrainingArguments, len(train)),
        train_dataset=train,
        eval_dataset=validation,
        processing_class=tokenizer,
        data_collator=collate,
        compute_loss_func=loss,
    )


def balanced_weights(gold: Sequence[str], labels: Sequence[str]) -> list[float]:
    """Return n / (classes x rows of the class), as scikit-learn's ``class_weight="balanced"``; 0 for
    a class without rows."""
    counts = Counter(gold)
    classes = sum(counts[label] > 0 for label in labels)
    return [len(gold) / (classes * counts[label]) if counts[label] else 0.0 for label in labels]


def class_loss(
    weights: Sequence[float],
    smoothing: float,
    outputs: Any,
    labels: torch.Tensor,
    num_items_in_batch: Any = None,
) -> torch.Tensor:
    """Return the cross-entropy of logits of shape (rows, classes), the rows of each class times its
    weight, divided by how many rows there are (in all accumulated batches, where that is given)."""
    import torch

    loss = torch.nn.functional.cross_entropy(
        outputs.logits.float(),
        labels,
        weight=torch.tensor(weights, device=labels.device),
        reduction="sum",
        label_smoothing=smoothing,
    )
    return loss / (len(labels) if num_items_in_batch is None else num_items_in_batch)

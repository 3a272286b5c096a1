"""Sequence classifiers: of posts (the discriminative baselines), or of explanations (the label
classifiers)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from imhi import Example
from imhi.finetune.rows.encoding import Counts, Encoder, encode_classes
from imhi.finetune.rows.texts import class_rows
from imhi.finetune.training.arguments import training_arguments
from imhi.finetune.training.evaluating_trainer import Measured
from imhi.finetune.training.job import Job


def texts(job: Job) -> Iterator[str]:
    for row in class_rows(job.member.train, job.recipe.data, job.context):
        yield row.text
        if row.pair:
            yield row.pair


def encoder(job: Job, tokenizer: Any) -> Encoder:
    data, index = job.recipe.data, job.labels.index

    def encode(examples: Sequence[Example], counts: Counts) -> Iterator[dict[str, Any]]:
        rows = class_rows(examples, data, job.context)
        return encode_classes(rows, tokenizer, data.window, index, counts)

    return encode


def trainer(job: Job, model: Any, tokenizer: Any, train: Any, validation: Any) -> Any:
    import transformers

    weights = None
    if job.recipe.training.class_weights == "balanced":
        weights = balanced_weights([row.label for row in job.member.train], job.labels)
    pad = transformers.DataCollatorWithPadding(tokenizer)

    def collate(rows: list[dict[str, Any]]) -> Any:
        return pad([{n: v for n, v in row.items() if n != "length"} for row in rows])

    return _trainer_class(weights)(
        model=model,
        args=training_arguments(job, transformers.TrainingArguments, len(train)),
        train_dataset=train,
        eval_dataset=validation,
        processing_class=tokenizer,
        data_collator=collate,
    )


def balanced_weights(gold: Sequence[str], labels: Sequence[str]) -> list[float]:
    """Return n / (classes x rows of the class), as scikit-learn's ``class_weight="balanced"``; 0 for
    a class without rows."""
    counts = Counter(gold)
    there = sum(counts[label] > 0 for label in labels)
    return [len(gold) / (there * counts[label]) if counts[label] else 0.0 for label in labels]


def _trainer_class(weights: Sequence[float] | None) -> Any:
    import torch
    import transformers

    class ClassifierTrainer(Measured, transformers.Trainer):  # type: ignore[misc]
        def compute_loss(
            self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **more: Any
        ) -> Any:
            if weights is None:
                return super().compute_loss(model, inputs, return_outputs, **more)
            labels = inputs.pop("labels")
            outputs = model(**inputs)
            loss = torch.nn.functional.cross_entropy(
                outputs.logits.float(),
                labels,
                weight=torch.tensor(weights, device=labels.device),
                reduction="sum",
                label_smoothing=self.args.label_smoothing_factor,
            )
            count = more.get("num_items_in_batch")
            loss = loss / (len(labels) if count is None else count)
            if count is not None and self.args.average_tokens_across_devices:
                loss = loss * self.accelerator.num_processes
            return (loss, outputs) if return_outputs else loss

    return ClassifierTrainer

"""Encoder-decoders (T5, BART): the prompt is read, the answer is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imhi import Example
from imhi.checkpoints import Prompter
from imhi.finetune.rows.encoding import IGNORED, Counts, Encoder, TokenRow, encode_seq2seq
from imhi.finetune.training.job import TrainingJob

if TYPE_CHECKING:
    import torch


def encoder(job: TrainingJob, tokenizer: Any) -> Encoder:
    """Return the function from examples to rows of :func:`encode_seq2seq`."""
    data = job.recipe.data
    prompter = Prompter(tokenizer, "off", job.title)

    def encode(examples: Sequence[Example], counts: Counts) -> Iterator[TokenRow]:
        return encode_seq2seq(
            job.text_rows(examples),
            prompter,
            data.window,
            data.answer_window,
            label_weight=job.recipe.training.label_weight,
            counts=counts,
        )

    return encode


def trainer(job: TrainingJob, model: Any, tokenizer: Any, train: Any, validation: Any) -> Any:
    """Return a trainer of transformers that weighs label tokens where the recipe says so."""
    import torch
    import transformers

    pad = transformers.DataCollatorForSeq2Seq(tokenizer, model=model)

    def collate(rows: Sequence[TokenRow]) -> Any:
        batch = pad([{"input_ids": row["input_ids"], "labels": row["labels"]} for row in rows])
        if "loss_weights" in rows[0]:
            weights = [torch.tensor(row["loss_weights"]) for row in rows]
            batch["loss_weights"] = torch.nn.utils.rnn.pad_sequence(weights, batch_first=True)
        return batch

    return _trainer_class()(
        model=model,
        args=job.training_arguments(transformers.TrainingArguments, len(train)),
        train_dataset=train,
        eval_dataset=validation,
        processing_class=tokenizer,
        data_collator=collate,
    )


def _trainer_class() -> Any:
    import torch
    import transformers

    class Seq2SeqTrainer(transformers.Trainer):  # type: ignore[misc]
        def compute_loss(
            self,
            model: Any,
            inputs: dict[str, torch.Tensor],
            return_outputs: bool = False,
            **more: Any,
        ) -> Any:
            weights = inputs.pop("loss_weights", None)
            if weights is None or not self.model.training:
                return super().compute_loss(model, inputs, return_outputs, **more)
            labels = inputs.pop("labels")  # the collator has made decoder_input_ids of them
            outputs = model(**inputs)
            losses = torch.nn.functional.cross_entropy(
                outputs.logits.float().transpose(1, 2),
                labels,
                ignore_index=IGNORED,
                reduction="none",
            )
            count = more.get("num_items_in_batch")
            loss = (losses * weights).sum() / (
                (labels != IGNORED).sum() if count is None else count
            )
            if count is not None and self.args.average_tokens_across_devices:
                loss = loss * self.accelerator.num_processes
            return (loss, outputs) if return_outputs else loss

    return Seq2SeqTrainer

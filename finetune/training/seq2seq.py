"""Encoder-decoders (T5, BART): the prompt is read, the answer is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from imhi import Example
from imhi.checkpoints import Prompter
from imhi.finetune.rows.encoding import IGNORED, Counts, Encoder, encode_seq2seq
from imhi.finetune.rows.texts import text_rows, texts_of
from imhi.finetune.training.arguments import training_arguments
from imhi.finetune.training.evaluating_trainer import Measured
from imhi.finetune.training.job import Job


def texts(job: Job) -> Iterator[str]:
    return texts_of(text_rows(job.member.train, job.recipe.data, job.context))


def encoder(job: Job, tokenizer: Any) -> Encoder:
    data = job.recipe.data
    prompter = Prompter(tokenizer, "off", job.name)

    def encode(examples: Sequence[Example], counts: Counts) -> Iterator[dict[str, Any]]:
        rows = text_rows(examples, data, job.context)
        return encode_seq2seq(
            rows,
            prompter,
            data.window,
            data.answer_window,
            label_weight=job.recipe.training.label_weight,
            counts=counts,
        )

    return encode


def trainer(job: Job, model: Any, tokenizer: Any, train: Any, validation: Any) -> Any:
    import torch
    import transformers

    pad = transformers.DataCollatorForSeq2Seq(tokenizer, model=model)

    def collate(rows: list[dict[str, Any]]) -> Any:
        batch = pad([{name: row[name] for name in ("input_ids", "labels")} for row in rows])
        if "loss_weights" in rows[0]:
            weights = [torch.tensor(row["loss_weights"]) for row in rows]
            batch["loss_weights"] = torch.nn.utils.rnn.pad_sequence(weights, batch_first=True)
        return batch

    return _trainer_class()(
        model=model,
        args=training_arguments(job, transformers.TrainingArguments, len(train)),
        train_dataset=train,
        eval_dataset=validation,
        processing_class=tokenizer,
        data_collator=collate,
    )


def _trainer_class() -> Any:
    import torch
    import transformers

    class Seq2SeqTrainer(Measured, transformers.Trainer):  # type: ignore[misc]
        def compute_loss(
            self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **more: Any
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

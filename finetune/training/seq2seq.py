"""Encoder-decoders (T5, BART): the prompt is read, the answer is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from finetune.rows.encoding import Counts, Encoder, encode_seq2seq
from finetune.rows.texts import text_rows, texts_of
from finetune.training.arguments import training_arguments
from finetune.training.job import Job
from finetune.training.measured import Measured
from harness.checkpoints import Prompter
from harness.records import Example


def texts(job: Job) -> Iterator[str]:
    return texts_of(text_rows(job.member.train, job.recipe.data, job.context))


def encoder(job: Job, tokenizer: Any) -> Encoder:
    data = job.recipe.data
    prompter = Prompter(tokenizer, "off", job.name)

    def encode(examples: Sequence[Example], counts: Counts) -> Iterator[dict[str, Any]]:
        rows = text_rows(examples, data, job.context)
        return encode_seq2seq(rows, prompter, data.window, data.answer_window, counts)

    return encode


def trainer(job: Job, model: Any, tokenizer: Any, train: Any, validation: Any) -> Any:
    import transformers

    class Seq2SeqTrainer(Measured, transformers.Trainer):  # type: ignore[misc]
        pass

    pad = transformers.DataCollatorForSeq2Seq(tokenizer, model=model)

    def collate(rows: list[dict[str, Any]]) -> Any:
        return pad([{name: row[name] for name in ("input_ids", "labels")} for row in rows])

    return Seq2SeqTrainer(
        model=model,
        args=training_arguments(job, transformers.TrainingArguments, len(train)),
        train_dataset=train,
        eval_dataset=validation,
        processing_class=tokenizer,
        data_collator=collate,
    )

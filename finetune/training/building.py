"""From a job to a trainer that is ready to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imhi import HarnessError, resolve
from imhi.checkpoints import quiet
from imhi.finetune.rows.encoding import Counts, table
from imhi.finetune.trained.manifest import ModelRecord
from imhi.finetune.training.adapters import with_adapter
from imhi.finetune.training.allocator import trim_callback
from imhi.finetune.training.base import load_start
from imhi.finetune.training.job import TrainingJob
from imhi.finetune.training.length_grouping import mix_batches


@dataclass
class Built:
    """``trainer`` is a :class:`transformers.Trainer` with model, rows and collator set; ``record`` is
    what the manifest says of the model before it is trained."""

    trainer: Any
    tokenizer: Any
    record: ModelRecord


def build(job: TrainingJob) -> Built:
    """Return a trainer over the job's rows; notes say which tokens were missing, and which rows were
    too long.

    Raises:
        HarnessError: the base cannot be loaded, a chat template is missing, no row fits the window.
    """
    kind = job.trainer
    base, tokenizer = load_start(job)
    encode = resolve(kind.encoder)(job, tokenizer)
    counts = Counts()
    with quiet():  # rows longer than the model can take are counted, not warned of one by one
        train = table(encode(job.train, counts))
        validation = table(encode(job.validation, Counts())) if job.validation else None
    _note_long_rows(job, counts)
    # Four-bit weights lie packed: transformers knows how many they are.
    parameters = int(base.num_parameters())
    model = with_adapter(base, job.recipe, kind.model_class)
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    with quiet():
        trainer = resolve(kind.trainer)(job, model, tokenizer, train, validation)
    mix_batches(trainer, job.checkpoints)
    trainer.add_callback(trim_callback())
    record = ModelRecord(
        datasets=job.datasets,
        aspect=job.aspect,
        architecture=type(base).__name__,
        parameters=parameters + (0 if model is base else trainable),
        trainable_parameters=trainable,
        labels=job.labels or None,
        rows=counts.rows,
        validation_rows=len(job.validation),
        tokens=counts.tokens,
        answer_tokens=counts.answer_tokens,
        truncated_rows=counts.truncated,
        left_out_rows=counts.left_out,
        longest_row=counts.longest,
        attention=getattr(base.config, "_attn_implementation", None),
    )
    if job.recipe.training.packing:
        record = record.model_copy(update={"packed_rows": len(trainer.train_dataset)})
    return Built(trainer, tokenizer, record)


def _note_long_rows(job: TrainingJob, counts: Counts) -> None:
    """Say what became of rows that were too long.

    Raises:
        HarnessError: not one row fits the window.
    """
    window = job.recipe.data.window
    if not counts.rows:
        raise HarnessError(
            f"{job.title}: none of its {counts.left_out} training rows fits data.window ({window} "
            "tokens), expected a window that holds the answers at least: write --set data.window=N"
        )
    what = "their posts lost their end, their answers nothing"
    if job.labels:
        what = f"their {job.recipe.data.reads}s lost their end"
    if counts.truncated:
        job.context.note(
            f"{job.title}: {counts.truncated} of {counts.rows} training rows were longer than "
            f"data.window ({window} tokens): " + what
        )
    if counts.left_out:
        job.context.note(
            f"{job.title}: {counts.left_out} training rows were left out: their answers alone are longer "
            "than the window"
        )

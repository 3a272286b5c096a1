"""From a job to a trainer that is ready to run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from imhi import HarnessError
from imhi.checkpoints import quiet
from imhi.finetune.rows.encoding import Counts, table
from imhi.finetune.training import causal, classifier, seq2seq
from imhi.finetune.training.adapters import with_adapter
from imhi.finetune.training.base import load_start
from imhi.finetune.training.job import Job

# Each has texts(job), encoder(job, tokenizer) and trainer(job, start, model, train, validation).
KINDS = {"causal": causal, "seq2seq": seq2seq, "classifier": classifier}


@dataclass
class Built:
    """``trainer`` is a :class:`transformers.Trainer` with model, rows and collator set. ``notes`` are
    sentences a user must know; ``description`` is JSON for the manifest."""

    trainer: Any
    tokenizer: Any
    notes: list[str] = field(default_factory=list)
    description: dict[str, Any] = field(default_factory=dict)


def build(job: Job) -> Built:
    """Return a trainer over the job's rows.

    Raises:
        HarnessError: the base cannot be loaded, a chat template is missing, no row fits the window.
    """
    kind: Any = KINDS[job.recipe.kind]
    member = job.member
    start = load_start(job, kind.texts(job), job.labels)
    encode = kind.encoder(job, start.tokenizer)
    counts = Counts()
    with quiet():  # rows longer than the model can take are counted, not warned of one by one
        train = table(encode(member.train, counts))
        validation = table(encode(member.validation, Counts())) if member.validation else None
    notes = [*start.notes, *_notes(job, counts)]
    # Four-bit weights lie packed: transformers knows how many they are.
    parameters = int(start.model.num_parameters())
    model = with_adapter(start.model, job.recipe)
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    description = {
        "datasets": list(member.datasets),
        "aspect": member.aspect,
        "architecture": type(start.model).__name__,
        "parameters": parameters + (0 if model is start.model else trainable),
        "trainable_parameters": trainable,
        "labels": list(job.labels) or None,
        "rows": counts.rows,
        "validation_rows": len(member.validation),
        "tokens": counts.tokens,
        "answer_tokens": counts.answer_tokens,
        "truncated_rows": counts.truncated,
        "left_out_rows": counts.left_out,
        "longest_row": counts.longest,
        "attention": getattr(start.model.config, "_attn_implementation", None),
    }
    with quiet():
        trainer = kind.trainer(job, model, start.tokenizer, train, validation)
    if job.recipe.training.packing:
        description["packed_rows"] = len(trainer.train_dataset)
    return Built(trainer, start.tokenizer, notes, description)


def _notes(job: Job, counts: Counts) -> list[str]:
    """Say what became of rows that were too long.

    Raises:
        HarnessError: not one row fits the window.
    """
    window = job.recipe.data.window
    if not counts.rows:
        raise HarnessError(
            f"{job.name}: none of its {counts.left_out} training rows fits data.window ({window} "
            "tokens), expected a window that holds the answers at least: write --set data.window=N"
        )
    notes = []
    what = "their posts lost their end, their answers nothing"
    if job.recipe.kind == "classifier":
        what = f"their {job.recipe.data.reads}s lost their end"
    if counts.truncated:
        notes.append(
            f"{job.name}: {counts.truncated} of {counts.rows} training rows were longer than "
            f"data.window ({window} tokens): " + what
        )
    if counts.left_out:
        notes.append(
            f"{job.name}: {counts.left_out} training rows were left out: their answers alone are longer "
            "than the window"
        )
    return notes

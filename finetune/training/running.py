"""Trains one model: from where it was, to a finished model in its folder."""

from __future__ import annotations

import errno
import math
import shutil
import time
from pathlib import Path
from typing import Any

from imhi import HarnessError, TrainingFinished
from imhi.checkpoints import choose_device, free_memory, is_out_of_memory, quiet
from imhi.finetune.training.answer_evaluation import measure
from imhi.finetune.training.building import Built, build
from imhi.finetune.training.callbacks import last_checkpoint, watcher
from imhi.finetune.training.job import Job
from imhi.io import disk_error

# safetensors, then torch.save, which says at which position of the file it could not go on.
_SIGNS_OF_A_FULL_DISK = ("No space left", "os error 28", "inline_container", "PytorchStreamWriter")


def train_member(job: Job) -> dict[str, Any]:
    """Train a job to its end and save the model; go on from the newest checkpoint if there is one.

    Returns what the manifest says of it: rows, parameters, updates, history, seconds of this
    process.

    Raises:
        HarnessError: what :func:`imhi.finetune.training.building.build` raises; the loss is lost, memory
            or disk is full. Checkpoints stay.
    """
    started = time.perf_counter()
    try:
        built = build(job)
        for note in built.notes:
            job.context.note(note)
        found = _trained(job, built)
    except OSError as error:
        raise _full_disk(error, job) from error
    except Exception as error:
        # safetensors and torch have exceptions of their own for a full disk and full memory.
        if any(sign in str(error) for sign in _SIGNS_OF_A_FULL_DISK):
            raise _full_disk(OSError(errno.ENOSPC, str(error)), job) from error
        if is_out_of_memory(error):
            raise HarnessError(
                f"{job.name}: memory ran out; expected room for the recipe: write --set "
                f"training.device_batch_size={max(1, job.recipe.training.device_batch_size // 2)}, --set "
                "training.gradient_checkpointing=true, a smaller data.window, or method.name lora (see: "
                f"imhi finetune {job.recipe.name} --dry-run)"
            ) from None
        raise
    description = built.description
    del built
    free_memory(choose_device("auto"))
    seconds = time.perf_counter() - started
    job.notify(TrainingFinished(job.name, found["updates"], seconds, str(job.output)))
    return {**description, **found, "seconds": seconds}


def _trained(job: Job, built: Built) -> dict[str, Any]:
    from transformers import EarlyStoppingCallback, PrinterCallback

    trainer, validation = built.trainer, job.recipe.validation
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(watcher(job))
    if validation.metric is not None and job.member.validation:
        trainer.measure = measure(job, built.tokenizer)
        if validation.patience is not None:
            trainer.add_callback(EarlyStoppingCallback(validation.patience))
    begin = last_checkpoint(job.checkpoints)
    with quiet():
        trainer.train(resume_from_checkpoint=str(begin) if begin else None)
        _save(trainer, built.tokenizer, job.output)
    state = trainer.state
    losses = [row["loss"] for row in state.log_history if "loss" in row]
    found = {
        "updates": state.global_step,
        "epochs": state.epoch,
        "resumed_from": begin.name if begin else None,
        "final_loss": losses[-1] if losses else None,
        "best": _best(state),
        "history": [_numbers(row) for row in state.log_history],
    }
    return found


def _best(state: Any) -> dict[str, Any] | None:
    if state.best_metric is None:
        return None
    return {"update": state.best_global_step, "value": state.best_metric}


def _numbers(row: dict[str, Any]) -> dict[str, float]:
    return {k: v for k, v in row.items() if isinstance(v, (int, float)) and math.isfinite(v)}


def _save(trainer: Any, tokenizer: Any, output: Path) -> None:
    """Save model and tokenizer: the folder appears complete or not at all."""
    staging = output.with_name(f".{output.name}.saving")
    main = trainer.args.should_save
    if main:
        shutil.rmtree(staging, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    trainer.save_model(str(staging))
    if main:
        tokenizer.save_pretrained(staging)
        for leftover in ("training_args.bin", "README.md"):
            (staging / leftover).unlink(missing_ok=True)
        shutil.rmtree(output, ignore_errors=True)  # of a training that ended before it could say so
        staging.replace(output)
    trainer.accelerator.wait_for_everyone()


def _full_disk(error: OSError, job: Job) -> HarnessError:
    kept = last_checkpoint(job.checkpoints)
    safe = f"; the last complete checkpoint is {kept}" if kept else ""
    return HarnessError(f"{disk_error(error, job.checkpoints.parent)}{safe}")

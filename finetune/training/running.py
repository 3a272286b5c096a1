"""Trains one model: from where it was, to a finished model in its folder."""

from __future__ import annotations

import errno
import math
import shutil
import time
from collections.abc import Mapping
from typing import Any

from imhi import HarnessError, TrainingFinished, TrainingLogged
from imhi.checkpoints import (
    choose_device,
    find_checkpoint,
    free_memory,
    memory_as_memory_error,
    quiet,
    write_trained_on,
)
from imhi.finetune.trained.folder import make_private
from imhi.finetune.trained.manifest import Best, ModelRecord
from imhi.finetune.training.answer_evaluation import answer_scorer, evaluate_answers
from imhi.finetune.training.building import Built, build
from imhi.finetune.training.callbacks import job_callback, last_checkpoint
from imhi.finetune.training.job import TrainingJob
from imhi.finetune.training.processes import processes
from imhi.io import disk_error
from imhi.runs import Metering, MeterSpec, energy_of

# safetensors, then torch.save, which says at which position of the file it could not go on.
_SIGNS_OF_A_FULL_DISK = ("No space left", "os error 28", "inline_container", "PytorchStreamWriter")


def run_job(job: TrainingJob) -> ModelRecord:
    """Train a job to its end and save the model; go on from the newest checkpoint if there is one.

    Returns what the manifest says of it.

    Raises:
        HarnessError: what :func:`imhi.finetune.training.building.build` raises; the loss is lost, memory
            or disk is full. Checkpoints stay.
    """
    started = time.perf_counter()
    metering = _metering(job)
    try:
        with memory_as_memory_error():
            built = build(job)
            record = _trained(job, built, metering)
    except MemoryError:
        raise HarnessError(
            f"{job.title}: memory ran out; expected room for the recipe: write --set "
            f"training.device_batch_size={max(1, job.recipe.training.device_batch_size // 2)}, --set "
            "training.gradient_checkpointing=true, a smaller data.window, or method.name lora (see: "
            f"imhi finetune {job.recipe.name} --dry-run)"
        ) from None
    except OSError as error:
        raise _full_disk(error, job) from error
    except Exception as error:
        # safetensors and torch have exceptions of their own for a full disk.
        if any(sign in str(error) for sign in _SIGNS_OF_A_FULL_DISK):
            raise _full_disk(OSError(errno.ENOSPC, str(error)), job) from error
        raise
    finally:
        if metering is not None:
            metering.stop()
    del built
    free_memory(choose_device("auto"))
    seconds = time.perf_counter() - started
    updates = record.updates or 0
    measured: dict[str, Any] = {"seconds": seconds}
    if metering is not None and (energy := energy_of(job.checkpoints)) is not None:
        measured["energy"] = energy
        values = {"kwh": energy.kwh, "grams_co2eq": energy.grams_co2eq}
        job.context.notify(TrainingLogged(job.title, updates + 1, values))
    job.context.notify(TrainingFinished(job.title, updates, seconds, str(job.output)))
    return record.model_copy(update=measured)


def _metering(job: TrainingJob) -> Metering | None:
    """Begin to measure energy, if the recipe says how; one process does it for the machine.

    What is measured lies beside the checkpoints: what goes on from them goes on with it.
    """
    spec = MeterSpec.parse(job.recipe.energy, job.context.registry)
    helpers = processes()
    if spec is None or not helpers.is_main_process:
        return None
    if helpers.num_processes > 1:
        job.context.note(
            "energy was measured on the machine of the first process: what processes on other machines took "
            "is not in it"
        )
    return spec.start(job.checkpoints, job.context.note)


def _trained(job: TrainingJob, built: Built, metering: Metering | None) -> ModelRecord:
    from transformers import EarlyStoppingCallback, PrinterCallback

    trainer, validation = built.trainer, job.recipe.validation
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(job_callback(job, metering))
    # Some trainers write one into each checkpoint: the finished model has one of its own.
    trainer.create_model_card = lambda *arguments, **more: None
    if validation.metric is not None and job.validation:
        evaluate_answers(trainer, answer_scorer(job, built.tokenizer))
        if validation.patience is not None:
            trainer.add_callback(EarlyStoppingCallback(validation.patience))
    begin = last_checkpoint(job.checkpoints)
    with quiet():
        trainer.train(resume_from_checkpoint=str(begin) if begin else None)
        _save(trainer, built.tokenizer, job)
    state = trainer.state
    losses = [row["loss"] for row in state.log_history if "loss" in row]
    best = None
    if state.best_metric is not None:
        best = Best(update=state.best_global_step, value=state.best_metric)
    return built.record.model_copy(
        update={
            "updates": state.global_step,
            "epochs": state.epoch,
            "resumed_from": begin.name if begin else None,
            "final_loss": losses[-1] if losses else None,
            "best": best,
            "history": tuple(_numbers(row) for row in state.log_history),
        }
    )


def _numbers(row: Mapping[str, object]) -> dict[str, float]:
    return {k: v for k, v in row.items() if isinstance(v, (int, float)) and math.isfinite(v)}


def _save(trainer: Any, tokenizer: Any, job: TrainingJob) -> None:
    """Save model and tokenizer: the folder appears complete or not at all. An adapter says which base
    it belongs to."""
    output, recipe = job.output, job.recipe
    staging = output.with_name(f".{output.name}.saving")
    main = trainer.args.should_save
    if main:
        shutil.rmtree(staging, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    trainer.save_model(str(staging))
    if main:
        tokenizer.save_pretrained(staging)
        if recipe.method.name != "full":
            base = find_checkpoint(str(recipe.base.model), recipe.base.revision, user="base.model")
            write_trained_on(staging, base)
        for leftover in ("training_args.bin", "README.md"):
            (staging / leftover).unlink(missing_ok=True)
        make_private(staging)
        shutil.rmtree(output, ignore_errors=True)  # of a training that ended before it could say so
        staging.replace(output)
    trainer.accelerator.wait_for_everyone()


def _full_disk(error: OSError, job: TrainingJob) -> HarnessError:
    kept = last_checkpoint(job.checkpoints)
    safe = f"; the last complete checkpoint is {kept}" if kept else ""
    return HarnessError(f"{disk_error(error, job.checkpoints.parent)}{safe}")

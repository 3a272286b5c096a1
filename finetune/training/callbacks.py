"""Watches a training: tells observers, and ends it when the loss is no number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imhi import HarnessError, TrainingLogged, TrainingSaved, TrainingStarted
from imhi.finetune.training.job import TrainingJob
from imhi.runs import Metering


class LossLost(HarnessError):
    """The loss is no number any more: nothing can be learnt from here on."""


def job_callback(job: TrainingJob, metering: Metering | None = None) -> Any:
    """Return a :class:`transformers.TrainerCallback` that watches over the job, and has what was measured
    of its energy written down now and then."""
    from transformers import TrainerCallback

    notify = job.context.notify

    class JobCallback(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            config = job.recipe.model_dump(mode="json")
            notify(
                TrainingStarted(
                    job.title, state.global_step, state.max_steps, config, str(job.output)
                )
            )

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            # What is saved was looked at first, so that no lost weights take a good checkpoint's place.
            control.should_log = control.should_log or control.should_save
            if metering is not None:
                metering.tick()

        def on_log(
            self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any
        ) -> None:
            values = {
                name: float(value) for name, value in (logs or {}).items() if _is_number(value)
            }
            check_finite(job, state.global_step, values)
            notify(TrainingLogged(job.title, state.global_step, values))

        def on_save(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            notify(TrainingSaved(job.title, state.global_step, str(folder)))

    return JobCallback()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def check_finite(job: TrainingJob, step: int, values: Mapping[str, float]) -> None:
    """Raise LossLost where a loss or the gradient is not finite."""
    looked_at = ("loss", "grad_norm", "eval_loss")
    lost = next((name for name in looked_at if not math.isfinite(values.get(name, 0.0))), None)
    if lost is None:
        return
    training = job.recipe.training
    kept = last_checkpoint(job.checkpoints)
    safe = f"the last good checkpoint is {kept}" if kept else "no checkpoint had been saved"
    raise LossLost(
        f"{job.title}: {lost} became {values[lost]} by update {step}, expected a number; {safe}; lower "
        f"training.learning_rate (now {training.learning_rate:g}) or training.max_grad_norm (now "
        f"{training.max_grad_norm:g}), or train in float32 (--set training.precision=float32), under "
        "another --name"
    )


def last_checkpoint(folder: Path) -> Path | None:
    """Return the newest complete checkpoint: ``trainer_state.json`` is written last."""
    complete = [
        path
        for path in folder.glob("checkpoint-*")
        if path.name.rpartition("-")[2].isdigit() and (path / "trainer_state.json").is_file()
    ]
    return max(complete, key=lambda path: int(path.name.rpartition("-")[2]), default=None)
